import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import { NoAnswerError, RegistryClient, RegistryError } from "submerchant-registry";
import { KEY, made, never, ok, problem, serve } from "./server.mjs";

const SHOP = { body: { member_code: "acad-1", merchant_code: "store-1" } };
const keyOf = (request) => request.headers["idempotency-key"];

test("what was lost is repeated with the same key, and the next request has another", async (context) => {
  const failures = [null, problem(503, "stopping"), problem(500, "internal_error")];
  const { requests, client } = await serve(context, ...failures, made);
  const answer = await client().request("POST", "/v1/merchants", SHOP);
  assert.equal(answer.status, 201);
  assert.equal(answer.body.id, "mer_1");
  assert.equal(requests.length, 4);
  assert.equal(new Set(requests.map(keyOf)).size, 1);
  assert.equal(new Set(requests.map((request) => request.body)).size, 1);
  assert.ok(keyOf(requests[0]).length >= 32);
  assert.equal(requests[0].headers.authorization, `Bearer ${KEY}`);
  await client().request("POST", "/v1/merchants", SHOP);
  assert.notEqual(keyOf(requests[4]), keyOf(requests[0]));
});

test("a key that was given is the one that is sent", async (context) => {
  const { requests, client } = await serve(context, null, made);
  await client().request("POST", "/v1/merchants", { ...SHOP, headers: { "Idempotency-Key": "mine" } });
  assert.deepEqual(requests.map(keyOf), ["mine", "mine"]);
});

test("it gives up after four repeats, and says with which key", async (context) => {
  const { requests, client } = await serve(context, problem(503, "storage_unavailable"));
  const refused = await client().request("POST", "/v1/merchants", SHOP).catch((error) => error);
  assert.ok(refused instanceof RegistryError);
  assert.deepEqual([refused.status, refused.code, refused.requestId], [503, "storage_unavailable", "req_1"]);
  assert.equal(refused.problem.title, "storage_unavailable");
  assert.equal(requests.length, 5);
  assert.equal(refused.idempotencyKey, keyOf(requests[0]));
});

test("what might be done twice is not repeated", async (context) => {
  const failures = [null, problem(503, "storage_unavailable"), problem(500, "internal_error")];
  const { requests, client } = await serve(context, ...failures);
  const ask = () => client().request("POST", "/v1/merchants/{id}/reconciliations", { params: { id: "mer_1" } });
  await assert.rejects(ask, NoAnswerError);
  await assert.rejects(ask, { code: "storage_unavailable" });
  const change = { params: { id: "mer_1" }, headers: { "If-Match": '"1"' }, body: {} };
  await assert.rejects(client().request("PATCH", "/v1/merchants/{id}", change), { code: "internal_error" });
  assert.equal(requests.length, 3);
  assert.deepEqual(requests.map(keyOf), [undefined, undefined, undefined]);
});

test("one too many has done nothing, and waits as long as it was told", async (context) => {
  const { requests, client } = await serve(context, problem(429, "rate_limited", {}, { "retry-after": "1" }), ok);
  const began = performance.now();
  await client().request("POST", "/v1/merchants/{id}/reveals", { params: { id: "mer_1" } });
  assert.ok(performance.now() - began >= 990);
  assert.equal(requests.length, 2);
});

test("nobody is kept waiting for an hour", async (context) => {
  const { requests, client } = await serve(context, problem(429, "rate_limited", {}, { "retry-after": "3600" }));
  await assert.rejects(client().request("GET", "/v1/me"), { status: 429, retryAfter: 3600 });
  assert.equal(requests.length, 1);
});

test("of what Paymint said only that is asked again which another answer can come of", async (context) => {
  const upstream = (retryable) => ({ upstream: { code: null, retryable, who_fixes: "paymint" } });
  const answers = [
    problem(504, "upstream_no_answer", upstream(true)),
    problem(502, "upstream_refused", upstream(false)),
    problem(504, "upstream_outcome_unknown", upstream(true)),
  ];
  const { requests, client } = await serve(context, ...answers);
  await assert.rejects(client().request("GET", "/v1/balance"), { code: "upstream_refused" });
  assert.equal(requests.length, 2);
  const link = client().request("POST", "/v1/merchants/{id}/registration-links", { params: { id: "mer_1" } });
  await assert.rejects(link, { code: "upstream_outcome_unknown" });
  assert.equal(requests.length, 3, "its answer is kept under the key");
});

test("a request that is still under way there is waited for", async (context) => {
  const underWay = problem(409, "request_in_flight");
  const { requests, client } = await serve(context, never, underWay, made, problem(409, "reference_taken"));
  const answer = await client({ timeoutMs: 100 }).request("POST", "/v1/merchants", SHOP);
  assert.equal(answer.status, 201);
  assert.equal(new Set(requests.map(keyOf)).size, 1);
  await assert.rejects(client().request("POST", "/v1/merchants", SHOP), { code: "reference_taken" });
  assert.equal(requests.length, 4);
});

