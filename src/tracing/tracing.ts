/**
 * Traces of requests, of their statements, and of written batches, sent by OTLP over HTTP. Loaded only when there is
 * somewhere to send them. Spans have OpenTelemetry's names of attributes; values of statements are never among them.
 */
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import type { FastifyRequest } from "fastify";
import { errorMessage } from "../database/errors.ts";
import { observeStatements, type Finish, type StartedStatement } from "../database/statements.ts";
import type { FinishedRequest, RequestObserver } from "../http/observer.ts";
import type { BatchMeasures } from "../ingest/measures.ts";
import { KINDS } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";
import { VERSION } from "../version.ts";

/** Of a statement's text. */
const MAX_STATEMENT = 4096;
/** Spans that wait to be sent; those beyond are dropped. */
const MAX_QUEUE = 2048;
const SERVER_ERROR = 500;

export interface Tracing {
  requests: RequestObserver;
  /** To be told of each batch that was written. */
  onBatch: (measures: BatchMeasures) => void;
  /** Sends what waits. */
  close: () => Promise<void>;
}

/** Starts to trace this process. */
export function startTracing(settings: Settings["tracing"], endpoint: string, log: Log): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers: { ...settings.headers } });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      "service.name": settings.serviceName,
      "service.version": VERSION,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.ratio) }),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: MAX_QUEUE })],
  });
  provider.register();
  const tracer = provider.getTracer("kernelboard", VERSION);
  const endStatements = observeStatements({
    onStatement: (statement) => startStatement(tracer, statement),
    followsContext: true,
  });
  log.info({ endpoint }, "traces are sent");
  return {
    requests: requestSpans(tracer),
    onBatch: (measures) => {
      addBatchSpan(tracer, measures);
    },
    close: async () => {
      endStatements();
      try {
        await provider.shutdown();
      } catch (error) {
        log.warn({ error: errorMessage(error) }, "the last traces could not be sent");
      }
    },
  };
}

function requestSpans(tracer: Tracer): RequestObserver {
  const contexts = new WeakMap<FastifyRequest, { context: Context; span: Span }>();
  return {
    onRequest: (request) => {
      const parent = propagation.extract(context.active(), request.headers);
      const span = tracer.startSpan(
        request.method,
        {
          kind: SpanKind.SERVER,
          attributes: {
            "http.request.method": request.method,
            "url.path": request.originalUrl.split("?")[0] ?? "",
            "url.scheme": request.protocol,
            "kernelboard.request_id": request.id,
          },
        },
        parent,
      );
      contexts.set(request, { context: trace.setSpan(parent, span), span });
    },
    within: (request, next) => {
      const found = contexts.get(request);
      if (found === undefined) next();
      else context.with(found.context, next);
    },
    onResponse: ({ request, reply, view }: FinishedRequest) => {
      const span = contexts.get(request)?.span;
      if (span === undefined) return;
      const route = request.is404 ? undefined : request.routeOptions.url;
      span.updateName(`${request.method} ${route ?? view}`);
      if (route !== undefined) span.setAttribute("http.route", route);
      span.setAttributes({
        "http.response.status_code": reply.statusCode,
        "kernelboard.view": view,
      });
      if (reply.statusCode >= SERVER_ERROR) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
    onCachedAnswer: ({ request, requestId, route, view, status, seconds }) => {
      const { method = "", url = "", headers } = request;
      const end = Date.now();
      const attributes = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "url.path": url.split("?")[0] ?? "",
        "kernelboard.request_id": requestId,
        "kernelboard.view": view,
      };
      tracer
        .startSpan(
          `${method} ${route}`,
          { kind: SpanKind.SERVER, startTime: end - seconds * 1000, attributes },
          propagation.extract(context.active(), headers),
        )
        .end(end);
    },
  };
}

/** Only within a request: what the process asks on its own account would make a trace each. */
function startStatement(tracer: Tracer, { name, text }: StartedStatement): Finish {
  if (trace.getActiveSpan() === undefined) return () => undefined;
  const operation = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? "QUERY";
  const span = tracer.startSpan(name ?? operation, {
    kind: SpanKind.CLIENT,
    attributes: {
      "db.system.name": "postgresql",
      "db.operation.name": operation,
      "db.query.text": text.slice(0, MAX_STATEMENT),
    },
  });
  return (error) => {
    if (error !== undefined && error !== null)
      span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
    span.end();
  };
}

/** A batch is written by a thread, which tells afterwards; so its span begins in the past. */
function addBatchSpan(tracer: Tracer, measures: BatchMeasures): void {
  const end = Date.now();
  const span = tracer.startSpan("ingest batch", {
    kind: SpanKind.CONSUMER,
    startTime: end - measures.milliseconds,
    root: true,
    attributes: {
      "kernelboard.rows": measures.rows,
      "kernelboard.files.processed": measures.submissions.processed,
      "kernelboard.files.failed": measures.submissions.failed,
      "kernelboard.refusals": measures.refusals.reduce((sum, { count }) => sum + count, 0),
      ...Object.fromEntries(KINDS.map((kind) => [`kernelboard.stored.${kind}`, measures.stored[kind]])),
    },
  });
  span.end(end);
}
