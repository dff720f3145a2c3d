/** How routes answer. */
import type { FastifyReply } from "fastify";

/** Sends JSON text as the database built it, unparsed. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  // As bytes: to a string the framework would add a charset, which JSON does not have.
  return reply.header("content-type", "application/json").send(Buffer.from(text));
}

/** Sends a value as JSON. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return sendJsonText(reply, JSON.stringify(value));
}

/** "Nothing found", which is a 200 with an error text that clients match on (chapter 03, section 2.10). */
export function sendNothing(
  reply: FastifyReply,
  text: string,
  more: Record<string, unknown> = {},
): FastifyReply {
  return sendJson(reply, { error: text, ...more });
}
