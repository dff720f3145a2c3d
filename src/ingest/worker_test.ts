/** What a worker writes at once, and what it does with files that another process takes in at the same moment. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, vi } from "vitest";
import { testDatabase } from "../../test/support/database.ts";
import { ingestFiles, submission, temporaryDirectory, writeSubmissions } from "../../test/support/spool.ts";
import { Claims } from "./claims.ts";
import { microsecondClock } from "./clock.ts";
import { openSpool } from "./spool.ts";
import { Worker, type WorkerOptions } from "./worker.ts";
import { Writer } from "./writer.ts";

const log = pino({ level: "silent" });
/** Threads in which Node reads files. */
const FILE_THREADS = 4;

/** Keeps all files from being read until it is told to let go. */
async function holdUpFiles(): Promise<{ begin: () => void; letGo: () => void }> {
  const directory = await temporaryDirectory();
  const pipes = Array.from({ length: FILE_THREADS }, (_, number) => join(directory, String(number)));
  execFileSync("mkfifo", pipes);
  let reading: Promise<FileHandle>[] = [];
  return {
    begin: () => {
      // Each waits, in its thread, for somebody who writes.
      reading = pipes.map((pipe) => open(pipe, "r"));
    },
    letGo: () => {
      for (const pipe of pipes) closeSync(openSync(pipe, "w"));
      for (const file of reading) void file.then((handle) => handle.close());
    },
  };
}

function newWorker(
  options: Pick<WorkerOptions, "spool" | "folder" | "writers" | "batchSize">,
  report: WorkerOptions["report"] = () => undefined,
): Worker {
  return new Worker({
    ...options,
    log,
    clock: microsecondClock(),
    treeNames: () => Promise.resolve(new Map()),
    excerpts: undefined,
    takeRetries: () => ({}),
    onMeasures: undefined,
    isStopping: () => false,
    report,
  });
}

const build = (name: string): object =>
  submission({ builds: [{ id: `o:${name}`, checkout_id: "o:c", origin: "o" }] });
/** So long that it is not read in place. */
const longBuild = (name: string): string => JSON.stringify(build(name)) + " ".repeat(17 * 1024 * 1024);

it("reads nothing into the next batch of a file that was being read when a batch was given up", async () => {
  const { connection, rows } = await testDatabase();
  const directory = await temporaryDirectory();
  await writeSubmissions(directory, { "a.json": build("a"), "b.json": longBuild("b") });
  const spool = await openSpool(directory);
  const claims = new Claims({ spool, connection, log });
  await claims.open();
  const outcomes = await claims.claim(["a.json", "b.json"]);
  // Another one takes a copy in, so that what is known of the first file is no longer true.
  await ingestFiles(connection, { "a.json": build("a") });

  const writer = new Writer({ connection, log });
  // Connected before files are held up, which connecting looks into.
  await writer.markMoved([]);
  const files = await holdUpFiles();
  const write = writer.write.bind(writer);
  writer.write = async (batch) => {
    writer.write = write;
    // The next file is being read for as long as this one is written.
    files.begin();
    try {
      return await write(batch);
    } finally {
      files.letGo();
    }
  };
  const again: string[][] = [];
  const worker = newWorker({ spool, folder: claims.folder, writers: [writer], batchSize: 2 }, (report) => {
    if (report.again.length > 0) again.push(report.again);
  });
  await worker.take(outcomes, 0);
  await worker.finish();
  expect(again).toEqual([["a.json"], ["b.json"]]);
  expect(await rows("select id from builds order by id")).toEqual([{ id: "o:a" }]);
  expect(await rows("select file_name from submissions")).toEqual([{ file_name: "a.json" }]);

  await worker.take(await claims.reopen(["a.json", "b.json"]), 0);
  await worker.finish();
  expect(again.length).toBe(2);
  expect(await rows("select id from builds order by id")).toEqual([{ id: "o:a" }, { id: "o:b" }]);
  expect(await rows("select file_name, state from submissions order by file_name")).toEqual([
    { file_name: "a.json", state: "done" },
    { file_name: "b.json", state: "done" },
  ]);
  await writer.close();
  await claims.close();
});

it("writes what comes after a pause as one batch", async () => {
  const { connection, rows } = await testDatabase();
  const directory = await temporaryDirectory();
  const names = ["a.json", "b.json", "c.json", "d.json"];
  await writeSubmissions(directory, Object.fromEntries(names.map((name) => [name, build(name)])));
  const spool = await openSpool(directory);
  const claims = new Claims({ spool, connection, log });
  await claims.open();
  const writer = new Writer({ connection, log });
  const write = vi.spyOn(writer, "write");
  const worker = newWorker({ spool, folder: claims.folder, writers: [writer], batchSize: 1000 });
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    await worker.take(await claims.claim(names.slice(0, 1)), 0);
    await worker.finish();
    vi.setSystemTime(Date.now() + 60_000);
    await worker.take(await claims.claim(names.slice(1)), 0);
    await worker.finish();
  } finally {
    vi.useRealTimers();
  }
  expect(write.mock.calls.map(([batch]) => batch.shares.size)).toEqual([1, 3]);
  expect(await rows("select count(*)::integer as done from submissions where state = 'done'")).toEqual([
    { done: 4 },
  ]);
  await writer.close();
  await claims.close();
});
