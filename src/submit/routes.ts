/**
 * `POST /submit`, `GET /status` and `GET /authtest`, as the KCIDB REST service has them (chapter 02, section 14), each
 * with and without a slash at the end. Every answer has the service's form `{"id", "status", "message"}`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Pool } from "../database/pool.ts";
import { sendJson } from "../http/answers.ts";
import type { RawQuery } from "../http/parameters.ts";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";
import { ClientGone, notNow, SubmitError } from "./errors.ts";
import { Receiver, type ReceiveLimits } from "./receiver.ts";
import { isSubmissionId, submissionStatus } from "./status.ts";
import { authenticate } from "./tokens.ts";

/** Where submissions go that are received over HTTP. */
export interface SubmissionOptions {
  spoolDir: string;
  /** Called with the name of each file that is new in the spool, so that it need not wait for the next scan. */
  onAccepted?: (name: string) => void;
  /** For tests: limits that are not the operator's. */
  limits?: Partial<ReceiveLimits>;
}

export interface SubmitContext {
  pool: Pool;
  settings: Settings;
  log: Log;
  /** Without it nothing is received, and only what the database knows has a status. */
  submissions?: SubmissionOptions;
}

/** How long the rest of a body is read and thrown away after it was refused, so that its client sees the answer. */
const DISCARD_MS = 30_000;
const RETRY_NO_SPOOL_SECONDS = 300;

/** Registers the routes. @throws SpoolError when the spool cannot be used */
export async function submitRoutes(app: FastifyInstance, context: SubmitContext): Promise<void> {
  const { submissions, pool, settings, log } = context;
  const receiver =
    submissions === undefined
      ? undefined
      : await Receiver.open({ ...submissions, pool, log, settings: settings.submissions });
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // The body stays a stream, which the receiver reads.
    scope.addContentTypeParser("*", (_request, _payload, parsed) => {
      parsed(null);
    });
    scope.setErrorHandler(answerError);
    scope.addHook("onRequest", (_request, reply, next) => {
      reply.header("cache-control", "no-store");
      next();
    });
    scope.addHook("preClose", (next) => {
      receiver?.stop();
      next();
    });
    scope.addHook("onClose", () => receiver?.close());
    for (const slash of ["", "/"]) addRoutes(scope, slash, context, receiver);
    done();
  });
}

function addRoutes(
  app: FastifyInstance,
  slash: string,
  { pool, settings, log }: SubmitContext,
  receiver: Receiver | undefined,
): void {
  const { secret } = settings.submissions;
  // Not of the dashboard's API, and so not in its description. The body's encoding is the receiver's matter.
  const options = { schema: { hide: true }, decompress: false } as const;

  app.post(`/submit${slash}`, options, async (request, reply) => {
    const started = performance.now();
    const submitter = await authenticate(secret, request.headers.authorization);
    if (receiver === undefined)
      throw notNow(
        "this server has no spool directory to put submissions into, see --spool-dir",
        RETRY_NO_SPOOL_SECONDS,
      );
    const key = idempotencyKey(request);
    const { id, bytes, objects, known } = await receiver.receive(request.raw, submitter, key, log);
    const ms = Math.round(performance.now() - started);
    request.log.info(
      { submission: id, bytes, objects, known, origins: submitter.description, ms },
      "submission accepted",
    );
    return sendJson(reply, {
      id,
      status: "ok",
      message: `Received submission ${id} with size ${bytes} bytes`,
    });
  });
  app.route({
    ...options,
    method: ["GET", "PUT", "PATCH", "DELETE"],
    url: `/submit${slash}`,
    handler: (request) => {
      throw new SubmitError(405, `The method ${request.method} is not taken here: POST is`, {
        allow: "POST",
      });
    },
  });

  app.get(`/authtest${slash}`, options, async (request, reply) => {
    const submitter = await authenticate(secret, request.headers.authorization);
    return sendJson(reply, {
      id: "0",
      status: "ok",
      message: `The token is good for ${submitter.description}`,
    });
  });

  app.get<{ Querystring: RawQuery }>(`/status${slash}`, options, async (request, reply) => {
    const id = request.query.id?.at(-1) ?? "";
    if (!isSubmissionId(id))
      throw new SubmitError(
        400,
        "Invalid parameter 'id': must be 1 to 200 characters, letters, digits, '.', '_' or '-'",
      );
    const findFile = receiver === undefined ? undefined : (name: string) => receiver.find(name);
    return sendJson(reply, await submissionStatus({ pool, findFile, log }, id));
  });
}

/** @throws SubmitError 400 */
function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key === "string" && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new SubmitError(400, "Invalid header 'Idempotency-Key': must be 1 to 255 printable ASCII characters");
}

/** Every error in the service's form. Internals only go to the log. */
function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ClientGone) {
    request.log.info({ reason: error.message }, "submission not received");
    return reply.hijack();
  }
  discardBody(request);
  if (error instanceof SubmitError) {
    const { statusCode, message, headers } = error;
    if (request.method === "POST")
      request.log.warn({ status: statusCode, reason: message }, "submission refused");
    return sendJson(reply.code(statusCode).headers(headers), errorBody(message));
  }
  request.log.error({ method: request.method, url: request.originalUrl, err: error }, "request failed");
  return sendJson(
    reply.code(500),
    errorBody(`Internal error; the server's log has it under request id ${request.id}`),
  );
}

function errorBody(message: string): object {
  return { id: "0", status: "error", message };
}

/** Many clients look for an answer only when they have sent everything, and a closed connection would lose it. */
function discardBody({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), DISCARD_MS);
  timer.unref();
  raw.once("close", () => {
    clearTimeout(timer);
  });
  raw.resume();
}
