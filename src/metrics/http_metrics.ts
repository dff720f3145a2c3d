/**
 * The metrics of requests, under the reference's names with its labels and buckets (chapter 08, section 10.2). Labels
 * are names of routes, methods, status codes and charsets, so there are as many series as routes answer in ways.
 */
import { METHODS, type IncomingHttpHeaders } from "node:http";
import { Counter, Histogram, type Registry } from "prom-client";
import type { CachedAnswer, FinishedRequest, RequestObserver } from "../http/observer.ts";

/** Seconds. */
export const LATENCY_BUCKETS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 25, 50, 75,
];
/** 0, and the powers of two below 1 GiB. */
const BYTE_BUCKETS = [0, ...Array.from({ length: 30 }, (_item, power) => 2 ** power)];
const KNOWN_METHODS = new Set(METHODS);
const CHARSET = /charset=["']?([\w-]{1,20})/i;
const KNOWN_CHARSETS = new Set(["utf-8", "us-ascii", "iso-8859-1"]);

/** Adds the metrics of requests to a registry. @returns what a server is to tell */
export function createHttpMetrics(registry: Registry): RequestObserver {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `django_http_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> => new Histogram({ name: `django_http_${name}`, help, buckets, labelNames, registers });

  const requestsBefore = counter("requests_before_middlewares_total", "Requests received");
  const responsesBefore = counter("responses_before_middlewares_total", "Answers sent");
  const byMethod = counter("requests_total_by_method_total", "Requests by method", "method");
  const byTransport = counter("requests_total_by_transport_total", "Requests by transport", "transport");
  const byView = counter(
    "requests_total_by_view_transport_method_total",
    "Requests by route, transport and method",
    ...(["view", "transport", "method"] as const),
  );
  const ajax = counter("ajax_requests_total", "Requests of scripts that say so");
  const byStatus = counter("responses_total_by_status_total", "Answers by status", "status");
  const byStatusAndView = counter(
    "responses_total_by_status_view_method_total",
    "Answers by status, route and method",
    ...(["status", "view", "method"] as const),
  );
  const byCharset = counter("responses_total_by_charset_total", "Answers by charset", "charset");
  // Nothing here is made of templates; the name is there for who asks for it.
  counter("responses_total_by_templatename_total", "Answers by template", "templatename");
  const streaming = counter("responses_streaming_total", "Streams of events that ended");
  const unknownLatency = counter("requests_unknown_latency_total", "Requests whose time says nothing");
  const unknownLatencyBefore = counter(
    "requests_unknown_latency_including_middlewares_total",
    "Requests whose time says nothing",
  );
  const latency = histogram(
    "requests_latency_seconds_by_view_method",
    "Time from request to answer by route and method",
    LATENCY_BUCKETS,
    ...(["view", "method"] as const),
  );
  const latencyOfAll = histogram(
    "requests_latency_including_middlewares_seconds",
    "Time from request to answer",
    LATENCY_BUCKETS,
  );
  const requestBytes = histogram("requests_body_total_bytes", "Bytes of requests' bodies", BYTE_BUCKETS);
  const responseBytes = histogram("responses_body_total_bytes", "Bytes of answers", BYTE_BUCKETS);

  const count = (answered: Answered): void => {
    const { method, transport, headers, view, status, contentType, bytes } = answered;
    const known = KNOWN_METHODS.has(method) ? method : "<invalid method>";
    byMethod.inc({ method: known });
    byTransport.inc({ transport });
    byView.inc({ view, transport, method: known });
    if (headers["x-requested-with"] === "XMLHttpRequest") ajax.inc();
    requestBytes.observe(bodyBytes(headers["content-length"]));
    responsesBefore.inc();
    byStatus.inc({ status });
    byStatusAndView.inc({ status, view, method: known });
    byCharset.inc({ charset: charsetOf(contentType) });
    responseBytes.observe(bytes);
    // A stream lasts as long as its client listens, which would hide how long the others take.
    if (answered.seconds === undefined) {
      streaming.inc();
      unknownLatency.inc();
      unknownLatencyBefore.inc();
      return;
    }
    latency.observe({ view, method: known }, answered.seconds);
    latencyOfAll.observe(answered.seconds);
  };
  return {
    onRequest: () => {
      requestsBefore.inc();
    },
    onResponse: ({ request, reply, view, seconds, answerBytes, isStream }: FinishedRequest) => {
      count({
        method: request.method,
        transport: request.protocol === "https" ? "https" : "http",
        headers: request.headers,
        view,
        status: String(reply.statusCode),
        contentType: reply.getHeader("content-type"),
        bytes: answerBytes,
        seconds: isStream ? undefined : seconds,
      });
    },
    onCachedAnswer: ({ request, isSecure, view, status, bytes, seconds }: CachedAnswer) => {
      requestsBefore.inc();
      count({
        method: request.method ?? "",
        transport: isSecure ? "https" : "http",
        headers: request.headers,
        view,
        status: String(status),
        contentType: undefined,
        bytes,
        seconds,
      });
    },
  };
}

/** What is counted of a request. */
interface Answered {
  method: string;
  transport: "http" | "https";
  headers: IncomingHttpHeaders;
  view: string;
  status: string;
  contentType: unknown;
  bytes: number;
  /** Undefined for a stream. */
  seconds: number | undefined;
}

function bodyBytes(contentLength: string | undefined): number {
  const length = Number(contentLength ?? 0);
  return Number.isFinite(length) ? length : 0;
}

/** The reference writes `utf-8` for what has no charset, as its answers all have one. */
function charsetOf(contentType: unknown): string {
  const charset =
    CHARSET.exec(typeof contentType === "string" ? contentType : "")?.[1]?.toLowerCase() ?? "utf-8";
  return KNOWN_CHARSETS.has(charset) ? charset : "other";
}
