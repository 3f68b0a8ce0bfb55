import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";
import { verifyWebhook, WebhookError } from "submerchant-registry";

// The example of the Standard Webhooks.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const timestamp = "1614265330";
const body = '{"test": 2432232314}';
const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const now = new Date(Number(timestamp) * 1_000);

const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const sign = (secret, text = body) => {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${text}`).digest("base64")}`;
};
const message = (changes = {}) => ({
  secret,
  headers: { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature, ...changes.headers },
  body: changes.body ?? body,
  now,
});
const reason = (expected) => (error) => error instanceof WebhookError && error.reason === expected;

test("a message of ours is read, however its headers and its body are given", () => {
  const given = message();
  assert.deepEqual(verifyWebhook(given), { test: 2432232314 });
  assert.deepEqual(verifyWebhook({ ...given, body: Buffer.from(body) }), { test: 2432232314 });
  assert.deepEqual(verifyWebhook({ ...given, headers: new Headers(given.headers) }), { test: 2432232314 });
  const shouted = Object.fromEntries(Object.entries(given.headers).map(([name, value]) => [name.toUpperCase(), value]));
  assert.deepEqual(verifyWebhook({ ...given, headers: shouted }), { test: 2432232314 });
});

test("text that is not ASCII is signed as it is sent", () => {
  const text = '{"text":"알림 수신 시험"}';
  const given = message({ body: text, headers: { "webhook-signature": sign(secret, text) } });
  assert.equal(verifyWebhook(given).text, "알림 수신 시험");
});

test("while a secret takes the place of another, each of them will do", () => {
  const given = message({ headers: { "webhook-signature": `${sign(other)} v1a,AAAA ${signature}` } });
  verifyWebhook(given);
  verifyWebhook({ ...given, secret: other });
  verifyWebhook({ ...message(), secret: undefined, secrets: [other, secret] });
});

test("what was changed, or signed with something else, is refused", () => {
  const wrong = [
    { body: '{"test": 2432232315}' },
    { headers: { "webhook-id": "msg_other" } },
    { headers: { "webhook-timestamp": String(Number(timestamp) + 1) } },
    { headers: { "webhook-signature": sign(other) } },
    { headers: { "webhook-signature": signature.replace("v1,", "v2,") } },
    { headers: { "webhook-signature": signature.slice(0, -8) } },
    { headers: { "webhook-signature": "v1," } },
  ];
  for (const changes of wrong) {
    assert.throws(() => verifyWebhook(message(changes)), reason("signature_wrong"));
  }
  assert.throws(() => verifyWebhook({ ...message(), secret: other }), reason("signature_wrong"));
});

test("what is old, or not yet, is refused", () => {
  const at = (seconds) => ({ ...message(), now: new Date(now.getTime() + seconds * 1_000) });
  verifyWebhook(at(300));
  verifyWebhook(at(-300));
  assert.throws(() => verifyWebhook(at(301)), reason("too_old"));
  assert.throws(() => verifyWebhook(at(-301)), reason("too_new"));
  assert.throws(() => verifyWebhook({ ...at(31), toleranceSeconds: 30 }), reason("too_old"));
  assert.throws(() => verifyWebhook({ ...message(), now: undefined }), reason("too_old"));
  assert.throws(() => verifyWebhook({ ...message(), toleranceSeconds: NaN }), WebhookError);
});

test("what is missing or no number is refused", () => {
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    assert.throws(() => verifyWebhook(message({ headers: { [name]: undefined } })), reason("header_missing"));
    assert.throws(() => verifyWebhook(message({ headers: { [name]: ["a", "b"] } })), reason("header_missing"));
  }
  for (const time of ["soon", "1e9", "-1", " 1614265330"]) {
    assert.throws(() => verifyWebhook(message({ headers: { "webhook-timestamp": time } })), reason("timestamp_invalid"));
  }
  const text = "no json";
  const signed = message({ body: text, headers: { "webhook-signature": sign(secret, text) } });
  assert.throws(() => verifyWebhook(signed), reason("not_json"));
});

test("a mistake of the caller's is not taken for one of the sender's, and shows no secret", () => {
  for (const changes of [{ body: { test: 1 } }, { secret: undefined }, { secrets: [], secret: undefined }]) {
    assert.throws(() => verifyWebhook({ ...message(), ...changes }), TypeError);
  }
  for (const wrong of ["", "whsec_", "whsec_no base64", secret.slice("whsec_".length)]) {
    const isSilent = (error) => error instanceof TypeError && (wrong.length < 8 || !error.message.includes(wrong));
    assert.throws(() => verifyWebhook({ ...message(), secret: wrong }), isSilent);
  }
});
