import { createHmac, timingSafeEqual } from "node:crypto";
import type { Event } from "./follow.js";

/** What `POST /v1/event-destinations/{id}/test` sends. */
export interface TestMessage {
  id: string;
  type: "event_destination.test";
  text: string;
}

export type WebhookMessage = Event | TestMessage;

export type WebhookReason = "header_missing" | "timestamp_invalid" | "too_old" | "too_new" | "signature_wrong" | "not_json";

/** The request does not come from the registry, or not just now: answer 400, and do not read the body. */
export class WebhookError extends Error {
  readonly reason: WebhookReason;

  constructor(reason: WebhookReason, message: string) {
    super(message);
    this.name = "WebhookError";
    this.reason = reason;
  }
}

export interface Webhook {
  /** `whsec_…`, as it was shown when the destination was made. */
  secret?: string;
  /** Several, while one takes the place of another. */
  secrets?: readonly string[];
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it came: parsed and written anew it is other bytes. */
  body: string | Uint8Array;
  /** How far the clock of the sender may be from yours. */
  toleranceSeconds?: number;
  now?: Date;
}

/** Verifies a webhook (Standard Webhooks) and reads it. It may come twice, with one `webhook-id`. */
export function verifyWebhook(webhook: Webhook): WebhookMessage {
  const { headers, body, toleranceSeconds = 300, now = new Date() } = webhook;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new TypeError("body is what came, as text or bytes: a parser has already taken it");
  }
  const keys = keysOf(webhook);
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature");
  checkTime(timestamp, now, toleranceSeconds);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), bytes]);
  if (!isSigned(signed, signatures, keys)) {
    throw new WebhookError("signature_wrong", "no signature is of a secret that you gave");
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as WebhookMessage;
  } catch {
    throw new WebhookError("not_json", "the body is signed, and no JSON");
  }
}

const PREFIX = "whsec_";

function keysOf({ secret, secrets }: Webhook): Buffer[] {
  const texts = [...(secret === undefined ? [] : [secret]), ...(secrets ?? [])];
  if (texts.length === 0) {
    throw new TypeError("give a secret");
  }
  return texts.map((text) => {
    const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
    const key = Buffer.from(encoded, "base64");
    // Node.js passes over what is no base64, and an empty key would sign like any other.
    if (key.length === 0 || key.toString("base64") !== encoded) {
      throw new TypeError("a secret is whsec_ and base64");
    }
    return key;
  });
}

function headerOf(headers: Webhook["headers"], name: string): string {
  const found =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([other]) => other.toLowerCase() === name)?.[1];
  if (typeof found !== "string" || found === "") {
    throw new WebhookError("header_missing", `there is no ${name}, or more than one`);
  }
  return found;
}

function checkTime(timestamp: string, now: Date, toleranceSeconds: number): void {
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookError("timestamp_invalid", "webhook-timestamp is no number of seconds");
  }
  const age = now.getTime() / 1_000 - Number(timestamp);
  if (age > toleranceSeconds) {
    throw new WebhookError("too_old", `it was signed ${Math.round(age)} seconds ago`);
  }
  // Written so that a tolerance or a time that is no number lets nothing through.
  if (!(age >= -toleranceSeconds && age <= toleranceSeconds)) {
    throw new WebhookError("too_new", `it was signed ${Math.round(-age)} seconds from now`);
  }
}

function isSigned(signed: Buffer, signatures: string, keys: readonly Buffer[]): boolean {
  const expected = keys.map((key) => createHmac("sha256", key).update(signed).digest());
  const given = signatures.split(" ").filter((word) => word.startsWith("v1,"));
  const decoded = given.map((word) => Buffer.from(word.slice("v1,".length), "base64"));
  return decoded.some((one) => expected.some((other) => one.length === other.length && timingSafeEqual(one, other)));
}
