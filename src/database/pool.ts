/** Connections to PostgreSQL. */
import pg from "pg";
import type { ExternalDatabaseSettings } from "../settings.ts";
import type { Log } from "../log.ts";
import { errorMessage } from "./errors.ts";

/** What statements are run on: connections to one server, or something that chooses the server (`reads.ts`). */
export interface Pool {
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    statement: pg.QueryConfig | string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}
/** Connections to one server, by who opened them. */
export type OwnPool = pg.Pool;
export type Client = pg.Client | pg.PoolClient;

/** Where a server is and who we are there. */
export interface Connection {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  ssl: boolean | { rejectUnauthorized: boolean };
  connectTimeoutSeconds: number;
  idleTimeoutSeconds: number | null;
  /** It leads to a PgBouncer, which takes no options for a session: they stand in its own configuration. */
  isPooler?: boolean;
}

const POOL_SIZE = 10;

export interface PoolLimits {
  /** Connections at once. */
  poolSize: number;
  /** After which a statement is given up; 0 leaves it to the server's settings. */
  statementTimeoutMs: number;
}
/** An idle connection of the pool is closed after this many seconds unless the settings say otherwise. */
const IDLE_SECONDS = 10;

/**
 * For statements that answer requests. They are the same again and again and take rows from few places, so a plan is
 * made once, not for each value; neither compiling it nor starting workers for it ever pays; and what a commit has fits
 * into memory. A plan that was made while a table was small reads by index too: it is used on until the table's
 * statistics are renewed, however much the table grows meanwhile.
 */
const READ_OPTIONS =
  "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off -c max_parallel_workers_per_gather=0 " +
  "-c work_mem=16MB";

/** The server notices within a minute and a half that a client is gone without a word, and lets go of its locks. */
const KEEP_ALIVE = "-c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

/** Options for a `pg` client of this connection. Sessions run in UTC with ISO dates, whatever the server's default. */
export function clientOptions(connection: Connection, applicationName: string): pg.ClientConfig {
  return {
    host: connection.host,
    port: connection.port,
    database: connection.database,
    user: connection.user,
    password: connection.password,
    ssl: connection.ssl,
    connectionTimeoutMillis: connection.connectTimeoutSeconds * 1000,
    keepAlive: true,
    application_name: applicationName,
    ...(connection.isPooler ? {} : { options: `-c TimeZone=UTC -c DateStyle=ISO ${KEEP_ALIVE}` }),
  };
}

/** A pool of connections. A connection that breaks while idle is dropped and logged, not thrown. */
export function createPool(
  connection: Connection,
  log: Log,
  size = POOL_SIZE,
  statementTimeoutMs = 0,
): OwnPool {
  const idleSeconds =
    connection.idleTimeoutSeconds === 0 ? IDLE_SECONDS : (connection.idleTimeoutSeconds ?? 0);
  const options = clientOptions(connection, "kernelboard");
  const timeout = statementTimeoutMs > 0 ? ` -c statement_timeout=${statementTimeoutMs}` : "";
  const pool = new pg.Pool({
    ...options,
    ...(options.options === undefined ? {} : { options: `${options.options} ${READ_OPTIONS}${timeout}` }),
    max: size,
    idleTimeoutMillis: idleSeconds * 1000,
  });
  pool.on("error", (error) => {
    log.warn({ error: errorMessage(error) }, "an idle database connection broke");
  });
  return pool;
}

/**
 * The connection that settings of an external server ask for. For `sslmode` prefer and allow one attempt finds out
 * whether the server speaks TLS.
 */
export async function externalConnection(settings: ExternalDatabaseSettings): Promise<Connection> {
  const connection: Connection = {
    host: settings.host,
    port: settings.port,
    database: settings.name,
    user: settings.user,
    password: settings.password,
    ssl: sslOption(settings.sslMode),
    connectTimeoutSeconds: settings.connectTimeoutSeconds,
    idleTimeoutSeconds: settings.connectionMaxAgeSeconds,
  };
  if (settings.sslMode !== "prefer" || settings.host.startsWith("/")) return connection;
  return (await speaksTls(connection)) ? { ...connection, ssl: { rejectUnauthorized: false } } : connection;
}

function sslOption(mode: ExternalDatabaseSettings["sslMode"]): Connection["ssl"] {
  switch (mode) {
    case "disable":
    case "allow":
    case "prefer":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
    case "verify-full":
      return true;
  }
}

async function speaksTls(connection: Connection): Promise<boolean> {
  const client = new pg.Client(
    clientOptions({ ...connection, ssl: { rejectUnauthorized: false } }, "kernelboard tls probe"),
  );
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    // No TLS, or no server at all: the plain connection that follows says which.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
