/**
 * Rows as the reference implementation wrote them from the same submissions, on both kinds of PostgreSQL, whatever the
 * number of workers and the order and grouping of the files, and again after a second ingestion.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ingest, type IngestOptions } from "../../src/ingest/ingest.ts";
import { createDatabase, EXTERNAL, externalProblem, type TestDatabase } from "../support/database.ts";
import { migrate } from "../../src/database/migrate.ts";
import { ingestOnce, temporaryDirectory } from "../support/spool.ts";
import {
  CONFORMANCE_DATA,
  SHARED,
  dsn,
  generateSubmissions,
  runShared,
  sharedProblem,
} from "../support/shared.ts";
import type { Connection } from "../../src/database/pool.ts";
import { inject } from "vitest";
import { pino } from "pino";

const treesFile = join(SHARED, "conformance", "trees.yaml");
const external = await externalProblem();
if (sharedProblem !== undefined) console.warn(`skipped: ${sharedProblem}`);
if (external !== undefined) console.warn(`skipped on an external PostgreSQL: ${external}`);

const SERVERS: [string, () => Connection][] = [
  ["the embedded server", (): Connection => inject("connection")],
  ...(external === undefined
    ? [["the external server", (): Connection => EXTERNAL] as [string, () => Connection]]
    : []),
];

const TABLES = [
  ...["checkouts", "builds", "tests", "issues", "incidents", "latest_checkout", "tree_listing"],
  ...["hardware_status", "tree_tests_rollup", "pending_test", "pending_builds"],
];

let generated: string;
let real: string;

async function checkRows(connection: Connection, expected: string): Promise<string> {
  const script = join(SHARED, "conformance", "check-rows.mjs");
  const output = await runShared(process.execPath, [
    script,
    "--dsn",
    dsn(connection),
    "--expected",
    join(SHARED, "conformance", expected),
  ]);
  return output.includes("FAIL") ? output : (output.trim().split("\n").at(-1) ?? "");
}

/** All rows of the tables, each as one number; times of ingestion aside, which move when objects come again. */
async function digests(database: TestDatabase): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const table of TABLES)
    [found[table]] = await database.rows(
      `select count(*), sum(hashtextextended((to_jsonb(t) - '_timestamp')::text, 0)) as digest from ${table} t`,
    );
  return found;
}

/**
 * Ingests all files of a directory into a database of its own and checks the rows, then once more, which has to leave them as
 * they are: the check takes far longer than the ingestion.
 */
async function ingestTwice(
  server: Connection,
  source: string,
  expected: string,
  options: Partial<IngestOptions>,
  order = (name: string): string => name,
): Promise<string> {
  const database = await createDatabase(server);
  try {
    await migrate(database.connection, pino({ level: "silent" }));
    const spoolDir = await temporaryDirectory();
    for (const name of await readdir(source)) await cp(join(source, name), join(spoolDir, order(name)));
    const all = { ...ingestOnce(database.connection, spoolDir), treesFile, ...options };
    await ingest(all);
    const result = await checkRows(database.connection, expected);
    const before = await digests(database);
    for (const name of await readdir(join(spoolDir, "archive")))
      await rename(join(spoolDir, "archive", name), join(spoolDir, name));
    await ingest(all);
    expect(await digests(database)).toEqual(before);
    return result;
  } finally {
    await database.drop();
  }
}

/** A naming that puts the files into another order, the same in every run. */
function shuffled(salt: string): (name: string) => string {
  return (name) =>
    `${createHash("sha256")
      .update(salt + name)
      .digest("hex")}-${name}`;
}

describe.skipIf(sharedProblem !== undefined)("rows of submissions", () => {
  beforeAll(async () => {
    generated = join(await temporaryDirectory(), "generated");
    await generateSubmissions(generated, CONFORMANCE_DATA);
    const folder = await temporaryDirectory();
    await runShared("tar", ["xf", join(SHARED, "submissions", "real-500.tar.xz"), "-C", folder]);
    real = join(folder, "flat");
    await mkdir(real);
    for (const entry of await readdir(folder, { recursive: true })) {
      if (entry.endsWith(".json"))
        await cp(join(folder, entry), join(real, entry.split("/").at(-1) ?? entry));
    }
  });

  describe.each(SERVERS)("on %s", (_name, server) => {
    it.each<[string, Partial<IngestOptions>, (name: string) => string]>([
      ["1 worker", { maxWorkers: 1 }, (name): string => name],
      ["4 workers", { maxWorkers: 4, filesBatchSize: 10 }, (name): string => name],
      [
        "4 workers, small scans and batches, another order",
        { maxWorkers: 4, cycleBatchSize: 20, filesBatchSize: 3, batchSize: 150 },
        shuffled("a"),
      ],
      ["1 worker, a third order", { maxWorkers: 1, batchSize: 1000 }, shuffled("b")],
    ])("are the expected ones of the generated data: %s", async (_how, options, order) => {
      expect(await ingestTwice(server(), generated, "db", options, order)).toBe("9 passed, 0 failed");
    });

    it("are the expected ones of the real submissions, in the order of their names", async () => {
      expect(await readdir(real)).toHaveLength(500);
      expect(await ingestTwice(server(), real, "ingested-real", { maxWorkers: 1 })).toBe(
        "11 passed, 0 failed",
      );
    });
  });
});
