/** The HTTP server: what all routes share, and the routes. */
import { randomUUID } from "node:crypto";
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import helmet from "helmet";
import { buildRoutes } from "../api/build/routes.ts";
import { eventRoutes } from "../api/events/routes.ts";
import { hardwareDetailsRoutes } from "../api/hardware/details_routes.ts";
import { hardwareRegistryRoutes } from "../api/hardware/registry_routes.ts";
import { hardwareRoutes } from "../api/hardware/routes.ts";
import { healthRoutes } from "../api/health/routes.ts";
import { issueRoutes } from "../api/issue/routes.ts";
import { logDownloaderRoutes } from "../api/log_downloader/routes.ts";
import { metricsRoutes } from "../api/metrics/routes.ts";
import { originRoutes } from "../api/origins/routes.ts";
import { proxyRoutes } from "../api/proxy/routes.ts";
import { testRoutes } from "../api/test/routes.ts";
import { treeCompareRoutes } from "../api/tree/compare_routes.ts";
import { treeDetailsRoutes } from "../api/tree/details_routes.ts";
import { commitListRoute } from "../api/tree/commit_list.ts";
import { treeHistoryRoutes } from "../api/tree/history_routes.ts";
import { treeRoutes } from "../api/tree/routes.ts";
import { treeReportRoutes } from "../api/tree_report/routes.ts";
import type { CacheStats } from "../cache/stats.ts";
import { ChangeFeed } from "../changes/feed.ts";
import type { Connection, OwnPool, Pool } from "../database/pool.ts";
import { isUnavailable } from "../database/errors.ts";
import { inRoute } from "../database/statement_log.ts";
import { FilterError } from "../filters/parse.ts";
import type { FetchPolicy } from "../fetch/policy.ts";
import type { Log } from "../log.ts";
import { tellOfErrors } from "../notices/request_notices.ts";
import type { Settings } from "../settings.ts";
import { submitRoutes, type SubmissionOptions } from "../submit/routes.ts";
import { sendJson } from "./answers.ts";
import { takeRawBodies } from "./body.ts";
import { answerCache } from "./answer_cache.ts";
import { beginReadings, cacheAnswers } from "./caching.ts";
import { prepareDrain } from "./drain.ts";
import { ApiError } from "./errors.ts";
import { isAllowedHost } from "./hosts.ts";
import { openApiRoutes } from "./openapi.ts";
import { metricsRoute, type MetricsText } from "./metrics.ts";
import { addObservers, type RequestObserver } from "./observer.ts";
import { limitOverload, noRoom } from "./overload.ts";
import { BUILT_PAGE_FOLDER, pageRoutes } from "./page.ts";
import { parseQueryString } from "./parameters.ts";
import { isReadAhead } from "./read_ahead.ts";
import { readsOf } from "./reads.ts";
import { allowedMethods, resolvePath, slashRedirect } from "./paths.ts";
import { strictTransport } from "./strict_transport.ts";

/** What routes need. */
export interface RouteContext {
  /** For reading; the statements of a request go to one server, which may be a replica. */
  pool: Pool;
  /** What commits of submissions change, as it happens. */
  changes: ChangeFeed;
  settings: Settings;
  /** What files of other hosts are fetched by; production's own when absent. */
  fetchPolicy?: FetchPolicy;
}

export interface ServerOptions extends Omit<RouteContext, "changes" | "pool"> {
  pool: OwnPool;
  /** For connections beside the pool. */
  connection: Connection;
  log: Log;
  /** Where submissions over HTTP go; without it none are taken. */
  submissions?: SubmissionOptions;
  /** Where the built page is; the build's own folder when absent. */
  pageFolder?: string;
  /** Where the cache of answers counts what it does. */
  cacheStats?: CacheStats;
  /** What `/metrics` answers; there is no such path when absent. */
  metrics?: MetricsText;
  /** Who is told of each request. */
  observers?: readonly RequestObserver[];
}

