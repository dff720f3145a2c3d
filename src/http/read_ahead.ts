/**
 * Requests that the server makes to itself, so that an answer is read again before somebody asks (`cache/read_ahead.ts`). They
 * go the way of every request, with its limits, but nobody is told of them as of one.
 */
import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** Says that a request is one of these, and is known to nobody else. */
const HEADER = "x-kernelboard-read-ahead";
const SECRET = randomUUID();
/** Of the first request, what its answer may depend on. */
const REPEATED = ["host", "accept-encoding", "content-type"];

/** Whether the server made a request itself, so that nobody waits for its answer. */
export function isReadAhead({ headers }: FastifyRequest): boolean {
  return headers[HEADER] === SECRET;
}

/** What makes a request once more. Kept when it was answered, whatever the answer. */
export function readAgain(app: FastifyInstance, request: FastifyRequest): () => Promise<unknown> {
  const { method, originalUrl: url, body } = request;
  const headers: Record<string, string> = { [HEADER]: SECRET };
  for (const name of REPEATED) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  return () =>
    app.inject(
      method === "POST" && Buffer.isBuffer(body)
        ? { method: "POST", url, headers, payload: body }
        : { method: "GET", url, headers },
    );
}
