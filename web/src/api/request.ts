/** Requests to the API. What its errors look like is known here only. */
import { DecodeError, isObject, type Decode } from "./decoder.ts";

/** What the API has: a value, or nothing and why. */
export type Answer<T> = { found: true; value: T } | { found: false; reason: string };

/** A request that failed, with a message for the reader. */
export class ApiError extends Error {
  override name = "ApiError";
  /** HTTP status, undefined when no answer came. */
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined) {
    super(message);
    this.status = status;
  }

  /** The same request may succeed a moment later. */
  get isTransient(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

const TIMEOUT_MS = 60_000;

/** An API path; each segment may contain any characters. */
export function apiPath(segments: readonly string[], query: Record<string, string> = {}): string {
  const path = ["/api", ...segments.map((segment) => encodeURIComponent(segment))].join("/");
  const search = new URLSearchParams(query).toString();
  return search === "" ? path : `${path}?${search}`;
}

/**
 * Asks for a path of the API.
 *
 * @param signal ends the request; the promise is then rejected with the signal's reason
 * @throws ApiError
 */
export async function request<T>(path: string, decode: Decode<T>, signal: AbortSignal): Promise<Answer<T>> {
  const { status, ok, body } = await load(path, signal);
  // "Nothing" is a success with an error text; every failure has one, too.
  const reason = isObject(body) && typeof body.error === "string" ? body.error : undefined;
  if (!ok) throw new ApiError(reason ?? `The server answered with status ${status}.`, status);
  if (reason !== undefined) return { found: false, reason };
  try {
    return { found: true, value: decode(body, "") };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ApiError(`The server's answer is not understood: ${error.message}.`, status);
  }
}

interface Loaded {
  status: number;
  ok: boolean;
  body: unknown;
}

async function load(path: string, signal: AbortSignal): Promise<Loaded> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let status: number | undefined;
  try {
    const response = await fetch(path, {
      // What was committed before the page began to listen for events would never be told: no answer may lack it.
      cache: "no-cache",
      headers: { accept: "application/json" },
      signal: AbortSignal.any([signal, timeout]),
    });
    status = response.status;
    const body: unknown = await response.json();
    return { status, ok: response.ok, body };
  } catch (error) {
    if (signal.aborted) throw error;
    if (timeout.aborted)
      throw new ApiError(`The server did not answer within ${TIMEOUT_MS / 1000} seconds.`, undefined);
    if (status === undefined) throw new ApiError("The server cannot be reached.", undefined);
    throw new ApiError(`The server's answer (status ${status}) is no JSON.`, status);
  }
}
