import type { RegistryClient } from "./client.js";
import { NoAnswerError, RegistryError } from "./errors.js";
import type { components, operations } from "./schema.js";
import { pause, wait as sleep } from "./wait.js";

export type Event = components["schemas"]["Event"];
export type EventType = NonNullable<NonNullable<operations["read_events"]["parameters"]["query"]>["types"]>[number];

export interface FollowOptions {
  /** The position that you stored; 0 is the beginning, `latest` the end as it is now. */
  after: number | "latest";
  /** Only events of these types; all if left out. */
  types?: readonly EventType[];
  /** Ends the loop at once, without an error. */
  signal?: AbortSignal;
  /** For how many seconds one request waits for events, 1 to 30; 30 if left out. */
  wait?: number;
  /** Hears of a position that was reached without an event, where `types` left out all there was: worth storing too. */
  onPosition?: (position: number) => void;
  /** Hears why the service could not be read, each time before it is tried again. */
  onTrouble?: (error: RegistryError | NoAnswerError) => void;
}

export interface Followed {
  event: Event;
  /** Where to go on, once you have made of the event what you make of it: store both together. */
  position: number;
}

/** The feed has no gaps, and yet one was seen: do not go on before you know why. */
export class GapError extends Error {
  readonly expected: number;
  readonly found: number;

  constructor(expected: number, found: number) {
    super(`the feed goes on with ${found}, and not with ${expected}`);
    this.name = "GapError";
    this.expected = expected;
    this.found = found;
  }
}

/** The log ends before your position: the service was restored from a backup, or is another one. Read anew. */
export class PositionBeyondLogError extends Error {
  readonly position: number;
  /** Where the log ends. */
  readonly head: number | undefined;

  constructor(position: number, head: number | undefined, cause: unknown) {
    super(`the log ends at ${head}, before ${position}`, { cause });
    this.name = "PositionBeyondLogError";
    this.position = position;
    this.head = head;
  }
}

const LIMIT = 200;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

type Page = components["schemas"]["EventPage"];

/**
 * Follows the feed, event by event and in order, for as long as you read. While the service is away it is tried again. The
 * types of events grow: pass over those that you do not know.
 */
export async function* follow(client: RegistryClient, options: FollowOptions): AsyncGenerator<Followed, void, void> {
  const { types, signal, wait = 30 } = options;
  if (!Number.isInteger(wait) || wait < 1 || wait > 30) {
    throw new RangeError("wait is a whole number of seconds from 1 to 30");
  }
  if (options.after !== "latest" && !(Number.isSafeInteger(options.after) && options.after >= 0)) {
    throw new RangeError("after is a position in the log, or latest");
  }
  let position = options.after;
  for (let failures = 0; !signal?.aborted; ) {
    let page: Page;
    try {
      page = await read(client, position, wait, options);
      failures = 0;
    } catch (error) {
      if (signal?.aborted) {
        return;
      }
      await recover(error, position, failures, options);
      failures += 1;
      continue;
    }
    const before = position;
    for (const followed of inOrder(page, before, types !== undefined)) {
      if (signal?.aborted) {
        return;
      }
      position = followed.position;
      yield followed;
    }
    position = page.page.next_after;
    if (page.data.length === 0 && position !== before) {
      options.onPosition?.(position);
    }
  }
}

async function read(
  client: RegistryClient,
  position: number | "latest",
  wait: number,
  options: FollowOptions,
): Promise<Page> {
  const began = Date.now();
  const { types, signal } = options;
  const answer = await client.request("GET", "/v1/events", {
    // `latest` tells at once where the end is, so that what comes next is counted from there.
    query: {
      after: String(position),
      limit: LIMIT,
      ...(position === "latest" ? {} : { wait }),
      ...(types ? { types: [...types] } : {}),
    },
    signal,
    timeoutMs: wait * 1_000 + client.timeoutMs,
  });
  const page = answer.body;
  // A service that is stopping answers before its time, and would be asked again and again until it is gone.
  if (page.data.length === 0 && page.page.next_after === position && Date.now() - began < FIRST_WAIT_MS) {
    await sleep(FIRST_WAIT_MS, signal);
  }
  return page;
}

/** Events with their positions. The last one's is the page's, behind everything that was left out. */
function* inOrder(page: Page, after: number | "latest", isFiltered: boolean): Generator<Followed> {
  const { data } = page;
  const end = page.page.next_after;
  let last = after;
  for (const [index, event] of data.entries()) {
    if (last !== "latest" && (isFiltered ? event.seq <= last : event.seq !== last + 1)) {
      throw new GapError(last + 1, event.seq);
    }
    last = event.seq;
    yield { event, position: index === data.length - 1 && isFiltered ? Math.max(end, last) : last };
  }
  if (last !== "latest" && (isFiltered ? end < last : end !== last)) {
    throw new GapError(last + 1, end + 1);
  }
}

/** Waits before the next try, or throws what no waiting cures. */
async function recover(
  error: unknown,
  position: number | "latest",
  failures: number,
  options: FollowOptions,
): Promise<void> {
  if (error instanceof RegistryError && error.code === "position_beyond_log") {
    throw new PositionBeyondLogError(Number(position), error.problem?.head ?? undefined, error);
  }
  const isPassing =
    error instanceof NoAnswerError || (error instanceof RegistryError && (error.status >= 500 || error.status === 429));
  if (!isPassing) {
    throw error;
  }
  options.onTrouble?.(error);
  const told = error instanceof RegistryError ? (error.retryAfter ?? 0) * 1_000 : 0;
  const own = pause(failures, FIRST_WAIT_MS, LONGEST_WAIT_MS);
  // An abort ends the waiting, and the loop sees it.
  await sleep(told + own, options.signal).catch(() => undefined);
}
