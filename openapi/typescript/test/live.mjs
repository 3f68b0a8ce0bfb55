// Calls a running service. Reads {base, key} from standard input; prints what it saw.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { follow, RegistryClient, RegistryError } from "submerchant-registry";

const { base, key } = JSON.parse(readFileSync(0, "utf8"));
const client = new RegistryClient({ baseUrl: base, key });
const { body: before } = await client.request("GET", "/v1/events", { query: { after: "latest" } });

const registration = {
  headers: { "Idempotency-Key": `live-${Date.now()}` },
  body: { member_code: "acad-ts", merchant_code: `store-${Date.now()}`, tags: ["vip"] },
};
const first = await client.request("POST", "/v1/merchants", registration);
const again = await client.request("POST", "/v1/merchants", registration);
assert.equal(again.body.id, first.body.id);
assert.equal(again.headers.get("idempotency-replayed"), "true");

const seen = [];
const signal = AbortSignal.timeout(60_000);
for await (const { event, position } of follow(client, { after: before.page.next_after, signal })) {
  assert.equal(position, event.seq);
  seen.push(event);
  if (event.type === "merchant.registered") {
    break;
  }
}
assert.equal(seen.at(-1)?.merchant_id, first.body.id);

// Both values are of one filter: a shop has either status, and this one has the first.
const query = { status: ["none", "opened"], member_code: ["acad-ts"], tag: ["vip"] };
const list = await client.request("GET", "/v1/merchants", { query });
assert.ok(list.body.data.some((merchant) => merchant.id === first.body.id));
const others = await client.request("GET", "/v1/merchants", { query: { ...query, status: ["rejected", "opened"] } });
assert.ok(others.body.data.every((merchant) => merchant.id !== first.body.id));

// What the service answers is what the client makes errors of.
const taken = await client.request("POST", "/v1/merchants", { body: registration.body }).catch((error) => error);
assert.ok(taken instanceof RegistryError && taken.code === "reference_taken", taken);
assert.equal(taken.problem?.existing_id, first.body.id);
const beyond = follow(client, { after: first.body.seq + 1_000_000 }).next();
await assert.rejects(beyond, (error) => error.name === "PositionBeyondLogError" && error.head >= first.body.seq);

console.log(JSON.stringify({ id: first.body.id, seen: seen.at(-1)?.seq, listed: list.body.data.length }));
