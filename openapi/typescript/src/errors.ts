import type { components } from "./schema.js";

export type Problem = components["schemas"]["Problem"];

interface Refusal {
  operation: string;
  status: number;
  problem?: Problem | undefined;
  code?: string;
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  idempotencyKey?: string | undefined;
}

/** The service answered, and not with success. Decide by `code`; the rest is for people. */
export class RegistryError extends Error {
  readonly status: number;
  /** The problem's stable word; `http_<status>` if something on the way answered, and not the service. */
  readonly code: string;
  readonly problem: Problem | undefined;
  readonly requestId: string | undefined;
  /** Seconds to wait before the next try, if the answer said so. */
  readonly retryAfter: number | undefined;
  /** With which key the request was made: whoever asks for the same thing again does so with the same one. */
  readonly idempotencyKey: string | undefined;

  constructor(refusal: Refusal) {
    const code = refusal.problem?.code ?? refusal.code ?? `http_${refusal.status}`;
    const detail = refusal.problem ? `: ${refusal.problem.title}` : "";
    super(`${refusal.operation}: ${refusal.status} ${code}${detail}`);
    this.name = "RegistryError";
    this.status = refusal.status;
    this.code = code;
    this.problem = refusal.problem;
    this.requestId = refusal.problem?.request_id ?? refusal.requestId;
    this.retryAfter = refusal.retryAfter;
    this.idempotencyKey = refusal.idempotencyKey;
  }
}

/** No whole answer came, in time or at all. What was asked for may have been done nevertheless; `cause` says what went wrong. */
export class NoAnswerError extends Error {
  /** With which key the request was made: asked again with the same one, it is done once. */
  readonly idempotencyKey: string | undefined;

  constructor(operation: string, cause: unknown, idempotencyKey: string | undefined) {
    super(`${operation}: no answer`, { cause });
    this.name = "NoAnswerError";
    this.idempotencyKey = idempotencyKey;
  }
}
