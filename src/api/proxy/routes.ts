/** `/api/proxy/`: log files of other hosts, for pages that browsers would not let read them (chapter 06, section 6.2). */
import { STATUS_CODES } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import type { FetchedFile } from "../../fetch/fetch.ts";
import { ApiError } from "../../http/errors.ts";
import type { RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { fetchForClient } from "../remote.ts";
import { ERROR_ANSWERS, errorAnswer } from "../shapes.ts";

const DEADLINE_MS = 45_000;

const Query = Type.Object({
  url: Type.String({
    description:
      "http or https address of a file on a host of the allowed ones (KernelCI, Linaro and other CI systems' storage)",
    examples: ["https://files.kernelci.org/mainline/log.txt.gz"],
  }),
});

export function proxyRoutes(app: FastifyInstance, { settings, fetchPolicy }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/proxy/",
    {
      // The bytes go out as they came. Compressing would label an archive as an encoding of its content.
      compress: false,
      schema: {
        operationId: "proxy_retrieve",
        tags: ["proxy"],
        summary: "A file of another host",
        description:
          "The bytes are those of the file; only an encoding of the transfer is undone, so a .gz file stays one. Redirects are followed where they stay on allowed hosts.",
        querystring: Query,
        response: {
          200: {
            description: "The file, with the content type that its host gives it",
            content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
          },
          ...ERROR_ANSWERS,
          403: errorAnswer(
            "The host is none of the allowed ones, or leads into a network that is not public",
          ),
          502: errorAnswer("The other host answered neither with the file nor with an error"),
          default: errorAnswer("The error that the other host answered with"),
        },
      },
    },
    async (request, reply) => {
      const url = request.query.url?.at(-1) ?? "";
      const limits = { deadlineMs: DEADLINE_MS, maxBytes: settings.proxyMaxBytes };
      const outcome = await fetchForClient(request, reply, url, limits, fetchPolicy);
      if (outcome === undefined) throw new ApiError(500, "Error fetching the resource");
      if (outcome.kind === "refused")
        throw outcome.why === "invalid"
          ? new ApiError(400, "Invalid URL")
          : new ApiError(403, "Domain not allowed");
      if (outcome.kind === "unsuccessful") throw unsuccessful(outcome.status, outcome.reason);
      return sendFile(reply, outcome, request.method === "HEAD");
    },
  );
}

function unsuccessful(status: number, reason: string): ApiError {
  const standard = STATUS_CODES[status];
  return new ApiError(
    status >= 400 && standard !== undefined ? status : 502,
    `Failed to fetch resource: ${reason === "" ? (standard ?? status) : reason}`,
  );
}

function sendFile(reply: FastifyReply, file: FetchedFile, onlyHeaders: boolean): FastifyReply {
  reply
    // Whatever it is, a browser that opens it must not run it as a page of this origin.
    .header("content-security-policy", "sandbox")
    .header("content-type", file.contentType ?? "application/octet-stream");
  if (file.contentDisposition !== undefined) reply.header("content-disposition", file.contentDisposition);
  if (file.contentLength !== undefined) reply.header("content-length", file.contentLength);
  if (!onlyHeaders) return reply.send(file.body);
  file.body.destroy();
  return reply.send(Readable.from([]));
}
