/** Ties the choice of a server for each request's statements (`database/reads.ts`) to requests and to commits. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { ChangeFeed } from "../changes/feed.ts";
import { errorMessage } from "../database/errors.ts";
import { openReads, type Reads, type ReadsOptions } from "../database/reads.ts";

const RETRY_MS = 1000;

/** To be called before anybody else listens for changes, so that they find what they are told of. */
export async function readsOf(
  app: FastifyInstance,
  options: ReadsOptions,
  changes: ChangeFeed,
): Promise<Reads> {
  const reads = await openReads(options);
  app.addHook("onClose", () => reads.close());
  if (options.settings.reads.replicas.length === 0) return reads;
  // After the body was read, whose events belong to the connection and not to the request.
  app.addHook("preHandler", (_request, _reply, done) => {
    reads.together(done);
  });
  const closing = new AbortController();
  app.addHook("preClose", (done) => {
    closing.abort();
    done();
  });
  void demandWhatIsAnnounced(reads, options, changes, closing.signal);
  return reads;
}

/** Every announced commit is in all answers from then on. */
async function demandWhatIsAnnounced(
  { demandNewest, useReplicas }: Reads,
  { log }: ReadsOptions,
  changes: ChangeFeed,
  signal: AbortSignal,
): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      await changes.subscribe(demandNewest);
      useReplicas();
      return;
    } catch (error) {
      if (isOver()) return;
      log.warn({ error: errorMessage(error) }, "commits are not announced to the replicas' readers yet");
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
