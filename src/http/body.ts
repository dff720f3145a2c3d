/** Request bodies: JSON whatever the content type says (chapter 03, section 3.3). */
import type { FastifyInstance } from "fastify";
import { ApiError } from "./errors.ts";

const INVALID_BODY = "Invalid body, request body must be a valid json string";

/** Makes `request.body` the bytes that were sent, for every content type. */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
}

/**
 * The object that a body holds.
 *
 * @throws ApiError 400 when the body is empty, no UTF-8, no JSON, or JSON of something else
 */
export function parseObjectBody(body: unknown): Record<string, unknown> {
  const value = Buffer.isBuffer(body) ? parseJson(body) : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ApiError(400, INVALID_BODY);
  return value as Record<string, unknown>;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
