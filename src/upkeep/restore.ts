/**
 * Reads a snapshot into the database, ours or the reference implementation's (chapter 08, section 4.6). What is stored already stays as it
 * is, so a restore that was interrupted is simply run again.
 *
 * The archive is read once, from front to back, and at most a batch of rows is in memory. Each batch is committed alone. The
 * derived tables get the rows of the archive: they are not counted again.
 */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import tar from "tar-stream";
import { errorMessage } from "../database/errors.ts";
import { clientOptions, type Connection } from "../database/pool.ts";
import { ANNOUNCE_EVERYTHING } from "../rollups/changes.ts";
import { LOCK_WRITERS } from "../rollups/rollups.ts";
import { stored } from "./snapshot_columns.ts";
import { DEFINITIONS, SNAPSHOT_TABLES, type SnapshotTable } from "./snapshot_tables.ts";

/** A row with more would be no row of ours; without a limit a missing quote would read all of a file into memory. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024;
/** A batch is written when it has so many rows, or characters. */
const BATCH_ROWS = 10_000;
const BATCH_CHARACTERS = 16 * 1024 * 1024;

export interface RestoreOptions {
  connection: Connection;
  path: string;
  /** Only read the archive, and try what is in it. */
  dryRun: boolean;
  signal?: AbortSignal;
  onTable: (table: SnapshotTable, label: string, counts: RestoredRows) => void;
  onUnknown: (name: string) => void;
}

export interface RestoredRows {
  read: number;
  /** The others were there already. */
  inserted: number;
}

/** An archive that cannot be read. */
export class ArchiveError extends Error {
  override name = "ArchiveError";
}

/**
 * Restores whatever tables are in the archive.
 *
 * @throws ArchiveError, the database's error, or the signal's reason; batches before stay
 */
export async function restoreSnapshot(options: RestoreOptions): Promise<Map<SnapshotTable, RestoredRows>> {
  const client = new pg.Client(clientOptions(options.connection, "kernelboard restore"));
  client.on("error", () => undefined);
  const restored = new Map<SnapshotTable, RestoredRows>();
  try {
    await client.connect();
    const extract = tar.extract();
    const reading = pipeline(createReadStream(options.path), createGunzip(), extract);
    reading.catch(() => undefined);
    try {
      for await (const entry of extract) {
        const { name } = entry.header;
        const table = SNAPSHOT_TABLES.find((known) => `${known}.csv` === name.replace(/^\.\//, ""));
        if (table === undefined) {
          options.onUnknown(name);
          entry.resume();
          continue;
        }
        const counts = await restoreTable(client, table, entry as unknown as Readable, options);
        restored.set(table, counts);
        options.onTable(table, DEFINITIONS[table].label, counts);
      }
      await reading;
    } catch (error) {
      extract.destroy();
      const first = await reading.then(
        () => error,
        (readingError: unknown) => (isOf(error) ? error : readingError),
      );
      throw isOf(first) ? first : new ArchiveError(`${options.path} cannot be read: ${errorMessage(first)}`);
    }
    if (restored.size === 0)
      throw new ArchiveError(`${options.path} has none of ${SNAPSHOT_TABLES.join(".csv, ")}.csv in it`);
    return restored;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** It is no fault of the archive's shape, or says itself what is wrong. */
function isOf(error: unknown): boolean {
  return (
    error instanceof ArchiveError ||
    error instanceof pg.DatabaseError ||
    (error instanceof Error && error.name === "StoppedBySignal")
  );
}

async function restoreTable(
  client: pg.Client,
  table: SnapshotTable,
  entry: Readable,
  { dryRun, signal }: RestoreOptions,
): Promise<RestoredRows> {
  const { columns, label } = DEFINITIONS[table];
  const names = columns.map(({ name }) => name).join(", ");
  await client.query(`
    drop table if exists restored;
    create temp table restored as select ${names} from ${table} limit 0`);
  const counts = { read: 0, inserted: 0 };
  let lines: string[] = [];
  let characters = 0;
  const write = async (): Promise<void> => {
    signal?.throwIfAborted();
    const inserted = await writeBatch(client, table, names, lines, dryRun);
    counts.inserted += inserted;
    lines = [];
    characters = 0;
  };
  const records = parse({
    bom: true,
    max_record_size: MAX_RECORD_BYTES,
    relax_column_count: true,
    cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
  });
  const feeding = pipeline(entry, records);
  feeding.catch(() => undefined);
  for await (const record of records as AsyncIterable<(string | null)[]>) {
    counts.read++;
    if (record.length !== columns.length)
      throw new ArchiveError(
        `${table}.csv, record ${counts.read}: ${record.length} columns instead of ${columns.length}`,
      );
    const line = columns.map(({ name, kind }, index) => {
      try {
        return copyField(stored(record[index] ?? null, kind));
      } catch (error) {
        throw new ArchiveError(`${label}, record ${counts.read}, ${name}: ${errorMessage(error)}`);
      }
    });
    const text = line.join("\t");
    lines.push(text);
    characters += text.length;
    if (lines.length >= BATCH_ROWS || characters >= BATCH_CHARACTERS) await write();
  }
  await feeding;
  if (lines.length > 0) await write();
  return counts;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A value in the text format of COPY. */
function copyField(value: string | null): string {
  return value === null ? "\\N" : value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? "");
}

/** New rows are inserted in the order of their keys, as ingestion does, so that both do not wait for each other. */
async function writeBatch(
  client: pg.Client,
  table: SnapshotTable,
  names: string,
  lines: string[],
  dryRun: boolean,
): Promise<number> {
  await client.query("begin");
  try {
    await client.query("truncate restored");
    const copy = client.query(copyFrom(`copy restored (${names}) from stdin`));
    await pipeline(function* () {
      for (const line of lines) yield `${line}\n`;
    }, copy);
    // A transaction that writes derived rows, which ingestion changes under this lock.
    await client.query(LOCK_WRITERS);
    const { rowCount } = await client.query(
      `insert into ${table} (${names}) select ${names} from restored order by ${ORDER[table] ?? "1, 2"} on conflict do nothing`,
    );
    if ((rowCount ?? 0) > 0) await client.query(ANNOUNCE_EVERYTHING);
    await client.query(dryRun ? "rollback" : "commit");
    return rowCount ?? 0;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

const ORDER: Partial<Record<SnapshotTable, string>> = {
  issues: "id, version",
  checkouts: "id",
  builds: "checkout_id, id",
  tests: "build_id, id",
  incidents: "id",
};
