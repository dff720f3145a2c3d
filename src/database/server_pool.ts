/** A pool that leads to a server by its address, through a PgBouncer or not. */
import type pg from "pg";
import type { Log } from "../log.ts";
import type { ExternalDatabaseSettings, ServerAddress } from "../settings.ts";
import { errorCode, errorMessage } from "./errors.ts";
import { createPool, externalConnection, type Connection, type Pool, type PoolLimits } from "./pool.ts";

/** What a PgBouncer that does not keep track of prepared statements makes of them: unknown, or there already. */
const NOT_TRACKED = ["26000", "42P05"];

/** The session settings that statements of requests count on, as `deploy/replicas/pgbouncer.ini` has them. */
function expectedSettings({ statementTimeoutMs }: PoolLimits): Record<string, string> {
  return {
    TimeZone: "UTC",
    plan_cache_mode: "force_generic_plan",
    enable_seqscan: "off",
    jit: "off",
    max_parallel_workers_per_gather: "0",
    work_mem: "16384kB",
    // 0 leaves it to the server.
    ...(statementTimeoutMs > 0 ? { statement_timeout: `${statementTimeoutMs}ms` } : {}),
  };
}

/** How to connect to a server. What its address does not say is that of the primary. */
export async function addressConnection(
  address: ServerAddress,
  primary: ExternalDatabaseSettings,
): Promise<Connection> {
  const connection = await externalConnection({ ...primary, ...address });
  return { ...connection, isPooler: address.isPooler };
}

/** A pool that tells how many statements wait for a connection. */
export interface CountedPool extends Pool {
  readonly waitingCount: number;
}

/** One that can be closed. */
export interface OpenPool extends CountedPool {
  end: () => Promise<void>;
}

/** Connections to a server; its PgBouncer's session settings are looked at once. */
export function openPool(
  connection: Connection,
  address: ServerAddress,
  log: Log,
  limits: PoolLimits,
): OpenPool {
  const pool = createPool(connection, log, limits.poolSize, limits.statementTimeoutMs);
  if (!address.isPooler) return pool;
  const where = `${address.host}:${address.port}`;
  void checkSettings(pool, where, expectedSettings(limits), log);
  let isNamed = address.prepares;
  const query = async <Row extends pg.QueryResultRow>(
    statement: pg.QueryConfig | string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> => {
    if (typeof statement === "string" || statement.name === undefined)
      return pool.query<Row>(statement, values);
    try {
      if (isNamed) return await pool.query<Row>(statement, values);
    } catch (error) {
      if (!NOT_TRACKED.includes(errorCode(error) ?? "")) throw error;
      if (isNamed)
        log.warn(
          { pooler: where, error: errorMessage(error) },
          "PgBouncer does not keep track of prepared statements (max_prepared_statements, since 1.21); they are no longer named",
        );
      isNamed = false;
    }
    const { name: _name, ...unnamed } = statement;
    return pool.query<Row>(unnamed, values);
  };
  return {
    query,
    get waitingCount() {
      return pool.waitingCount;
    },
    end: () => pool.end(),
  };
}

async function checkSettings(
  pool: Pool,
  where: string,
  expectedSettings: Record<string, string>,
  log: Log,
): Promise<void> {
  try {
    const { rows } = await pool.query<{ name: string; value: string }>(
      "select name, setting || coalesce(unit, '') as value from pg_settings where name = any($1::text[])",
      [Object.keys(expectedSettings)],
    );
    for (const { name, value } of rows) {
      const expected = expectedSettings[name] ?? "";
      if (value !== expected)
        log.warn(
          { pooler: where, setting: name, value, expected },
          "sessions through PgBouncer lack a setting; see deploy/replicas/pgbouncer.ini",
        );
    }
  } catch (error) {
    log.warn({ pooler: where, error: errorMessage(error) }, "PgBouncer does not answer yet");
  }
}
