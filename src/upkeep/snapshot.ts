/**
 * Writes a snapshot: an archive of tables as CSV that the reference implementation can restore (chapter 08, section 4.6).
 *
 * All tables are read in one moment's view, row by row: each goes through a file beside the archive, because an archive
 * says how long a member is before its content. The archive gets its name when it is complete.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import tar from "tar-stream";
import { clientOptions, type Connection } from "../database/pool.ts";
import { archived } from "./snapshot_columns.ts";
import { DEFINITIONS, windowOf, type SnapshotTable } from "./snapshot_tables.ts";

export interface SnapshotOptions {
  connection: Connection;
  /** Both inclusive. */
  window: { start: Date; end: Date };
  origins?: readonly string[];
  relatedOnly: boolean;
  tables: readonly SnapshotTable[];
  path: string;
  /** Only counts the rows. */
  dryRun?: boolean;
  signal?: AbortSignal;
  onStart: (label: string) => void;
  onDone: (table: SnapshotTable, label: string, rows: number, bytes: number) => void;
}

/** @throws the database's error, that of the file system, or the signal's reason; then there is no archive */
export async function writeSnapshot(options: SnapshotOptions): Promise<void> {
  if (options.dryRun) {
    await countRows(options);
    return;
  }
  const { path, signal } = options;
  const folder = await mkdtemp(join(dirname(path), `.${basename(path)}-`));
  const client = new pg.Client(clientOptions(options.connection, "kernelboard snapshot"));
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("begin isolation level repeatable read, read only");
    const pack = tar.pack();
    const unfinished = join(folder, "archive");
    const written = pipeline(pack, createGzip(), createWriteStream(unfinished));
    // Its failure is told by what is awaited below.
    written.catch((error: unknown) => {
      pack.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    try {
      for (const table of options.tables) {
        signal?.throwIfAborted();
        const { label } = DEFINITIONS[table];
        options.onStart(label);
        const file = join(folder, `${table}.csv`);
        const rows = await copyTable(client, table, options, file);
        const { size } = await stat(file);
        await pipeline(createReadStream(file), pack.entry({ name: `${table}.csv`, size }));
        await rm(file);
        options.onDone(table, label, rows, size);
      }
      pack.finalize();
    } catch (error) {
      pack.destroy();
      await written.catch(() => undefined);
      throw error;
    }
    await written;
    await rename(unfinished, path);
  } finally {
    await client.end().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Tells of each table how many rows it would have in the archive; how many bytes these take, nobody knows yet. */
async function countRows(options: SnapshotOptions): Promise<void> {
  const client = new pg.Client(clientOptions(options.connection, "kernelboard snapshot"));
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("begin isolation level repeatable read, read only");
    for (const table of options.tables) {
      options.signal?.throwIfAborted();
      const { rows } = await client.query<{ rows: number }>(
        `select count(*)::double precision as rows from ${table} r where ${await condition(client, table, options)}`,
      );
      options.onDone(table, DEFINITIONS[table].label, rows[0]?.rows ?? 0, 0);
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Which rows of a table, as SQL with the values in it: COPY takes no parameters, so the server quotes them. */
async function condition(
  client: pg.Client,
  table: SnapshotTable,
  { window, origins, relatedOnly }: SnapshotOptions,
): Promise<string> {
  const { rows } = await client.query<{ condition: string }>(
    "select format($1, $2::text, $3::text, $4::text) as condition",
    [
      windowOf(table, relatedOnly)
        .replaceAll("%", "%%")
        .replace(/\$([123])/g, "%$1$$L"),
      window.start.toISOString(),
      window.end.toISOString(),
      origins === undefined ? null : await arrayText(client, origins),
    ],
  );
  return rows[0]?.condition ?? "false";
}

/** Writes a table's rows to a file. @returns how many */
async function copyTable(
  client: pg.Client,
  table: SnapshotTable,
  options: SnapshotOptions,
  file: string,
): Promise<number> {
  const { columns, time, id } = DEFINITIONS[table];
  const { signal } = options;
  const chosen = await condition(client, table, options);
  const order = [...(time === undefined ? [] : [`r.${time}`]), `r.${id}`].join(", ");
  const lines = crlfLines();
  await pipeline(
    client.query(
      copyTo(
        `copy (select ${columns.map(archived).join(", ")} from ${table} r where ${chosen} order by ${order})
         to stdout (format csv)`,
      ),
    ),
    lines.stream,
    createWriteStream(file),
    { ...(signal ? { signal } : {}) },
  );
  return lines.count();
}

async function arrayText(client: pg.Client, list: readonly string[]): Promise<string> {
  const { rows } = await client.query<{ text: string }>("select $1::text[]::text as text", [list]);
  return rows[0]?.text ?? "{}";
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** Ends records with CRLF, as Python's writer does, and counts them; line feeds within quotes stay. */
function crlfLines(): { stream: Transform; count: () => number } {
  let isQuoted = false;
  let records = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const parts: Buffer[] = [];
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        if (byte === QUOTE) isQuoted = !isQuoted;
        else if (byte === LINE_FEED && !isQuoted) {
          parts.push(chunk.subarray(from, at), Buffer.from("\r\n"));
          from = at + 1;
          records++;
        }
      }
      parts.push(chunk.subarray(from));
      done(null, Buffer.concat(parts));
    },
  });
  return { stream, count: () => records };
}
