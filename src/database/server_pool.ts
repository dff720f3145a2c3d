/** A pool that leads to a server by its address, through a PgBouncer or not. */
import type pg from "pg";
import type { Log } from "../log.ts";
import type { ExternalDatabaseSettings, ServerAddress } from "../settings.ts";
import { errorCode, errorMessage } from "./errors.ts";
import { createPool, externalConnection, type Connection, type Pool } from "./pool.ts";

/** What a PgBouncer that does not keep track of prepared statements makes of them: unknown, or there already. */
const NOT_TRACKED = ["26000", "42P05"];

/** The session settings that statements of requests count on, as `deploy/replicas/pgbouncer.ini` has them. */
const EXPECTED_SETTINGS: Record<string, string> = {
  TimeZone: "UTC",
  plan_cache_mode: "force_generic_plan",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  work_mem: "16MB",
};

/** How to connect to a server. What its address does not say is that of the primary. */
export async function addressConnection(
  address: ServerAddress,
  primary: ExternalDatabaseSettings,
): Promise<Connection> {
  const connection = await externalConnection({ ...primary, ...address });
  return { ...connection, isPooler: address.isPooler };
}

/** A pool that can be closed. */
export interface OpenPool extends Pool {
  end: () => Promise<void>;
}

/** Connections to a server; its PgBouncer's session settings are looked at once. */
export function openPool(connection: Connection, address: ServerAddress, log: Log): OpenPool {
  const pool = createPool(connection, log);
  if (!address.isPooler) return pool;
  const where = `${address.host}:${address.port}`;
  void checkSettings(pool, where, log);
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
  return { query, end: () => pool.end() };
}

async function checkSettings(pool: Pool, where: string, log: Log): Promise<void> {
  try {
    const { rows } = await pool.query<{ name: string; value: string }>(
      "select name, current_setting(name) as value from unnest($1::text[]) name",
      [Object.keys(EXPECTED_SETTINGS)],
    );
    for (const { name, value } of rows) {
      const expected = EXPECTED_SETTINGS[name] ?? "";
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
