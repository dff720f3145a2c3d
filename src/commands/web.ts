/** The web server of one process: listening, and ending without leaving a request unanswered. */
import type { FastifyInstance } from "fastify";
import type { Database } from "../database/database.ts";
import { errorCode } from "../database/errors.ts";
import type { CacheStats } from "../cache/stats.ts";
import type { MetricsText } from "../http/metrics.ts";
import type { RequestObserver } from "../http/observer.ts";
import { CommandError, type Context } from "./context.ts";

export interface WebOptions {
  host: string;
  port: number;
  /** Where submissions over HTTP go; without it none are taken. */
  spoolDir?: string;
  /** Called when a submission lies in the spool. */
  onAccepted: () => void;
  /** What `/metrics` answers; there is no such path when absent. */
  metrics?: MetricsText;
  /** Where the cache of answers counts. */
  cacheStats?: CacheStats;
  /** Who is told of each request. */
  observers?: readonly RequestObserver[];
}

export interface Web {
  address: string;
  /** Ends when what runs is answered; `gently` lets clients go elsewhere before. */
  close: (gently?: boolean) => Promise<void>;
}

/** Answers requests from now on. @throws CommandError when the port is in use */
export async function startWeb(
  { settings, log }: Pick<Context, "settings" | "log">,
  database: Database,
  { host, port, spoolDir, onAccepted, ...observation }: WebOptions,
): Promise<Web> {
  // Loaded here, so that commands that serve nothing start without it.
  const { createServer } = await import("../http/server.ts");
  const { drain } = await import("../http/drain.ts");
  const app = await createServer({
    pool: database.pool,
    connection: database.connection,
    settings,
    log,
    ...(spoolDir === undefined ? {} : { submissions: { spoolDir, onAccepted } }),
    ...observation,
  });
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw errorCode(error) === "EADDRINUSE" ? portInUse(host, port) : error;
  }
  return {
    address: addressOf(app),
    close: (gently = false) => drain(app, gently),
  };
}

export function portInUse(host: string, port: number): CommandError {
  return new CommandError(`port ${port} on ${host} is in use; choose another with --port or PORT`);
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (address === null || typeof address === "string") return String(address);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}
