/** The bytes of a request's body, with its content encoding undone and every limit kept. */
import type { IncomingMessage } from "node:http";
import { PassThrough, type Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { ClientGone, notNow, SubmitError } from "./errors.ts";

const CHUNK_BYTES = 64 * 1024;

export interface BodyLimits {
  /** Of the body as it is sent, and after its encoding is undone. */
  maxBytes: number;
  /** How long nothing may arrive. */
  idleMs: number;
  /** How long all of it may take. */
  totalMs: number;
}

/** How a body is encoded. @throws SubmitError 415 for an encoding that is not taken, 413 for an announced size over the limit */
export function bodyEncoding({ headers }: IncomingMessage, maxBytes: number): "gzip" | "identity" {
  const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase();
  if (!["", "identity", "gzip", "x-gzip"].includes(encoding))
    throw new SubmitError(
      415,
      `The Content-Encoding '${encoding.slice(0, 50)}' is not taken: send gzip, or none`,
      { "accept-encoding": "gzip" },
    );
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return encoding === "gzip" || encoding === "x-gzip" ? "gzip" : "identity";
}

function tooLarge(maxBytes: number): SubmitError {
  return new SubmitError(413, `The submission is larger than ${maxBytes} bytes`);
}

/**
 * The body chunk by chunk; the next one is read when the one before was taken. However it ends, the request itself is
 * left alone, so that it can be answered.
 *
 * @param stop ends the reading with its reason
 * @throws SubmitError 413 over the limit, 408 when the client is too slow, 400 when the encoding is broken
 * @throws ClientGone
 */
export async function* readBody(
  request: IncomingMessage,
  encoding: "gzip" | "identity",
  limits: BodyLimits,
  stop: AbortSignal,
): AsyncGenerator<Buffer> {
  const decoder = encoding === "gzip" ? createGunzip({ chunkSize: CHUNK_BYTES }) : new PassThrough();
  const end = (error: Error): void => {
    request.unpipe(decoder);
    decoder.destroy(error);
  };
  const onGone = (): void => {
    if (!request.complete) end(new ClientGone());
  };
  const onStop = (): void => {
    end(notNow("The server is stopping", 5));
  };
  const count = counter(limits.maxBytes);
  const onData = (chunk: Buffer): void => {
    if (count(chunk)) end(tooLarge(limits.maxBytes));
  };
  const slow = (milliseconds: number, what: string): NodeJS.Timeout =>
    setTimeout(() => {
      end(new SubmitError(408, `The submission ${what} for ${milliseconds / 1000} seconds`));
    }, milliseconds);
  const deadline = slow(limits.totalMs, "has been arriving");
  request.on("close", onGone).on("error", onGone).on("data", onData);
  stop.addEventListener("abort", onStop, { once: true });
  try {
    if (stop.aborted) onStop();
    else if (request.destroyed) onGone();
    request.pipe(decoder);
    yield* decoded(decoder, limits, slow);
  } finally {
    clearTimeout(deadline);
    stop.removeEventListener("abort", onStop);
    request.off("close", onGone).off("error", onGone).off("data", onData);
    request.unpipe(decoder);
    // What is left is discarded; an error of a stream that nobody reads any more is none.
    decoder.on("error", () => undefined).destroy();
  }
}

async function* decoded(
  decoder: Transform,
  { maxBytes, idleMs }: BodyLimits,
  slow: (milliseconds: number, what: string) => NodeJS.Timeout,
): AsyncGenerator<Buffer> {
  const count = counter(maxBytes);
  const chunks = decoder[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    // Only while the client is waited for, not while the disk is.
    const idle = slow(idleMs, "has not gone on");
    const next = await chunks
      .next()
      .catch((error: unknown) => {
        throw readable(error);
      })
      .finally(() => {
        clearTimeout(idle);
      });
    if (next.done === true) return;
    if (count(next.value)) throw tooLarge(maxBytes);
    yield next.value;
  }
}

/** Adds chunks up. The function tells whether the sum is above the limit. */
function counter(limit: number): (chunk: Buffer) => boolean {
  let bytes = 0;
  return (chunk) => (bytes += chunk.length) > limit;
}

/** zlib's errors are the client's. */
function readable(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!code.startsWith("Z_")) return error;
  return new SubmitError(400, "The body is not complete, valid gzip, as its Content-Encoding says");
}
