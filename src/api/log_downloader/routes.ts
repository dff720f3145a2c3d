/** `/api/log-downloader/`: the files of a directory of logs (chapter 06, section 6.1). */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { sendJson, sendNothing } from "../../http/answers.ts";
import { ApiError, ParameterError } from "../../http/errors.ts";
import type { RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { fetchForClient } from "../remote.ts";
import { ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { LogFile, listingReader } from "./listing.ts";

const DEADLINE_MS = 30_000;
/** A page of about 100,000 files. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

const Query = Type.Object({
  log_download_url: Type.String({
    description: "address of the directory's page, on a host that `/api/proxy/` allows too",
    examples: ["https://storage.kernelci.org/mainline/logs/"],
  }),
});
export const LogFiles = Type.Object({ log_files: Type.Array(LogFile) });

export function logDownloaderRoutes(app: FastifyInstance, { settings, fetchPolicy }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/log-downloader/",
    {
      schema: {
        operationId: "log_downloader_retrieve",
        tags: ["log-downloader"],
        summary: "The files that the page of a directory of logs lists",
        querystring: Query,
        response: { 200: foundOrNot(LogFiles), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const url = request.query.log_download_url?.at(-1) ?? "";
      const limits = {
        deadlineMs: DEADLINE_MS,
        maxBytes: Math.min(settings.proxyMaxBytes, MAX_PAGE_BYTES),
      };
      const outcome = await fetchForClient(request, reply, url, limits, fetchPolicy);
      if (outcome?.kind !== "file") throw notReadable();
      const files = await readListing(outcome.body);
      return files.length === 0
        ? sendNothing(reply, "No log files found")
        : sendJson(reply, { log_files: files });
    },
  );
}

async function readListing(body: AsyncIterable<Buffer>): Promise<LogFile[]> {
  const reader = listingReader();
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) reader.write(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    throw error instanceof ApiError ? error : notReadable();
  }
  reader.write(decoder.decode());
  return reader.end();
}

/** One sentence for everything that can go wrong on the way: it must not tell what is in which network. */
function notReadable(): ParameterError {
  return new ParameterError(
    "log_download_url",
    "must be the address of a directory of log files that this server can read",
  );
}