const MAX_BODY_BYTES = 2_621_440;
/** Of one path segment: an id of 1,000 bytes, each percent-encoded, and room. */
const MAX_SEGMENT_CHARACTERS = 8192;
/** Bodies below this size are sent as they are. */
const COMPRESSION_THRESHOLD_BYTES = 200;
const CORS_HEADERS = [
  "accept",
  "authorization",
  "content-type",
  "user-agent",
  "x-csrftoken",
  "x-requested-with",
];
const CORS_METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"];

/** The server with all its routes, not listening yet. @throws SpoolError when submissions cannot be put into the spool */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { settings } = options;
  const loggerInstance: FastifyBaseLogger = options.log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: "idle",
    // What comes over a connection that there is still is answered like everything else.
    return503OnClosing: false,
    trustProxy: settings.security.trustedProxies.length > 0 ? settings.security.trustedProxies : false,
    routerOptions: { querystringParser: parseQueryString, maxParamLength: MAX_SEGMENT_CHARACTERS },
    rewriteUrl: (request) => canonicalUrl(request.url ?? "/"),
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      void sendJson(reply.code(400), { error: "The address of the request is not valid" });
    },
  });
  // Queries are validated by parseParameters, and answers are JSON text already: the schemas only describe.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  takeRawBodies(app);
  addObservers(app, options.observers ?? []);
  prepareDrain(app);
  if (settings.debugging.sqlQuery)
    app.addHook("onRequest", (request, _reply, done) => {
      inRoute(`${request.method} ${request.routeOptions.url ?? "(none)"}`, done);
    });
  addHooks(app, settings);
  tellOfErrors(app, options);
  addSecurityHeaders(app);
  await app.register(cors, {
    origin: corsOrigins(settings),
    allowedHeaders: CORS_HEADERS,
    methods: CORS_METHODS,
    maxAge: 86_400,
    optionsSuccessStatus: 200,
    strictPreflight: false,
  });
  const changes = new ChangeFeed(options);
  app.addHook("onClose", () => changes.close());
  // The first to be told, so that whoever is told afterwards finds it.
  const reads = await readsOf(app, options, changes);
  const { cache, hotPath } = answerCache(app, options, changes, corsOrigins(settings), reads);
  cacheAnswers(app, cache, hotPath);
  await limitOverload(app, reads, settings.overload);
  if (cache !== undefined) beginReadings(app);
  await app.register(compress, {
    threshold: COMPRESSION_THRESHOLD_BYTES,
    encodings: ["gzip"],
    zlibOptions: { level: 5 },
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  await openApiRoutes(app);
  for (const routes of [
    healthRoutes,
    treeRoutes,
    treeDetailsRoutes,
    treeCompareRoutes,
    treeHistoryRoutes,
    commitListRoute,
    treeReportRoutes,
    buildRoutes,
    testRoutes,
    issueRoutes,
    hardwareRoutes,
    hardwareDetailsRoutes,
    hardwareRegistryRoutes,
    originRoutes,
    metricsRoutes,
    logDownloaderRoutes,
    proxyRoutes,
  ])
    routes(app, { ...options, pool: reads.pool, changes });
  // What is read from the log goes on from what was told, and the state of a submission is that of the moment.
  eventRoutes(app, { pool: reads.primary, changes });
  await submitRoutes(app, { ...options, pool: reads.primary });
  if (options.metrics !== undefined) metricsRoute(app, options.metrics);
  await pageRoutes(app, options.pageFolder ?? BUILT_PAGE_FOLDER);
  return app;
}

/** Nothing is routed here. */
const NO_ROUTE = "/api/";

/** The URL that the router sees: an API path in its canonical form, and the files of the API's description as they are. */
function canonicalUrl(url: string): string {
  const [path = "", ...query] = url.split("?");
  if (!path.startsWith("/api/")) return url;
  const canonical = resolvePath(path)?.canonical ?? (path.startsWith("/api/schema/") ? path : NO_ROUTE);
  return [canonical, ...query].join("?");
}

function corsOrigins({ http, debug }: Settings): (string | RegExp)[] | "*" {
  if (http.corsAllowAllOrigins) return "*";
  return [...http.corsAllowedOrigins, ...(debug ? [/^http:\/\/localhost(:\d+)?$/] : [])];
}

function rawPath(request: FastifyRequest): string {
  return request.originalUrl.split("?")[0] ?? "";
}

function addHooks(app: FastifyInstance, settings: Settings): void {
  const hsts = strictTransport(settings);
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    if (request.protocol === "https") reply.header("strict-transport-security", hsts);
    if (!isAllowedHost(request.headers.host ?? "", settings.http.allowedHosts)) {
      done(
        new ApiError(
          400,
          "Invalid Host header: this server does not answer for that host, see ALLOWED_HOSTS",
        ),
      );
      return;
    }
    if (rawPath(request).startsWith("/api/")) {
      reply.header("vary", "Accept-Encoding, Origin").header("cache-control", "no-store");
    }
    // The router lets a parameter be empty; the API's paths do not.
    if (!request.is404 && Object.values(request.params as Record<string, string>).includes("")) {
      reply.callNotFound();
      return;
    }
    if (request.method === "OPTIONS" && request.headers["access-control-request-method"] === undefined) {
      answerOptions(request, reply);
      return;
    }
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { method, originalUrl } = request;
    const isAhead = isReadAhead(request);
    request.log[isAhead ? "debug" : "info"](
      {
        method,
        url: originalUrl,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      isAhead ? "read ahead" : "request",
    );
    done();
  });
}

