// Reads a tenant's events and documents with the official client for Node.js, as a consumer would, and tries what it must not do.
//
// The task is a JSON object on standard input. Each line of the output is {"step": ..., "value": ...} or, for what failed,
// {"step": ..., "error": ...}. After the line of the step "watching" the watcher waits for one more document.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.TEST_NODE_MODULES);
const { connect, credsAuthenticator } = require("@nats-io/transport-node");
const { AckPolicy, jetstream, jetstreamManager } = require("@nats-io/jetstream");
const { Kvm } = require("@nats-io/kv");

const PATIENCE = 20_000;
// For what is to be refused, where the client does not hear of the refusal by itself.
const REFUSAL = 2_000;

const task = JSON.parse(readFileSync(0, "utf8"));
const names = (slug) => [`SMR_${slug.toUpperCase()}`, `smr_${slug}_merchants`, `smr.v1.${slug}.>`];
const [stream, bucket, subjects] = names(task.tenant);
const say = (step, what) => console.log(JSON.stringify({ step, ...what }));

async function attempt(step, operation) {
  if (task.only && task.only !== step) return;
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`not within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    say(step, { value: await Promise.race([operation(), late]) });
  } catch (error) {
    say(step, { error: `${error.name}: ${error.message}` });
  } finally {
    clearTimeout(timer);
  }
}

const client = await connect({
  servers: task.url,
  authenticator: credsAuthenticator(readFileSync(task.credentials)),
  inboxPrefix: task.inbox,
  reconnect: false,
});

async function take(consumer, count) {
  const seqs = [];
  const messages = await consumer.consume();
  for await (const message of messages) {
    seqs.push(message.headers.get("Registry-Seq"));
    message.ack();
    if (seqs.length === count) break;
  }
  return seqs;
}

const version = (entry) => entry.json().version;

await attempt("manager", async () => {
  const manager = await jetstreamManager(client);
  await manager.getAccountInfo();
  return (await manager.streams.info(stream)).config.name;
});
await attempt("ordered", async () => take(await jetstream(client).consumers.get(stream), task.messages));
await attempt("durable", async () => {
  const manager = await jetstreamManager(client);
  await manager.consumers.add(stream, { durable_name: "node-durable", ack_policy: AckPolicy.Explicit });
  const consumer = await jetstream(client).consumers.get(stream, "node-durable");
  const seqs = await take(consumer, task.messages);
  await client.flush();
  const pending = (await consumer.info()).num_pending;
  await consumer.delete();
  return [seqs.length, pending];
});
await attempt("stored", async () => {
  const manager = await jetstreamManager(client);
  return (await manager.streams.getMessage(stream, { seq: 1 })).header.get("Registry-Seq");
});
const store = async () => new Kvm(client).open(bucket);
await attempt("get", async () => version(await (await store()).get(task.merchant)));
await attempt("keys", async () => {
  const keys = [];
  for await (const key of await (await store()).keys()) keys.push(key);
  return keys.sort();
});
await attempt("status", async () => (await (await store()).status()).values > 0);
await attempt("watch", async () => {
  const found = {};
  const documents = await store();
  const expected = (await documents.status()).values;
  const watcher = await documents.watch();
  for await (const entry of watcher) {
    if (Object.keys(found).length === expected) return [entry.key, version(entry)];
    found[entry.key] = version(entry);
    if (Object.keys(found).length === expected) say("watching", { value: found });
  }
});
if (task.foreign) await refused();
await client.close();

async function refused() {
  const [theirStream, theirBucket] = names(task.foreign);
  const manager = await jetstreamManager(client, { timeout: REFUSAL });
  const request = (subject) => client.request(subject, "{}", { timeout: REFUSAL });
  const subscribe = async (subject) => {
    const subscription = client.subscribe(subject);
    // A refused subscription ends with an error; one that is allowed stays open.
    const open = new Promise((resolve) => setTimeout(resolve, REFUSAL, "subscribed"));
    const ended = (async () => {
      for await (const message of subscription) return message.subject;
      return "ended";
    })();
    return Promise.race([ended, open]);
  };
  const steps = {
    "foreign stream": () => manager.streams.info(theirStream),
    "foreign messages": () => manager.streams.getMessage(theirStream, { seq: 1 }),
    "foreign consumer": () => manager.consumers.add(theirStream, { name: "node-foreign", ack_policy: AckPolicy.None }),
    "foreign bucket": () => new Kvm(client).open(theirBucket).then((store) => store.status()),
    "foreign document": () => request(`$JS.API.DIRECT.GET.KV_${theirBucket}.$KV.${theirBucket}.x`),
    "names of streams": () => manager.streams.names().next(),
    "list of streams": () => manager.streams.list().next(),
    "delete message": () => manager.streams.deleteMessage(stream, 1),
    "delete document": () => manager.streams.deleteMessage(`KV_${bucket}`, 1),
    "purge stream": () => manager.streams.purge(stream),
    "purge bucket": () => manager.streams.purge(`KV_${bucket}`),
    "delete stream": () => manager.streams.delete(stream),
    "delete bucket": () => manager.streams.delete(`KV_${bucket}`),
    "change stream": () => manager.streams.update(stream, { description: "mine" }),
    "publish": () => request(`smr.v1.${task.tenant}.merchant.review.opened.${task.merchant}`),
    "publish document": () => request(`$KV.${bucket}.${task.merchant}`),
    "subscribe": () => subscribe(subjects),
    "subscribe to documents": () => subscribe(`$KV.${bucket}.>`),
    "subscribe to all": () => subscribe(">"),
    "subscribe to inboxes": () => subscribe("_INBOX.>"),
  };
  for (const [step, operation] of Object.entries(steps)) await attempt(`refused: ${step}`, operation);
}
