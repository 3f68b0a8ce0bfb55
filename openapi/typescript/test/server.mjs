// A service that answers what a test says, and keeps what it was asked.
import { createServer } from "node:http";
import { once } from "node:events";
import { RegistryClient } from "submerchant-registry";

export const KEY = "rk_test_of-nobody";

/** Answers, in order: `{ status, headers, body }`, a function of the request, or `null` to hang up. The last one stays. */
export async function serve(context, ...answers) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { method, url, headers } = request;
    requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    const answer = typeof next === "function" ? await next(requests.at(-1)) : next;
    if (answer === null) {
      request.socket.destroy();
      return;
    }
    const type = answer.status >= 400 ? "application/problem+json" : "application/json";
    response.writeHead(answer.status, { "content-type": type, ...answer.headers });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const client = (options) => new RegistryClient({ baseUrl, key: KEY, firstWaitMs: 1, ...options });
  return { requests, client, baseUrl };
}

export function problem(status, code, more = {}, headers = {}) {
  const body = { type: `/docs/problems/${code}`, title: code, status, detail: "", code, request_id: "req_1", ...more };
  return { status, headers, body };
}

export const ok = { status: 200, body: { data: [] } };
export const made = { status: 201, body: { id: "mer_1" } };
export const never = () => new Promise(() => {});
