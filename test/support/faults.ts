/**
 * What tests of faults share: how much they do, the program that is disturbed, and whether its outcome is that of an
 * undisturbed run.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Connection } from "../../src/database/pool.ts";
import { ingest } from "../../src/ingest/ingest.ts";
import { KINDS } from "../../src/kcidb/types.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { derivedDifferences } from "./derived.ts";
import { objectsOf } from "./fault_data.ts";
import { databaseEnvironment, start, type RunningProgram } from "./program.ts";
import { ingestOnce, spoolState, temporaryDirectory, writeSubmissions, type Report } from "./spool.ts";

/** How often something is done: little with every change, and all of it by `npm run test:faults`. */
export function times(small: number, full: number): number {
  return process.env.KERNELBOARD_FAULTS === "full" ? full : small;
}

/** Small, so that a few thousand objects are many batches. */
export const BATCH_SIZE = 40;

/** Starts `kernelboard ingest --once`, as an operator does. */
export function ingestProgram(
  connection: Connection,
  spoolDir: string,
  maxWorkers: number,
  batchSize = BATCH_SIZE,
): RunningProgram {
  return start(["ingest", "--spool-dir", spoolDir, "--once", "--max-workers", String(maxWorkers)], {
    ...databaseEnvironment(connection),
    INGEST_BATCH_SIZE: String(batchSize),
    INGEST_FILES_BATCH_SIZE: "5",
    // Of all files at once those that others wait for come first, and nothing would wait.
    INGEST_CYCLE_BATCH_SIZE: "15",
  });
}

/** A spool directory with these files. */
export async function spoolOf(files: Record<string, string>): Promise<string> {
  const directory = await temporaryDirectory();
  await writeSubmissions(directory, files);
  return directory;
}

/** What an ingestion leaves behind, but for times. */
export interface FinalState {
  /** Rows as texts, by table. */
  tables: Record<string, string[]>;
  archive: string[];
  failed: string[];
  reports: Record<string, Report>;
  accounts: Record<string, unknown>[];
}

export interface StateOptions {
  /** Whether to tell which files were the first to bring an object: the order of files decides that. */
  ordered: boolean;
}

const TABLES = [...KINDS];

/** @param directory of the spool; several when nodes had one each */
export async function finalState(
  { rows }: TestDatabase,
  directory: string,
  { ordered }: StateOptions,
): Promise<FinalState> {
  const tables = await tableRows(rows);
  const { archive, failed, reports } = await spoolState(directory);
  const accounts = await rows(
    `select id, file_name, run, state, elements_done, bytes::integer, objects, stored + merged as taken, refused, refusals,
       case when $1 then counts end as counts from submissions order by id`,
    [ordered],
  );
  if (ordered) return { tables, archive, failed, reports, accounts };
  const unordered = Object.entries(reports).map(([name, report]) => [
    name,
    { ...report, stored: {}, merged: {} },
  ]);
  return {
    tables,
    archive,
    failed,
    reports: Object.fromEntries(unordered) as FinalState["reports"],
    accounts,
  };
}

async function tableRows(rows: TestDatabase["rows"]): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const table of TABLES) {
    const found = await rows(`select (to_jsonb(t) - '_timestamp')::text as row from ${table} t order by 1`);
    tables[table] = found.map(({ row }) => String(row));
  }
  return tables;
}

/** What one worker makes of the files when nothing happens to it. */
export async function undisturbed(files: Record<string, string>, options: StateOptions): Promise<FinalState> {
  const database = await testDatabase();
  const directory = await spoolOf(files);
  await ingest({ ...ingestOnce(database.connection, directory), batchSize: BATCH_SIZE });
  await expectWhole(database, directory, files);
  const state = await finalState(database, directory, options);
  return state;
}

/** Rows of tables that one state has and the other has not; empty when they are equal. */
export function rowDifferences(expected: FinalState["tables"], found: FinalState["tables"]): string[] {
  return TABLES.flatMap((table) => {
    const [before, after] = [new Set(expected[table]), new Set(found[table])];
    const missing = [...before].filter((row) => !after.has(row)).map((row) => `${table} lacks ${row}`);
    const surplus = [...after].filter((row) => !before.has(row)).map((row) => `${table} has ${row}`);
    return [...missing, ...surplus];
  });
}

/** Fails unless two states are equal, and shows a few differences of rows instead of all of them. */
export function expectEqual(found: FinalState, expected: FinalState): void {
  expect(rowDifferences(expected.tables, found.tables).slice(0, 10)).toEqual([]);
  expect({ ...found, tables: {} }).toEqual({ ...expected, tables: {} });
}

/** Fails unless every file is where it belongs, every object is accounted for, and the derived tables are exact. */
export async function expectWhole(
  database: TestDatabase,
  directory: string,
  files: Record<string, string>,
): Promise<void> {
  await expectNothingLeft(directory);
  const { archive, failed, reports } = await spoolState(directory);
  expect([...archive, ...failed].sort()).toEqual(Object.keys(files).sort());
  expect(Object.keys(reports).sort()).toEqual(failed);
  const accounts = await database.rows("select file_name, objects from submissions order by file_name");
  expect(accounts).toEqual(
    Object.entries(files)
      .map(([name, text]) => ({ file_name: name, objects: objectsOf(text) }))
      .sort((a, b) => (a.file_name < b.file_name ? -1 : 1)),
  );
  await expectSums(database);
  expect(await derivedDifferences(database.pool)).toEqual([]);
}

/** Fails unless objects in = stored + merged + refused for each file, and what all files stored are the rows. */
export async function expectSums({ rows }: TestDatabase): Promise<void> {
  const unequal = await rows(`
    select file_name, state, objects, stored, merged, refused, counts from submissions,
      lateral (select coalesce(sum(value::integer), 0) as stored_by_kind from jsonb_each_text(counts -> 'stored')) s,
      lateral (select coalesce(sum(value::integer), 0) as merged_by_kind from jsonb_each_text(counts -> 'merged')) m
    where objects <> stored + merged + refused or stored <> stored_by_kind or merged <> merged_by_kind or state <> 'done'`);
  expect(unequal).toEqual([]);
  for (const kind of TABLES) {
    const [sums] = await rows(`
      select (select count(*)::integer from ${kind}) as rows,
        (select coalesce(sum((counts -> 'stored' ->> '${kind}')::integer), 0)::integer from submissions) as stored`);
    expect({ kind, stored: sums?.stored }).toEqual({ kind, stored: sums?.rows });
  }
}

/** Fails when files wait, are claimed by somebody, or were put aside. */
export async function expectNothingLeft(directory: string): Promise<void> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const left = names
    .filter((entry) => entry.isFile() && !/[\\/](archive|failed)$/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name));
  const temporary = names.filter(({ name }) => name.endsWith(".temp")).map(({ name }) => name);
  expect({ left, temporary, claimed: await readdir(join(directory, "claimed")) }).toEqual({
    left: [],
    temporary: [],
    claimed: [],
  });
}

/** Waits until the server has noticed that the processes which ingest into a database are gone. */
export async function sessionsGone({ rows }: TestDatabase): Promise<void> {
  const count = `select count(*)::integer as count from pg_stat_activity
    where datname = current_database() and application_name like 'kernelboard ingest%'`;
  while ((await rows(count))[0]?.count !== 0) await sleep(10);
}
