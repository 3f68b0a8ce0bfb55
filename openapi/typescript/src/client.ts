import { randomUUID } from "node:crypto";
import { NoAnswerError, RegistryError, type Problem } from "./errors.js";
import { takesIdempotencyKey, type Answer, type Arguments, type Method, type PathOf } from "./operations.js";
import { pause, wait } from "./wait.js";

export interface ClientOptions {
  /** Where the service is, such as `https://registry.example.com`. */
  baseUrl: string | URL;
  /** `rk_…` */
  key: string;
  /** Instead of the runtime's own, for instance to go through a proxy. */
  fetch?: typeof fetch;
  /** How long one try may take, until its answer is read; 30 seconds if left out. */
  timeoutMs?: number;
  /** How long the first wait before a repeat is, about; the next ones double. 250 if left out. */
  firstWaitMs?: number;
}

const REPEATS_MAX = 4;
const LONGEST_WAIT_MS = 8_000;
/** Whoever is told to wait longer than this hears of it, and decides. */
const LONGEST_RETRY_AFTER_S = 60;

/** A request as the types have let it through. */
interface Given {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  headers?: Record<string, unknown>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

interface Sending {
  operation: string;
  url: string;
  init: { method: string; headers: Headers; body?: string | Uint8Array; redirect: "manual" };
  timeoutMs: number;
  signal: AbortSignal | undefined;
  idempotencyKey: string | undefined;
  /** Whether a repeat does no more than the first one did. */
  isRepeatable: boolean;
}

type Read = { status: number; headers: Headers; body: unknown };

/** Calls the service with one key. */
export class RegistryClient {
  // Private to the language, so that nothing that prints objects finds it.
  readonly #key: string;
  readonly #fetch: typeof fetch;
  readonly #firstWaitMs: number;
  readonly baseUrl: string;
  readonly timeoutMs: number;

  constructor(options: ClientOptions) {
    const url = new URL(options.baseUrl);
    if (url.username || url.password || url.search || url.hash) {
      throw new TypeError("baseUrl holds a host and perhaps a path, and nothing else");
    }
    // What fetch says of a header that it cannot send quotes it.
    if (!/^[\x21-\x7e]+$/.test(options.key)) {
      throw new TypeError("key is not the text of an API key");
    }
    this.baseUrl = url.href.replace(/\/+$/, "");
    this.#key = options.key;
    this.#fetch = options.fetch ?? fetch;
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.#firstWaitMs = options.firstWaitMs ?? 250;
  }

  /**
   * Calls an operation. Repeats what may be repeated, with the same `Idempotency-Key`; throws `RegistryError` for an answer
   * that is no success (304 too), `NoAnswerError` if none came, and the signal's reason once it is aborted.
   */
  async request<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...[options]: Arguments<M, P>
  ): Promise<Answer<M, P>> {
    const sending = this.#sending(method, path as string, (options ?? {}) as Given);
    for (let tries = 0; ; tries += 1) {
      try {
        return (await this.#attempt(sending)) as Answer<M, P>;
      } catch (error) {
        if (tries === REPEATS_MAX || !mayRepeat(error, sending)) {
          throw error;
        }
        await wait(this.#waitBefore(tries, error), sending.signal);
      }
    }
  }

  #sending(method: Method, path: string, given: Given): Sending {
    const headers = new Headers();
    for (const [name, value] of Object.entries(given.headers ?? {})) {
      if (value !== undefined) {
        headers.set(name, String(value));
      }
    }
    if (takesIdempotencyKey(method, path) && !headers.has("idempotency-key")) {
      headers.set("idempotency-key", randomUUID());
    }
    headers.set("authorization", `Bearer ${this.#key}`);
    const idempotencyKey = headers.get("idempotency-key") ?? undefined;
    const init: Sending["init"] = { method, headers, redirect: "manual" };
    if (given.body !== undefined) {
      const contentType = given.contentType ?? "application/json";
      headers.set("content-type", contentType);
      init.body = contentType.endsWith("json") ? JSON.stringify(given.body) : (given.body as string | Uint8Array);
    }
    return {
      operation: `${method} ${path}`,
      url: this.baseUrl + filled(path, given.params ?? {}) + queryOf(given.query ?? {}),
      init,
      timeoutMs: given.timeoutMs ?? this.timeoutMs,
      signal: given.signal,
      idempotencyKey,
      isRepeatable: ["GET", "PUT", "DELETE"].includes(method) || takesIdempotencyKey(method, path),
    };
  }

  async #attempt(sending: Sending): Promise<Read> {
    const { operation, signal, idempotencyKey } = sending;
    signal?.throwIfAborted();
    const { response, bytes } = await this.#exchange(sending);
    const { status, headers } = response;
    const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    const refusal = {
      operation,
      status,
      requestId: headers.get("request-id") ?? undefined,
      retryAfter: secondsOf(headers.get("retry-after")),
      idempotencyKey,
    };
    if (!response.ok) {
      throw new RegistryError({ ...refusal, problem: problemOf(type, bytes) });
    }
    // No operation answers with a page: something in between did.
    if (type === "text/html") {
      throw new RegistryError({ ...refusal, code: "unexpected_page" });
    }
    return { status, headers, body: status === 204 ? undefined : bodyOf(type, bytes, sending) };
  }

