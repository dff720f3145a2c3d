import { readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import {
  ingestOnce,
  spoolState,
  submission,
  temporaryDirectory,
  writeSubmissions,
} from "../../test/support/spool.ts";
import { ingest } from "./ingest.ts";

const MEGABYTE = 1024 * 1024;
/** As much as the schema allows. */
const LOG_EXCERPT = "x".repeat(16_384);

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
});

/** Writes `big.json`, of at least so many bytes, and `small.json`. @returns how many tests are in the big one */
async function writeBigAndSmall(directory: string, bytes: number): Promise<number> {
  await writeSubmissions(directory, {
    "small.json": submission({ tests: [{ id: "o:small", build_id: "o:b", origin: "o" }] }),
  });
  const file = await open(join(directory, "big.json"), "w");
  await file.write('{"version":{"major":5,"minor":3},"tests":[');
  let tests = 0;
  for (let size = 0; size < bytes; tests++) {
    const test = { id: `o:${tests}`, build_id: "o:b", origin: "o", status: "PASS", log_excerpt: LOG_EXCERPT };
    const text = `${tests === 0 ? "" : ","}${JSON.stringify(test)}`;
    await file.write(text);
    size += text.length;
  }
  await file.write("]}");
  await file.close();
  return tests;
}

it("takes a file of 200 MB like any other", async () => {
  const directory = await temporaryDirectory();
  const tests = await writeBigAndSmall(directory, 200 * MEGABYTE);
  await ingest(ingestOnce(database.connection, directory));
  expect(await spoolState(directory)).toMatchObject({
    inbox: [],
    archive: ["big.json", "small.json"],
    failed: [],
  });
  expect(await database.rows("select count(*)::integer as count from tests")).toEqual([{ count: tests + 1 }]);
});

it("keeps no small file waiting for a large one, where files come in all the time", async () => {
  const directory = await temporaryDirectory();
  await writeBigAndSmall(directory, 80 * MEGABYTE);
  const stop = new AbortController();
  let first: string[] | undefined;
  await ingest({
    ...ingestOnce(database.connection, directory),
    once: false,
    maxWorkers: 5,
    signal: stop.signal,
    onProgress: ({ filesDone }) => {
      if (filesDone > 0) first ??= readdirSync(join(directory, "archive"));
      if (filesDone === 2) stop.abort();
    },
  });
  expect(first).toEqual(["small.json"]);
  expect(await spoolState(directory)).toMatchObject({ inbox: [], archive: ["big.json", "small.json"] });
});
