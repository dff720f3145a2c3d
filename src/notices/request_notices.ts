/** Tells of every answer with a status of 500 or more (chapter 08, section 9.3), after it was sent. */
import { STATUS_CODES } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { instanceKind, type InstanceKind } from "../demo/instance_kind.ts";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";
import { createNotices, type NoticePace } from "./notices.ts";

/** Where an instance is known to be; a local one is where the request went. */
const BASES: Partial<Record<InstanceKind, string>> = {
  production: "https://dashboard.kernelci.org",
  staging: "https://staging.dashboard.kernelci.org",
};
const LAST_NOTICES_MS = 2000;
/** Of a body of which only the beginning is sent. */
const LOOKED_AT_BYTES = 64 * 1024;

/** What makes a server tell of its errors; nothing when the settings name nobody to tell. */
export function tellOfErrors(
  app: FastifyInstance,
  { settings, log }: { settings: Settings; log: Log },
  pace?: NoticePace,
): void {
  const { discordUrl, webhookUrl } = settings.notices;
  if (discordUrl === undefined && webhookUrl === undefined) return;
  const notices = createNotices(settings, log, pace);
  const errors = new WeakMap<FastifyRequest, Error>();
  app.addHook("onError", (request, _reply, error, done) => {
    errors.set(request, error);
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { statusCode } = reply;
    if (statusCode >= 500) {
      const error = errors.get(request);
      const body = bodyText(request.body);
      notices.report({
        kind: `request ${statusCode}`,
        title: `Request failed with error ${statusCode}: ${STATUS_CODES[statusCode] ?? "Unknown"}`,
        reason: error === undefined ? "" : JSON.stringify({ error: error.message }),
        ...(body === undefined ? {} : { body }),
        about: [["Endpoint", endpoint(settings, request)]],
        once: [
          ["Request id", request.id],
          ["Method", request.method],
        ],
      });
    }
    done();
  });
  app.addHook("onClose", () => notices.close(LAST_NOTICES_MS));
}

function bodyText(body: unknown): string | undefined {
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  return body.subarray(0, LOOKED_AT_BYTES).toString("utf8");
}

/** Under the address that people know the instance by (chapter 08, section 2.6). */
function endpoint(settings: Settings, { protocol, host, originalUrl }: FastifyRequest): string {
  return (BASES[instanceKind(settings)] ?? `${protocol}://${host}`) + originalUrl;
}
