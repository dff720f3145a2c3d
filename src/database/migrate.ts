/**
 * Numbered SQL migrations, applied in order under an advisory lock, each in its own transaction with a line in
 * `kernelboard_migrations`. On a database of the reference implementation, migration 1 is not run but the schema is
 * brought to where it would leave a fresh one (`adoption.ts`; chapter 01, section 1.14).
 */
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Log } from "../log.ts";
import { adoptSchema, type Adoption } from "./adoption.ts";
import { MigrationError } from "./migration_error.ts";
import { clientOptions, type Connection, type Pool } from "./pool.ts";

export { MigrationError } from "./migration_error.ts";

const MIGRATIONS_FOLDER = join(import.meta.dirname, "migrations");
/** Any number of our own; the same for every process of the project. */
const MIGRATION_LOCK = 5_265_920_418;

export interface Migration {
  number: number;
  name: string;
  sql: string;
  checksum: string;
}

export interface MigrationStatus {
  number: number;
  name: string;
  /** When it was applied, ISO 8601; undefined for a pending one. */
  appliedAt: string | undefined;
}

export interface MigrateOptions {
  /** Take over tables that are KCIDB's but not the reference implementation's. */
  adoptForeign?: boolean;
  /** Called in the transaction that adopts a database: to bring its derived tables up to date. */
  onAdopted?: (client: pg.Client, adoption: Adoption) => Promise<void>;
}

/** All migrations of this version, by number. */
export async function loadMigrations(): Promise<Migration[]> {
  const names = (await readdir(MIGRATIONS_FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (file, index) => {
      const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file);
      if (match?.[1] === undefined || match[2] === undefined || Number(match[1]) !== index + 1) {
        throw new MigrationError(`${file}: migrations are named NNNN-name.sql without gaps`);
      }
      const text = await readFile(join(MIGRATIONS_FOLDER, file), "utf8");
      return {
        number: index + 1,
        name: match[2],
        sql: text,
        checksum: createHash("sha256").update(text).digest("hex"),
      };
    }),
  );
}

/**
 * Applies what is missing. Safe to call from any number of processes at once.
 *
 * @returns the migrations that were applied now
 * @throws MigrationError when the schema is of another program, newer than this one, or changed behind our back
 */
export async function migrate(
  connection: Connection,
  log: Log,
  options: MigrateOptions = {},
): Promise<Migration[]> {
  const migrations = await loadMigrations();
  return withClient(connection, async (client) => {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const applied = await appliedMigrations(client, migrations);
    const missing = migrations.slice(applied.length);
    if (applied.length > 0) {
      for (const migration of missing) await inTransaction(client, () => apply(client, migration, log));
      return missing;
    }
    // All or nothing: what an adopted database is completed with has the shape of the newest tables.
    await inTransaction(client, async () => {
      const [first, ...later] = missing;
      if (first === undefined) return;
      const adoption = await adoptSchema(client, first.sql, log, options.adoptForeign ?? false);
      await (adoption === undefined ? apply(client, first, log) : record(client, first, true));
      for (const migration of later) await apply(client, migration, log);
      if (adoption !== undefined) await options.onAdopted?.(client, adoption);
    });
    return missing;
  });
}

async function apply(client: pg.Client, migration: Migration, log: Log): Promise<void> {
  const started = Date.now();
  await client.query(migration.sql);
  await record(client, migration, false);
  log.info(
    { migration: migration.number, name: migration.name, ms: Date.now() - started },
    "migration applied",
  );
}

async function record(client: pg.Client, migration: Migration, adopted: boolean): Promise<void> {
  await client.query(
    "insert into kernelboard_migrations (number, name, checksum, adopted) values ($1, $2, $3, $4)",
    [migration.number, migration.name, migration.checksum, adopted],
  );
}

/** The state of every migration, without changing anything. */
export async function migrationStatus(connection: Connection): Promise<MigrationStatus[]> {
  const migrations = await loadMigrations();
  return withClient(connection, async (client) => {
    const exists = await hasTable(client, "kernelboard_migrations");
    const applied = exists ? await readApplied(client) : [];
    const times = new Map(applied.map((row) => [row.number, row.appliedAt]));
    return migrations.map(({ number, name }) => ({ number, name, appliedAt: times.get(number) }));
  });
}

/** Whether a database has every migration of this version, asked on a pool. */
export async function isMigrated(pool: Pool): Promise<boolean> {
  const { rows: table } = await pool.query<{ exists: boolean }>(
    "select to_regclass('kernelboard_migrations') is not null as exists",
  );
  if (table[0]?.exists !== true) return false;
  const { rows } = await pool.query<{ count: string }>("select count(*) from kernelboard_migrations");
  return Number(rows[0]?.count) >= (await loadMigrations()).length;
}

async function withClient<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientOptions(connection, "kernelboard migrate"));
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    // Ends the session, and with it the advisory lock.
    await client.end().catch(() => undefined);
  }
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query("begin");
  try {
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function hasTable(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>("select to_regclass($1) is not null as exists", [
    name,
  ]);
  return rows[0]?.exists === true;
}

interface Applied {
  number: number;
  name: string;
  checksum: string;
  appliedAt: string;
}

async function readApplied(client: pg.Client): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    `select number, name, checksum, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "appliedAt"
     from kernelboard_migrations order by number`,
  );
  return rows;
}

/** Reads the bookkeeping, creating it when it is not there, and refuses a history that is not ours. */
async function appliedMigrations(client: pg.Client, migrations: Migration[]): Promise<Applied[]> {
  await client.query(`
    create table if not exists kernelboard_migrations (
      number integer primary key,
      name text not null,
      checksum text not null,
      adopted boolean not null,
      applied_at timestamptz not null default now()
    )`);
  const applied = await readApplied(client);
  applied.forEach((row, index) => {
    const migration = migrations[index];
    if (migration === undefined) {
      throw new MigrationError(
        `the database has migration ${row.number} (${row.name}), which this version of kernelboard does not know; use the newer version`,
      );
    }
    if (row.number !== migration.number || row.checksum !== migration.checksum) {
      throw new MigrationError(
        `migration ${migration.number} (${migration.name}) differs from the one that was applied on ${row.appliedAt}; migrations must not be edited`,
      );
    }
  });
  return applied;
}
