/** What commands that change something share: `--dry-run` changes nothing, and `--json` prints one JSON value alone. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, inject, it } from "vitest";
import { loadMigrations } from "../src/database/migrate.ts";
import { atEndOfFile } from "./support/cleanup.ts";
import { createDatabase, testDatabase, type TestDatabase } from "./support/database.ts";
import { databaseEnvironment, run } from "./support/program.ts";
import { ingestSmallWorld } from "./support/small_world.ts";
import { temporaryDirectory } from "./support/spool.ts";

const TABLES = [
  "checkouts",
  "builds",
  "tests",
  "issues",
  "incidents",
  "latest_checkout",
  "tree_listing",
  "hardware_status",
  "tree_tests_rollup",
  "pending_test",
  "pending_builds",
  "kernelboard_migrations",
];

let database: TestDatabase;
/** What a dry run said about the run that follows it. */
let wouldWrite: unknown;
beforeAll(async () => {
  database = await testDatabase();
  await ingestSmallWorld(database.connection);
  // Something to do for each: a parent that came by hand, rows that are wrong, and one that is gone.
  await database.pool.query(`
    insert into checkouts (id, origin, tree_name, git_commit_hash, start_time, _timestamp)
      values ('o:missing', 'o', 'late', 'cccc', now(), now());
    insert into builds (id, checkout_id, origin, status, _timestamp) values ('o:absent', 'o:missing', 'o', 'PASS', now());
    update hardware_status set boot_pass = 50;
    delete from latest_checkout where git_repository_url like '%0.git'`);
});

async function contents({ rows }: TestDatabase): Promise<unknown> {
  return Promise.all(
    TABLES.map((table) => rows(`select to_jsonb(t)::text as row from ${table} t order by 1`)),
  );
}

async function json(
  args: string[],
  { connection }: TestDatabase = database,
  more: Record<string, string> = {},
): Promise<unknown> {
  const { code, stdout, stderr } = await run([...args, "--json"], {
    ...databaseEnvironment(connection),
    KERNELBOARD_LOG_LEVEL: "fatal",
    ...more,
  });
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return JSON.parse(stdout);
}

it("--dry-run tells what would be done, and changes nothing", async () => {
  const folder = await temporaryDirectory();
  const volume = { BACKEND_VOLUME_DIR: folder, DEBUG: "true" };
  const before = await contents(database);
  const dry = (...args: string[]): Promise<unknown> => json([...args, "--dry-run"], database, volume);
  const results = [
    await dry("process_pending_aggregations"),
    await dry("backfill_hardware_aggregations", "--days", "90000"),
    await dry("backfill_hardware_aggregations", "--days", "0", "--truncate"),
    await dry("populate_tree_tests_rollup", "--limit", "1"),
    await dry("treeproof"),
    await dry("seed_test_data", "--clear"),
    await dry("update_db", "snapshot", "--start-interval", "36500 days", "--filepath", join(folder, "x")),
    await dry("migrate"),
  ];
  expect(results).toMatchObject([
    { dry_run: true, tests: 12, builds: 2 },
    {
      dry_run: true,
      tables: [
        { table: "latest_checkout", inserted: 2, deleted: 0 },
        { table: "hardware_status", inserted: 6, updated: expect.any(Number) as number, deleted: 0 },
      ],
      errors: [],
    },
    {
      dry_run: true,
      tables: [{ table: "latest_checkout" }, { table: "pending_test" }, { table: "hardware_status" }],
    },
    { dry_run: true, summary: { ok: 1 } },
    { dry_run: true, trees: 3, skipped: [] },
    { dry_run: true, cleared: true, checkouts: 50, builds: 20, hardware_status: 18 },
    {
      dry_run: true,
      tables: expect.arrayContaining([{ table: "tests", rows: 140, bytes: null }]) as unknown,
    },
    { dry_run: true, migrations: [] },
  ]);
  wouldWrite = (results[1] as { tables: unknown }).tables;
  expect(await contents(database)).toEqual(before);
  expect(await readdir(folder)).toEqual([]);
});

it("without it the same is done, and told as JSON too", async () => {
  expect(await json(["backfill_hardware_aggregations", "--days", "90000"])).toEqual({
    dry_run: false,
    tables: wouldWrite,
    errors: [],
  });
  expect(await json(["process_pending_aggregations"])).toEqual({ dry_run: false, tests: 12, builds: 2 });
  expect(await json(["populate_tree_tests_rollup", "--limit", "1"])).toMatchObject({
    dry_run: false,
    summary: { ok: 1, failed: 0 },
    commits: [{ checkout: expect.any(String) as string, tests: expect.any(Number) as number }],
  });
  const volume = { BACKEND_VOLUME_DIR: await temporaryDirectory() };
  expect(await json(["treeproof"], database, volume)).toMatchObject({
    dry_run: false,
    added: expect.arrayContaining([{ name: "mainline", url: "https://example.org/0.git" }]) as unknown,
  });
  expect(await json(["makemigrations"])).toEqual({ migrations: [] });
});

it("migrate tells what is pending, then what it applied; others do not migrate in a dry run", async () => {
  const empty = await createDatabase(inject("connection"));
  atEndOfFile(empty.drop);
  const numbers = (await loadMigrations()).map(({ number }) => number);
  const migrations = numbers.map((number) => expect.objectContaining({ number }) as unknown);
  expect(await json(["migrate", "--dry-run"], empty)).toEqual({ dry_run: true, migrations });
  const early = await run(["seed_test_data", "--dry-run"], databaseEnvironment(empty.connection));
  expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("run 'kernelboard migrate' first")]);
  expect(await empty.rows("select to_regclass('kernelboard_migrations') as table")).toEqual([
    { table: null },
  ]);
  expect(await json(["migrate"], empty)).toEqual({ dry_run: false, migrations });
  expect(await json(["migrate"], empty)).toEqual({ dry_run: false, migrations: [] });
  expect(await json(["migrate", "--status"], empty)).toHaveLength(numbers.length);
  const seeded = { dry_run: false, cleared: false, checkouts: 50, tree_tests_rollup: 21 };
  expect(await json(["seed_test_data"], empty)).toMatchObject(seeded);
});

it("a dry run of what goes on in a loop is a usage error", async () => {
  expect((await run(["process_pending_aggregations", "--loop", "--dry-run"])).code).toBe(2);
});