/** Made once: the framework's plugin for it makes all of it anew for each request, which takes as long as a small answer's own work. */
function addSecurityHeaders(app: FastifyInstance): void {
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
    },
    frameguard: { action: "deny" },
    referrerPolicy: { policy: "same-origin" },
    hsts: false,
  });
  app.addHook("onRequest", (request, reply, done) => {
    protect(request.raw, reply.raw, () => {
      done();
    });
  });
}

/** OPTIONS outside of CORS: what the path is and answers. */
function answerOptions(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const resolved = resolvePath(rawPath(request));
  if (resolved === undefined) return sendJson(reply.code(404), { error: notFoundText(request) });
  return sendJson(reply.header("allow", allowedMethods(resolved.path)), {
    name: resolved.path.pattern,
    description: "",
    renders: ["application/json"],
    parses: ["application/json"],
  });
}

function notFoundText(request: FastifyRequest): string {
  return `Not found: ${rawPath(request).slice(0, 200)}`;
}

/** Unrouted requests: a missing slash, a wrong method, or nothing at all. */
function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = rawPath(request);
  const redirect = slashRedirect(path);
  if (redirect !== undefined) {
    const query = request.originalUrl.slice(path.length);
    return reply
      .header("location", redirect + query)
      .code(301)
      .send("");
  }
  const resolved = resolvePath(path);
  const reads = request.method === "GET" || request.method === "HEAD";
  if (resolved !== undefined && (resolved.path.method === "GET" ? !reads : request.method !== "POST")) {
    return sendJson(reply.code(405).header("allow", allowedMethods(resolved.path)), {
      error: `Method "${request.method}" not allowed.`,
    });
  }
  return sendJson(reply.code(404), { error: notFoundText(request) });
}

interface HttpError extends Error {
  statusCode?: number;
}

/** Errors thrown by routes and by the framework. Internals only go to the log. */
function answerError(error: HttpError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  if (error instanceof FilterError) return sendJson(reply.code(400), { error: error.message });
  if (error instanceof ApiError)
    return sendJson(reply.code(status).headers(error.headers), { error: error.message });
  if (status >= 400 && status < 500)
    return sendJson(reply.code(status), { error: clientErrorText(status, error) });
  if (isUnavailable(error)) {
    request.log.warn(
      { method: request.method, url: request.originalUrl, error: error.message },
      "the database did not answer",
    );
    const { message, headers } = noRoom("the database did not answer in time");
    return sendJson(reply.code(503).headers(headers), { error: message });
  }
  request.log.error({ method: request.method, url: request.originalUrl, err: error }, "request failed");
  return sendJson(reply.code(500), {
    error: `Internal error; the server's log has it under request id ${request.id}`,
  });
}

function clientErrorText(status: number, error: Error): string {
  return status === 413 ? `The request body is larger than ${MAX_BODY_BYTES} bytes` : error.message;
}