test("a request ends at once when it is given up", async (context) => {
  const { requests, client } = await serve(context, never);
  const controller = new AbortController();
  const asked = client().request("GET", "/v1/me", { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assert.rejects(asked, { message: "enough" });
  assert.equal(requests.length, 1);
  await assert.rejects(client().request("GET", "/v1/me", { signal: controller.signal }), { message: "enough" });
  assert.equal(requests.length, 1);
});

test("so does the wait for its repeat", async (context) => {
  const { client } = await serve(context, problem(503, "overloaded", {}, { "retry-after": "30" }));
  const asked = client().request("GET", "/v1/me", { signal: AbortSignal.timeout(100) });
  await assert.rejects(asked, { name: "TimeoutError" });
});

test("lists are separated by commas, and everything else is encoded", async (context) => {
  const { requests, client } = await serve(context, ok);
  const filters = { status: ["in_review", "opened"], tag: ["a&b"], q: "강남 카페", attention: true };
  const query = { ...filters, limit: 5, cursor: undefined };
  await client().request("GET", "/v1/merchants", { query });
  const encoded = encodeURIComponent("강남 카페");
  assert.equal(requests[0].url, `/v1/merchants?status=in_review,opened&tag=a%26b&q=${encoded}&attention=true&limit=5`);
  const params = { member_code: "a/b", merchant_code: "ㄱ?" };
  await client().request("GET", "/v1/merchants/by-reference/{member_code}/{merchant_code}", { params });
  assert.equal(requests[1].url, `/v1/merchants/by-reference/a%2Fb/${encodeURIComponent("ㄱ?")}`);
});

test("what cannot be said in an address is not sent", async (context) => {
  const { requests, client } = await serve(context, ok);
  await assert.rejects(client().request("GET", "/v1/merchants", { query: { status: [] } }), TypeError);
  await assert.rejects(client().request("GET", "/v1/merchants", { query: { tag: ["a,b", "c"] } }), TypeError);
  await assert.rejects(client().request("GET", "/v1/merchants/{id}", { params: { id: ".." } }), TypeError);
  await assert.rejects(client().request("GET", "/v1/merchants/{id}", { params: { id: "" } }), TypeError);
  assert.equal(requests.length, 0);
});

test("files go out and come in as they are", async (context) => {
  const csv = { status: 200, headers: { "content-type": "text/csv; charset=utf-8" }, body: "상호\n가나다\n" };
  const { requests, client } = await serve(context, made, csv, { status: 204 });
  await client().request("POST", "/v1/imports", { query: { name: "shops.csv" }, body: "a,b\n", contentType: "text/csv" });
  assert.deepEqual([requests[0].body, requests[0].headers["content-type"]], ["a,b\n", "text/csv"]);
  const rows = await client().request("GET", "/v1/jobs/{id}/rows.csv", { params: { id: "job_1" } });
  assert.equal(rows.body, "상호\n가나다\n");
  const gone = await client().request("DELETE", "/v1/views/{view_id}", { params: { view_id: "viw_1" } });
  assert.deepEqual([gone.status, gone.body], [204, undefined]);
});

test("a page of something in between is no answer of the service", async (context) => {
  const page = (status) => ({ status, headers: { "content-type": "text/html" }, body: "<h1>Sign in</h1>" });
  const moved = { status: 302, headers: { location: "/elsewhere" } };
  const { requests, client } = await serve(context, page(200), page(403), moved, { status: 200, body: "{" });
  await assert.rejects(client().request("GET", "/v1/me"), { status: 200, code: "unexpected_page" });
  await assert.rejects(client().request("GET", "/v1/me"), { status: 403, code: "http_403", problem: undefined });
  await assert.rejects(client().request("GET", "/v1/me"), { status: 302 });
  assert.equal(requests.length, 3, "and nobody is led elsewhere");
  await assert.rejects(client().request("GET", "/v1/me"), NoAnswerError);
});

test("the key is in nothing that is printed", async (context) => {
  const { client, baseUrl } = await serve(context, null, problem(401, "unauthenticated"));
  const told = [];
  const keep = (error) => told.push(error);
  await client().request("POST", "/v1/merchants/{id}/reveals", { params: { id: "mer_1" } }).catch(keep);
  await client().request("GET", "/v1/me").catch(keep);
  const wrongs = [
    { baseUrl, key: `${KEY}\n` },
    { baseUrl, key: "" },
    { baseUrl: `http://me:${KEY}@127.0.0.1`, key: KEY },
  ];
  for (const wrong of wrongs) {
    const isTypeError = (error) => told.push(error) > 0 && error instanceof TypeError;
    assert.throws(() => new RegistryClient(wrong), isTypeError);
  }
  told.push(client(), { client: client() });
  for (const thing of told) {
    const inspected = inspect(thing, { depth: 9, showHidden: true });
    for (const text of [inspected, JSON.stringify(thing), String(thing), thing.stack ?? ""]) {
      assert.ok(!text.includes("of-nobody"), text);
    }
  }
  assert.equal(told.length, 7);
});
