/** Puts the cache of answers together, and in front of the framework. */
import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { AnswerCache } from "../cache/cache.ts";
import { Follower } from "../cache/follower.ts";
import { SharedStore } from "../cache/shared.ts";
import { newCacheStats } from "../cache/stats.ts";
import { AnswerStore } from "../cache/store.ts";
import type { ChangeFeed } from "../changes/feed.ts";
import type { Pool } from "../database/pool.ts";
import type { Settings } from "../settings.ts";
import { VERSION } from "../version.ts";
import { isAllowedHost } from "./hosts.ts";
import { HotPath } from "./hot_path.ts";
import type { ServerOptions } from "./server.ts";

/** @param origins whose pages may read answers, as the framework is told them */
export function answerCache(
  app: FastifyInstance,
  options: ServerOptions,
  changes: ChangeFeed,
  origins: readonly (string | RegExp)[] | "*",
): { cache?: AnswerCache; hotPath?: HotPath } {
  const { settings, log, pool, cacheStats: stats = newCacheStats() } = options;
  const { timeoutSeconds, maxBytes, redis } = settings.cache;
  if (timeoutSeconds === 0) return {};
  const store = new AnswerStore(maxBytes);
  stats.size = () => store.size;
  const follower = new Follower(changes, log, () => {
    store.clear();
  });
  const shared =
    redis === undefined ? undefined : new SharedStore(redis, namespaceOf(pool, settings), stats, log);
  const cache = new AnswerCache({ follower, store, stats, shared, maxAgeMs: timeoutSeconds * 1000 });
  const hotPath = new HotPath({
    cache,
    isAllowedHost: (host) => isAllowedHost(host, settings.http.allowedHosts),
    allowOrigin: (origin) => (origins === "*" ? "*" : allowedOrigin(origins, origin)),
    onAnswered: ({ requestId, method, url, status, milliseconds }) => {
      log.info({ requestId, method, url, status, ms: Math.round(milliseconds * 10) / 10 }, "request");
    },
  });
  app.addHook("preClose", (done) => {
    hotPath.close();
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
    if (!hotPath.answer(request, response)) app.routing(request, response);
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
