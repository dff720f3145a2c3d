/** Databases for tests: each its own, gone when the test file ends. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { pino } from "pino";
import { inject } from "vitest";
import { clientOptions, createPool, type Connection, type OwnPool } from "../../src/database/pool.ts";
import { TEMPLATE } from "./global_setup.ts";
import { atEndOfFile } from "./cleanup.ts";

export interface TestDatabase {
  connection: Connection;
  pool: OwnPool;
  /** Rows of a statement, for assertions. */
  rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  drop: () => Promise<void>;
}

const silent = pino({ level: "silent" });

/** A PostgreSQL that runs beside the tests, as CI machines have it. */
export const EXTERNAL: Connection = {
  host: process.env.TEST_DB_HOST ?? "127.0.0.1",
  port: Number(process.env.TEST_DB_PORT ?? 5432),
  database: "postgres",
  user: process.env.TEST_DB_USER ?? "postgres",
  password: process.env.TEST_DB_PASSWORD ?? "",
  ssl: false,
  connectTimeoutSeconds: 2,
  idleTimeoutSeconds: 0,
};

/** Why tests against an external PostgreSQL cannot run here, or undefined when they can. */
export async function externalProblem(): Promise<string | undefined> {
  const client = new pg.Client(clientOptions(EXTERNAL, "kernelboard test"));
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** An empty database on a server; the caller drops it. */
export async function createDatabase(server: Connection, template?: string): Promise<TestDatabase> {
  const name = `kernelboard_test_${randomBytes(6).toString("hex")}`;
  await administer(server, `create database ${name}${template === undefined ? "" : ` template ${template}`}`);
  const connection = { ...server, database: name };
  const pool = createPool(connection, silent, 4);
  return {
    connection,
    pool,
    rows: async (text, values = []) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    drop: async () => {
      await pool.end();
      await administer(server, `drop database if exists ${name} with (force)`);
    },
  };
}

async function administer(server: Connection, statement: string): Promise<void> {
  const client = new pg.Client(clientOptions(server, "kernelboard test"));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Where a pool of a test's database leads. */
export function connectionOf({ options }: OwnPool): Connection {
  const { host, port, database, user, password } = options;
  if (typeof password === "function") throw new Error("the password of a test's database is a text");
  return {
    ...EXTERNAL,
    host: host ?? "",
    port: port ?? 0,
    database: database ?? "",
    user: user ?? "",
    password: password ?? "",
  };
}

/** A migrated database on the test run's own server, dropped after the test file. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await createDatabase(inject("connection"), TEMPLATE);
  atEndOfFile(database.drop);
  return database;
}
