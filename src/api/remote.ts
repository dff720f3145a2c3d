/** What the routes share that read files of other hosts. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { guardedFetch, type FetchLimits, type Outcome } from "../fetch/fetch.ts";
import type { FetchPolicy } from "../fetch/policy.ts";

/**
 * Fetches a URL for a request, until its client goes away. The log tells why something is not fetched; clients only
 * learn that.
 *
 * @returns undefined when the fetch failed
 */
export async function fetchForClient(
  request: FastifyRequest,
  reply: FastifyReply,
  url: string,
  limits: Omit<FetchLimits, "signal">,
  policy: FetchPolicy | undefined,
): Promise<Outcome | undefined> {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    gone.abort();
  });
  try {
    const outcome = await guardedFetch(url, { ...limits, signal: gone.signal }, policy);
    if (outcome.kind === "refused") request.log.info({ target: url, why: outcome.why }, "not fetched");
    else if (outcome.kind === "unsuccessful")
      request.log.info({ target: url, upstreamStatus: outcome.status }, "not fetched");
    else
      outcome.body.once("error", (error) => {
        request.log.warn({ target: url, err: error }, "fetch broken off");
      });
    return outcome;
  } catch (error) {
    request.log.warn({ target: url, err: error }, "fetch failed");
    return undefined;
  }
}
