import assert from "node:assert/strict";
import test from "node:test";
import { follow, GapError, PositionBeyondLogError, RegistryError } from "submerchant-registry";
import { never, problem, serve } from "./server.mjs";

const page = (seqs, next_after, type = "review.changed") => ({
  status: 200,
  body: { data: seqs.map((seq) => ({ object: "event", seq, type })), page: { next_after, has_more: false } },
});
const query = (request) => Object.fromEntries(new URL(request.url, "http://service").searchParams);

/** Follows until so many events came. */
async function take(client, count, options) {
  const seen = [];
  for await (const { event, position } of follow(client, options)) {
    seen.push([event.seq, position]);
    if (seen.length === count) {
      break;
    }
  }
  return seen;
}

test("events come in order, each with its position, and the next page begins there", async (context) => {
  const { requests, client } = await serve(context, page([5, 6], 6), page([], 6), page([7], 7, "weather.changed"), never);
  assert.deepEqual(await take(client(), 3, { after: 4 }), [[5, 5], [6, 6], [7, 7]]);
  assert.deepEqual(requests.map((request) => query(request).after), ["4", "6", "6"]);
  assert.equal(query(requests[0]).wait, "30");
  assert.equal(query(requests[0]).types, undefined);
});

test("the position passes over what was not asked for", async (context) => {
  const { requests, client } = await serve(context, page([3, 5], 9), page([], 40), page([44], 44), never);
  const positions = [];
  const onPosition = (position) => positions.push(position);
  const options = { after: 0, types: ["review.changed", "link.issued"], onPosition };
  assert.deepEqual(await take(client(), 3, options), [[3, 3], [5, 9], [44, 44]]);
  assert.deepEqual(requests.map((request) => query(request).after), ["0", "9", "40"]);
  assert.ok(requests[0].url.includes("types=review.changed,link.issued"));
  assert.deepEqual(positions, [40]);
});

test("from the end of the log as it is now", async (context) => {
  const { requests, client } = await serve(context, page([], 41), page([42], 42), never);
  assert.deepEqual(await take(client(), 1, { after: "latest" }), [[42, 42]]);
  assert.deepEqual(requests.map((request) => query(request).after), ["latest", "41"]);
});

test("a gap is not passed over", async (context) => {
  const gap = (found, expected) => (error) =>
    error instanceof GapError && error.found === found && error.expected === expected;
  for (const [pages, found, expected] of [
    [[page([1, 3], 3)], 3, 2],
    [[page([1], 1), page([3], 3)], 3, 2],
    [[page([1, 1], 1)], 1, 2],
    [[page([1], 5)], 6, 2],
    [[page([], 5)], 6, 1],
  ]) {
    const { client } = await serve(context, ...pages, never);
    await assert.rejects(take(client(), 9, { after: 0 }), gap(found, expected));
  }
  const { client } = await serve(context, page([7, 4], 7), never);
  await assert.rejects(take(client(), 9, { after: 0, types: ["link.issued"] }), gap(4, 8));
});

test("what came before a gap is handed out", async (context) => {
  const { client } = await serve(context, page([1, 3], 3));
  assert.deepEqual(await take(client(), 1, { after: 0 }), [[1, 1]]);
});

test("a log that ends before the position is said to", async (context) => {
  const { client } = await serve(context, problem(409, "position_beyond_log", { head: 12 }));
  const isBeyond = (error) => error instanceof PositionBeyondLogError && error.head === 12 && error.position === 90;
  await assert.rejects(take(client(), 1, { after: 90 }), isBeyond);
});

test("it goes on when the service is back", async (context) => {
  const down = [problem(503, "stopping"), null, null, null, problem(503, "stopping")];
  const { requests, client } = await serve(context, page([1], 1), ...down, page([2], 2), never);
  const troubles = [];
  const seen = await take(client(), 2, { after: 0, onTrouble: (error) => troubles.push(error) });
  assert.deepEqual(seen, [[1, 1], [2, 2]]);
  assert.deepEqual(requests.slice(1).map((request) => query(request).after), Array(6).fill("1"));
  assert.deepEqual(troubles.map((error) => error.code), ["stopping"], "one after all the repeats of a request");
});

test("what no waiting cures ends it", async (context) => {
  const { client } = await serve(context, problem(403, "insufficient_scope"));
  await assert.rejects(take(client(), 1, { after: 0 }), RegistryError);
  await assert.rejects(take(client(), 1, { after: -1 }), RangeError);
  await assert.rejects(take(client(), 1, { after: 0, wait: 0 }), RangeError);
});

test("it stops at once, in a request and in a wait", async (context) => {
  const busy = (seconds) => problem(503, "overloaded", {}, { "retry-after": seconds });
  for (const answer of [never, busy("60"), busy("3600")]) {
    const { client } = await serve(context, answer);
    const began = performance.now();
    assert.deepEqual(await take(client(), 1, { after: 0, signal: AbortSignal.timeout(100) }), []);
    assert.ok(performance.now() - began < 2_000);
  }
});

test("it hands out nothing more once it is stopped", async (context) => {
  const { client } = await serve(context, page([1, 2, 3], 3), never);
  const controller = new AbortController();
  const seen = [];
  for await (const { event } of follow(client(), { after: 0, signal: controller.signal })) {
    seen.push(event.seq);
    controller.abort();
  }
  assert.deepEqual(seen, [1]);
});