  /** One try, with its time limit, up to the last byte of the answer. */
  async #exchange(sending: Sending): Promise<{ response: Response; bytes: Uint8Array }> {
    const { signal } = sending;
    const limit = new AbortController();
    const stop = () => limit.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(
      () => limit.abort(new Error(`no whole answer within ${sending.timeoutMs} ms`)),
      sending.timeoutMs,
    );
    try {
      const call = this.#fetch;
      const response = await call(sending.url, { ...sending.init, signal: limit.signal });
      return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
    } catch (error) {
      signal?.throwIfAborted();
      throw new NoAnswerError(sending.operation, error, sending.idempotencyKey);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  #waitBefore(tries: number, error: unknown): number {
    const own = pause(tries, this.#firstWaitMs, LONGEST_WAIT_MS);
    const told = error instanceof RegistryError ? error.retryAfter : undefined;
    // Never earlier than told, and not all clients at that moment.
    return told === undefined ? own : told * 1_000 + own;
  }

  toJSON(): object {
    return { baseUrl: this.baseUrl };
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `RegistryClient { baseUrl: '${this.baseUrl}' }`;
  }
}

function mayRepeat(error: unknown, sending: Sending): boolean {
  if (error instanceof NoAnswerError) {
    return sending.isRepeatable;
  }
  if (!(error instanceof RegistryError) || (error.retryAfter ?? 0) > LONGEST_RETRY_AFTER_S) {
    return false;
  }
  // It has done nothing.
  if (error.status === 429) {
    return true;
  }
  // The first request with this key, which was given up here, is still under way there.
  if (error.status === 409) {
    return error.code === "request_in_flight";
  }
  const upstream = error.problem?.upstream;
  if (upstream) {
    // Once it was asked under a key, its answer is kept under that key, and a repeat would only hear it again.
    return upstream.retryable && sending.isRepeatable && sending.idempotencyKey === undefined;
  }
  return [500, 502, 503, 504].includes(error.status) && sending.isRepeatable;
}

function filled(path: string, params: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const text = String(params[name] ?? "");
    // Whatever reads the URL would take these away, and the path would be another operation's.
    if (text === "" || text === "." || text === "..") {
      throw new TypeError(`params.${name} cannot stand in a path`);
    }
    return encodeURIComponent(text);
  });
}

function queryOf(query: Record<string, unknown>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) {
      return [];
    }
    const values = (Array.isArray(value) ? value : [value]).map(String);
    // A filter that was left out filters nothing, which is the opposite of one that nothing passes.
    if (values.length === 0) {
      throw new TypeError(`query.${name} is empty: leave it out, or name what you want`);
    }
    // The service splits after it decodes.
    if (values.length > 1 && values.some((text) => text.includes(","))) {
      throw new TypeError(`query.${name} holds a comma, which separates values`);
    }
    return [`${encodeURIComponent(name)}=${values.map(encodeURIComponent).join(",")}`];
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function problemOf(type: string, bytes: Uint8Array): Problem | undefined {
  if (type !== "application/problem+json") {
    return undefined;
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Problem;
  } catch {
    return undefined;
  }
}

function bodyOf(type: string, bytes: Uint8Array, sending: Sending): unknown {
  if (type.endsWith("json")) {
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      throw new NoAnswerError(sending.operation, error, sending.idempotencyKey);
    }
  }
  return type.startsWith("text/") ? new TextDecoder().decode(bytes) : bytes;
}

/** `Retry-After` is a number of seconds, or from some proxies a date. */
function secondsOf(text: string | null): number | undefined {
  if (text === null) {
    return undefined;
  }
  if (/^\d+$/.test(text)) {
    return Number(text);
  }
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1_000));
}
