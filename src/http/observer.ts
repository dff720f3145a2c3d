/** Who is told of each request: metrics and traces. The server knows neither. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isReadAhead } from "./read_ahead.ts";
import { UNNAMED_VIEW, viewName, viewNameOfPath } from "./view_names.ts";

/** A request whose answer was sent, or whose client is gone. */
export interface FinishedRequest {
  request: FastifyRequest;
  reply: FastifyReply;
  /** The name of its route, one of few. */
  view: string;
  /** From the first byte of the request to the last of the answer. */
  seconds: number;
  /** Of a body that was sent as it came into being, or of head and body together where its length was not known. */
  answerBytes: number;
  /** The answer goes on as long as its client listens. */
  isStream: boolean;
}

/** A request that was answered before the framework saw it, from the cache of answers. */
export interface CachedAnswer {
  request: IncomingMessage;
  requestId: string;
  /** It came over HTTPS to a proxy that is trusted. */
  isSecure: boolean;
  /** Pattern of the route, and its name. */
  route: string;
  view: string;
  status: number;
  bytes: number;
  seconds: number;
}

export interface RequestObserver {
  onCachedAnswer: (answer: CachedAnswer) => void;
  onRequest: (request: FastifyRequest) => void;
  onResponse: (finished: FinishedRequest) => void;
  /** Runs what belongs to a request; called when it begins, and again when its body was read. */
  within?: (request: FastifyRequest, next: () => void) => void;
}

const METHOD_NOT_ALLOWED = 405;

/** To be called before any other hook is added, so that all that happens to a client's request is observed. */
export function addObservers(app: FastifyInstance, observers: readonly RequestObserver[]): void {
  if (observers.length === 0) return;
  app.addHook("onRequest", (request, reply, done) => {
    if (isReadAhead(request)) {
      done();
      return;
    }
    // What the socket had sent before, so that answers of unknown length are measured.
    const { socket } = request.raw;
    const sentBefore = socket.bytesWritten;
    for (const observer of observers) observer.onRequest(request);
    // Not `onResponse`, which leaves out answers whose client went away.
    reply.raw.once("close", () => {
      const finished = finishedRequest(request, reply, socket.bytesWritten - sentBefore);
      for (const observer of observers) observer.onResponse(finished);
    });
    done();
  });
  for (const { within } of observers) {
    if (within === undefined) continue;
    app.addHook("onRequest", (request, _reply, done) => {
      within(request, done);
    });
    app.addHook("preHandler", (request, _reply, done) => {
      within(request, done);
    });
  }
}

function finishedRequest(request: FastifyRequest, reply: FastifyReply, sent: number): FinishedRequest {
  const length = Number(reply.getHeader("content-length"));
  return {
    request,
    reply,
    view: viewOf(request, reply),
    seconds: reply.elapsedTime / 1000,
    answerBytes: Number.isFinite(length) ? length : Math.max(0, sent),
    isStream: String(reply.getHeader("content-type") ?? "").startsWith("text/event-stream"),
  };
}

function viewOf(request: FastifyRequest, reply: FastifyReply): string {
  const { url } = request.routeOptions;
  if (!request.is404 && url !== undefined) return viewName(url);
  if (reply.statusCode !== METHOD_NOT_ALLOWED) return UNNAMED_VIEW;
  return viewNameOfPath(request.originalUrl.split("?")[0] ?? "");
}
