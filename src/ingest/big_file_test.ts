import { open } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import {
  ingestOnce,
  spoolState,
  submission,
  temporaryDirectory,
  writeSubmissions,
} from "../../test/support/spool.ts";
import { ingest } from "./ingest.ts";

const BYTES = 200 * 1024 * 1024;
/** As much as the schema allows. */
const LOG_EXCERPT = "x".repeat(16_384);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});

it("takes a file of 200 MB like any other", async () => {
  const directory = await temporaryDirectory();
  await writeSubmissions(directory, {
    "small.json": submission({ tests: [{ id: "o:small", build_id: "o:b", origin: "o" }] }),
  });
  const file = await open(join(directory, "big.json"), "w");
  await file.write('{"version":{"major":5,"minor":3},"tests":[');
  let tests = 0;
  for (let size = 0; size < BYTES; tests++) {
    const test = { id: `o:${tests}`, build_id: "o:b", origin: "o", status: "PASS", log_excerpt: LOG_EXCERPT };
    const text = `${tests === 0 ? "" : ","}${JSON.stringify(test)}`;
    await file.write(text);
    size += text.length;
  }
  await file.write("]}");
  await file.close();
  await ingest(ingestOnce(database.connection, directory));
  expect(await spoolState(directory)).toMatchObject({
    inbox: [],
    archive: ["big.json", "small.json"],
    failed: [],
  });
  expect(await database.rows("select count(*)::integer as count from tests")).toEqual([{ count: tests + 1 }]);
});
