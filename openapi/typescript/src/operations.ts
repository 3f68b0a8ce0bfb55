// What the contract says about operations, as types: which there are, what each takes, and what each answers.
import type { paths } from "./schema.js";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

type Operation<M extends Method, Item> = Lowercase<M> extends keyof Item ? NonNullable<Item[Lowercase<M>]> : never;

// A stream never ends, and a request here is answered whole. Of the feed there is `follow`.
type IsStream<Given> = Given extends { responses: { 200: { content: { "text/event-stream": unknown } } } } ? true : false;

/** The paths that have an operation of a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: [Operation<M, paths[P]>] extends [never]
    ? never
    : IsStream<Operation<M, paths[P]>> extends true
      ? never
      : P;
}[keyof paths];

type OperationOf<M extends Method, P extends PathOf<M>> = Operation<M, paths[P]>;

/** A field that is there if the contract knows of it, and may be left out if all of it may. */
type Field<Name extends string, Given> = [Given] extends [never]
  ? { [N in Name]?: never }
  : {} extends Given
    ? { [N in Name]?: Given }
    : { [N in Name]: Given };

type Parameters<Given, Place extends string> = Given extends { parameters: { [P in Place]?: infer Found } }
  ? NonNullable<Found>
  : never;

// Where it is wanted one is made, so nobody must give it.
type Headers<Given> = [Given] extends [never]
  ? never
  : "Idempotency-Key" extends keyof Given
    ? Omit<Given, "Idempotency-Key"> & { "Idempotency-Key"?: string }
    : Given;

type Content<Given> = Given extends { requestBody?: infer Found }
  ? NonNullable<Found> extends { content: infer Types }
    ? Types
    : never
  : never;

/** JSON is the rule; a file says what it is. */
type Bodies<Types> = {
  [T in keyof Types]: T extends `${string}json`
    ? { body: Types[T]; contentType?: T }
    : { body: string | Uint8Array; contentType: T };
}[keyof Types];

type NoBody = { body?: never; contentType?: never };

type Body<Given> = [Content<Given>] extends [never]
  ? NoBody
  : Given extends { requestBody: unknown }
    ? Bodies<Content<Given>>
    : Bodies<Content<Given>> | NoBody;

/** What every request may say, whatever the operation. */
export interface Common {
  /** Gives the request up, and the waits between its repeats. */
  signal?: AbortSignal | undefined;
  /** Instead of the client's. */
  timeoutMs?: number | undefined;
}

/** What a request for an operation takes. */
export type Options<M extends Method, P extends PathOf<M>> = Common &
  Field<"params", Parameters<OperationOf<M, P>, "path">> &
  Field<"query", Parameters<OperationOf<M, P>, "query">> &
  Field<"headers", Headers<Parameters<OperationOf<M, P>, "header">>> &
  Body<OperationOf<M, P>>;

/** The last argument, which may be left out if all of it may. */
export type Arguments<M extends Method, P extends PathOf<M>> = {} extends Options<M, P>
  ? [options?: Options<M, P>]
  : [options: Options<M, P>];

type Success = 200 | 201 | 202 | 204 | 206;

type Read<Types> = {
  [T in keyof Types]: T extends `${string}json` ? Types[T] : T extends `text/${string}` ? string : Uint8Array;
}[keyof Types];

type AnswerOf<Responses> = {
  [S in keyof Responses & Success]: {
    readonly status: S;
    readonly headers: globalThis.Headers;
    readonly body: Responses[S] extends { content: infer Types }
      ? [Types] extends [never | undefined]
        ? undefined
        : Read<Types>
      : undefined;
  };
}[keyof Responses & Success];

/** What an operation answers if it succeeds. */
export type Answer<M extends Method, P extends PathOf<M>> =
  OperationOf<M, P> extends { responses: infer Responses } ? AnswerOf<Responses> : never;

type TakesKey<Headers> = [Headers] extends [never] ? false : "Idempotency-Key" extends keyof Headers ? true : false;

type Keyed = {
  [P in PathOf<"POST">]: TakesKey<Parameters<OperationOf<"POST", P>, "header">> extends true ? P : never;
}[PathOf<"POST">];

// Types are gone when the program runs. The compiler holds this list to the contract: nothing is missing, and nothing too many.
const KEYED: Record<Keyed, true> = {
  "/v1/api-keys": true,
  "/v1/api-keys/{id}/rotations": true,
  "/v1/event-destinations": true,
  "/v1/merchants": true,
  "/v1/merchants/{id}/notes": true,
  "/v1/merchants/{id}/registration-links": true,
  "/v1/merchants/{id}/restoration": true,
  "/v1/quarantine/{event_id}/redrives": true,
  "/v1/unclaimed-merchants/{id}/adoption": true,
  "/v1/views": true,
};

/** Whether an operation has its effect once for each `Idempotency-Key`. */
export function takesIdempotencyKey(method: string, path: string): boolean {
  return method === "POST" && Object.hasOwn(KEYED, path);
}
