/** Spool directories for tests, and ingestion from them. */
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { Connection } from "../../src/database/pool.ts";
import { Bell } from "../../src/ingest/bell.ts";
import { ingest, type IngestOptions } from "../../src/ingest/ingest.ts";
import { openSpool } from "../../src/ingest/spool.ts";
import { atEndOfFile } from "./cleanup.ts";

/** A directory of its own, removed after the test file. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "kernelboard-spool-"));
  atEndOfFile(() => rm(path, { recursive: true, force: true }));
  return path;
}

export type Content = string | Buffer | object;

/** Writes submissions into a spool directory; objects become JSON. */
export async function writeSubmissions(directory: string, files: Record<string, Content>): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content);
    await writeFile(join(directory, name), bytes);
  }
}

/** Options of an ingestion that takes what is there and ends. */
export function ingestOnce(connection: Connection, spoolDir: string): IngestOptions {
  return {
    spoolDir,
    connection,
    log: pino({ level: "silent" }),
    maxWorkers: 1,
    intervalSeconds: 0,
    once: true,
    treesFile: join(spoolDir, "tree-names.yaml"),
    filesBatchSize: 100,
    cycleBatchSize: 50_000,
    batchSize: 10_000,
    giveUpAfterMs: 10_000,
  };
}

export interface Report {
  file: string;
  stored: Record<string, number>;
  merged: Record<string, number>;
  refused: number;
  refusals: { kind: string | null; id: string | null; pointer: string; rule: string; message: string }[];
}

export interface SpoolState {
  inbox: string[];
  archive: string[];
  failed: string[];
  /** By the name of the refused file. */
  reports: Record<string, Report>;
}

/** What lies where in a spool directory. */
export async function spoolState(directory: string): Promise<SpoolState> {
  const list = async (folder: string): Promise<string[]> =>
    (await readdir(join(directory, folder), { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort();
  const failed = await list("failed");
  const reports: Record<string, Report> = {};
  for (const name of failed.filter((file) => file.endsWith(".error.json"))) {
    const text = await readFile(join(directory, "failed", name), "utf8");
    reports[name.replace(/\.error\.json$/, "")] = JSON.parse(text) as Report;
  }
  return {
    inbox: await list("."),
    archive: await list("archive"),
    failed: failed.filter((name) => !name.endsWith(".error.json")),
    reports,
  };
}

/** Ingests files from a spool of their own, and tells where they ended. */
export async function ingestFiles(
  connection: Connection,
  files: Record<string, Content>,
  options: Partial<IngestOptions> = {},
): Promise<SpoolState> {
  const directory = await temporaryDirectory();
  await writeSubmissions(directory, files);
  await ingest({ ...ingestOnce(connection, directory), ...options });
  return spoolState(directory);
}

/**
 * The same for tests that ingest again and again: an ingestion that stays until the end of the test file, because starting
 * one takes longer than it needs for a few files.
 *
 * @returns takes files in, one call at a time, and tells where they ended
 */
export async function standingIngestion(
  connection: Connection,
): Promise<(files: Record<string, Content>) => Promise<SpoolState>> {
  const directory = await temporaryDirectory();
  await openSpool(directory);
  const bell = new Bell();
  const stop = new AbortController();
  const ended = ingest({ ...ingestOnce(connection, directory), once: false, signal: stop.signal, bell });
  let failure: Error | undefined;
  ended.catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  atEndOfFile(async () => {
    stop.abort();
    await ended;
  });
  return async (files) => {
    // What is in the inbox is taken at once, so files come there whole.
    const aside = join(directory, "aside");
    await writeSubmissions(aside, files);
    for (const name of Object.keys(files)) await rename(join(aside, name), join(directory, name));
    bell.ring();
    for (;;) {
      const state = await spoolState(directory);
      if (failure !== undefined) throw failure;
      if (state.archive.length + state.failed.length >= Object.keys(files).length) {
        for (const folder of ["archive", "failed"]) await emptyDirectory(join(directory, folder));
        return state;
      }
      await sleep(5);
    }
  };
}

async function emptyDirectory(directory: string): Promise<void> {
  for (const entry of await readdir(directory)) await rm(join(directory, entry), { recursive: true });
}

/** A submission of version 5.3 with these sections. */
export function submission(sections: Record<string, unknown>): object {
  return { version: { major: 5, minor: 3 }, ...sections };
}
