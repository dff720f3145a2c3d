/** The HTTP server on a test's database. */
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { newCacheStats, type CacheStats } from "../../src/cache/stats.ts";
import type { OwnPool } from "../../src/database/pool.ts";
import type { FetchPolicy } from "../../src/fetch/policy.ts";
import { connectionOf } from "./database.ts";
import { createServer } from "../../src/http/server.ts";
import { loadSettings } from "../../src/settings.ts";
import type { SubmissionOptions } from "../../src/submit/routes.ts";
import { atEndOfFile } from "./cleanup.ts";
import { enforceContract } from "./contract.ts";

export interface TestServer {
  app: FastifyInstance;
  /** `http://127.0.0.1:PORT`. */
  base: string;
  /** What its cache of answers counted; it has one when the environment sets CACHE_TIMEOUT. */
  cacheStats: CacheStats;
  /** What the server logged, as JSON lines. */
  log: string[];
  /** GET of a path: status, headers and JSON or text. */
  get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

/**
 * A listening server, closed after the test file. A test fails when an answer is not as its route declares.
 *
 * @param prepare adds what a test needs to the server before it listens
 * @param submissions where those over HTTP go
 */
export async function testServer(
  pool: OwnPool,
  environment: Record<string, string> = {},
  fetchPolicy?: FetchPolicy,
  prepare?: (app: FastifyInstance) => void,
  submissions?: SubmissionOptions,
): Promise<TestServer> {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => lines.push(line) });
  // Tests write rows that no commit of submissions announces; those of the cache switch it on.
  const { settings } = loadSettings({ CACHE_TIMEOUT: "0", ...environment });
  const cacheStats = newCacheStats();
  const app = await createServer({
    cacheStats,
    pool,
    connection: connectionOf(pool),
    settings,
    log,
    pageFolder: "no page here",
    ...(fetchPolicy === undefined ? {} : { fetchPolicy }),
    ...(submissions === undefined ? {} : { submissions }),
  });
  enforceContract(app);
  prepare?.(app);
  const base = (await app.listen({ host: "127.0.0.1", port: 0 })).replace(/\/$/, "");
  atEndOfFile(() => app.close());
  return {
    app,
    base,
    cacheStats,
    log: lines,
    get: (path, headers) => request(base + path, headers === undefined ? {} : { headers }),
  };
}

/** One request, redirects not followed. */
export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== "" ? (JSON.parse(text) as unknown) : text,
  };
}
