/** Puts the cache of answers together, and in front of the framework. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { compile } from "@fastify/proxy-addr";
import type { FastifyInstance } from "fastify";
import { AnswerCache } from "../cache/cache.ts";
import { Follower } from "../cache/follower.ts";
import { SharedStore } from "../cache/shared.ts";
import { newCacheStats } from "../cache/stats.ts";
import { AnswerStore } from "../cache/store.ts";
import type { ChangeFeed } from "../changes/feed.ts";
import { errorMessage } from "../database/errors.ts";
import type { Pool } from "../database/pool.ts";
import type { Reads } from "../database/reads.ts";
import type { Settings } from "../settings.ts";
import { VERSION } from "../version.ts";
import { isAllowedHost } from "./hosts.ts";
import { HotPath } from "./hot_path.ts";
import type { ServerOptions } from "./server.ts";
import { strictTransport } from "./strict_transport.ts";
import { viewName } from "./view_names.ts";

/** @param origins whose pages may read answers, as the framework is told them */
export function answerCache(
  app: FastifyInstance,
  options: ServerOptions,
  changes: ChangeFeed,
  origins: readonly (string | RegExp)[] | "*",
  reads: Pick<Reads, "unsureAnswers">,
): { cache?: AnswerCache; hotPath?: HotPath } {
  const { settings, log, pool, cacheStats: stats = newCacheStats(), observers = [] } = options;
  const { timeoutSeconds, maxBytes } = settings.cache;
  if (timeoutSeconds === 0) return {};
  const store = new AnswerStore(maxBytes);
  stats.size = () => store.size;
  const follower = new Follower(changes, log, {
    onChange: (before) => {
      cache.changed(before);
    },
    onReset: () => {
      store.clear();
    },
  });
  const shared = settings.redis.isConfigured
    ? new SharedStore(settings.redis, namespaceOf(pool, settings), stats, log)
    : undefined;
  const cache = new AnswerCache({
    follower,
    store,
    stats,
    shared,
    maxAgeMs: timeoutSeconds * 1000,
    unsureAnswers: () => reads.unsureAnswers,
    onError: (error) => {
      log.warn({ error: errorMessage(error) }, "an answer cannot be read ahead");
    },
  });
  const isTrusted = compile(settings.security.trustedProxies);
  const hotPath = new HotPath({
    cache,
    isAllowedHost: (host) => isAllowedHost(host, settings.http.allowedHosts),
    allowOrigin: (origin) => (origins === "*" ? "*" : allowedOrigin(origins, origin)),
    strictTransport: (request) => (isSecure(request, isTrusted) ? strictTransport(settings) : undefined),
    onAnswered: (answer) => {
      const { requestId, request, route, status, seconds } = answer;
      const { method, url } = request;
      log.info({ requestId, method, url, status, ms: Math.round(seconds * 10_000) / 10 }, "request");
      for (const observer of observers) observer.onCachedAnswer({ ...answer, view: viewName(route) });
    },
  });
  app.addHook("preClose", (done) => {
    hotPath.close();
    cache.close();
    done();
  });
  app.addHook("onClose", (_app, done) => {
    follower.close();
    shared?.close();
    done();
  });
  putInFront(app, hotPath);
  return { cache, hotPath };
}

/** As the framework decides it: by what the last proxy says, when that one is trusted. */
function isSecure(
  { headers, socket }: IncomingMessage,
  isTrusted: (address: string, hop: number) => boolean,
): boolean {
  const header = headers["x-forwarded-proto"];
  if (typeof header !== "string" || !isTrusted(socket.remoteAddress ?? "", 0)) return false;
  return header.split(",").at(-1)?.trim() === "https";
}

function allowedOrigin(
  origins: readonly (string | RegExp)[],
  origin: string | undefined,
): string | undefined {
  if (origin === undefined) return undefined;
  const isAllowed = origins.some((allowed) =>
    typeof allowed === "string" ? allowed === origin : allowed.test(origin),
  );
  return isAllowed ? origin : undefined;
}

function putInFront(app: FastifyInstance, hotPath: HotPath): void {
  app.server.removeAllListeners("request");
  app.server.on("request", (request, response) => {
    // While connections are given up, each has to be closed with its next answer, which is the framework's work.
    if (!app.server.listening || !hotPath.answer(request, response)) app.routing(request, response);
  });
}

/** Tells apart what shares one Redis: another database, another version of the program, settings that answers show. */
function namespaceOf(
  pool: Pool,
  { dashboardUrl, originListingIntervalDays }: Settings,
): () => Promise<string> {
  let found: Promise<string> | undefined;
  const find = async (): Promise<string> => {
    const { rows } = await pool.query<{ identity: string }>(`
      select (select system_identifier from pg_control_system()) || '/' || oid || '/' || datname as identity
      from pg_database where datname = current_database()`);
    const parts = [rows[0]?.identity, VERSION, dashboardUrl, originListingIntervalDays];
    return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 16);
  };
  return () =>
    (found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    }));
}
