/** What a worker does with files that another process takes in at the same moment. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it } from "vitest";
import { testDatabase } from "../../test/support/database.ts";
import { ingestFiles, submission, temporaryDirectory, writeSubmissions } from "../../test/support/spool.ts";
import { Claims } from "./claims.ts";
import { microsecondClock } from "./clock.ts";
import { openSpool } from "./spool.ts";
import { Worker } from "./worker.ts";
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
  const worker = new Worker({
    spool,
    folder: claims.folder,
    writers: [writer],
    log,
    clock: microsecondClock(),
    batchSize: 2,
    treeNames: () => Promise.resolve(new Map()),
    excerpts: undefined,
    takeRetries: () => ({}),
    onMeasures: undefined,
    isStopping: () => false,
    report: (report) => {
      if (report.again.length > 0) again.push(report.again);
    },
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
