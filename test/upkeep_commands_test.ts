/** The commands that keep a database: pruning, archives, unused rows and the hardware registry, as an operator runs them. */
import { createServer } from "node:http";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { atEndOfFile } from "./support/cleanup.ts";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { derivedDifferences } from "./support/derived.ts";
import { databaseEnvironment, run, start, type Outcome } from "./support/program.ts";
import { testServer } from "./support/server.ts";
import { ingestSmallWorld } from "./support/small_world.ts";
import { temporaryDirectory } from "./support/spool.ts";

const TABLES = {
  checkouts: "id",
  builds: "id",
  tests: "id",
  issues: "id, version",
  incidents: "id",
  latest_checkout: "checkout_id",
  tree_listing: "checkout_id",
  hardware_status: "checkout_id, test_origin, platform",
  tree_tests_rollup: "git_commit_hash, hardware_key, path_group, id",
};
/** Columns that an archive does not have, or that count up. */
const NOT_IN_ARCHIVES = `array['id', 'series', 'compatibles_test_id'] || (
  select array_agg(column_name::text) from information_schema.columns
  where table_name = 'tree_listing' and column_name ~ '_(error|skip|miss|done)$')`;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await ingestSmallWorld(database.connection);
  await ingestSmallWorld(database.connection, "old-");
  await database.pool.query(`
    update tests set comment = E'two\\nlines, "quoted"\\n\\\\.\\nend', log_excerpt = '', environment_compatible = array['it''s', 'a "b"\\c', null, E'x\\ny']
    where id = (select min(id) from tests where environment_compatible is null);
    update checkouts set valid = false, start_time = now() - interval '2 days', _timestamp = date_trunc('second', now())`);
  await database.pool.query("update checkouts set valid = null where id < 'o:c2'");
});

const kernelboard = (args: string[], { connection }: TestDatabase = database): Promise<Outcome> =>
  run(args, databaseEnvironment(connection));

async function contents({ rows }: TestDatabase, isArchived = false): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of Object.keys(TABLES)) {
    const isCounted = !["checkouts", "builds", "tests", "issues", "incidents"].includes(table);
    const list = await rows(
      `select (to_jsonb(r)${isCounted || isArchived ? ` - (${isCounted ? NOT_IN_ARCHIVES : "array['series']"})` : ""})::text as row from ${table} r order by 1`,
    );
    found[table] = list.map(({ row }) => String(row));
  }
  return found;
}

it("update_db takes all rows through an archive, and a restore that was killed goes on", async () => {
  const folder = await temporaryDirectory();
  const path = join(folder, "all.v2");
  const snapshot = await kernelboard([
    "update-db",
    "snapshot",
    "--start-interval",
    "36500 days",
    "--filepath",
    path,
  ]);
  expect(snapshot).toMatchObject({ code: 0, stderr: "" });
  expect(snapshot.stdout).toMatch(/^Filtering data between 36500 days and 0 hours\nMigrating Issues\.\.\.\n/);
  expect(snapshot.stdout).toMatch(/Successfully migrated all data to dashboard_db\n$/);
  expect(await readdir(folder)).toEqual(["all.v2.tar.gz"]);

  const other = await testDatabase();
  const killed = start(["update_db", "restore", "--filepath", path], databaseEnvironment(other.connection));
  await killed.shows(/Processed \d+ (Checkouts) records/);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const restored = await kernelboard(["update_db", "restore", "--filepath", path], other);
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(await contents(other, true)).toEqual(await contents(database, true));
  const again = await kernelboard(["update_db", "restore", "--filepath", path, "--json"], other);
  const { tables } = JSON.parse(again.stdout) as { tables: { inserted: number; read: number }[] };
  expect([tables.length, tables.every((table) => table.inserted === 0)]).toEqual([9, true]);
});

it("update_db refuses what it cannot do before it touches a file", async () => {
  const folder = await temporaryDirectory();
  const path = join(folder, "x");
  const args = ["update_db", "snapshot", "--filepath", path, "--start-interval"];
  const errors = await Promise.all([
    kernelboard([...args, "10days"]),
    kernelboard([...args, "1 day", "--end-interval", "2 days"]),
    kernelboard([...args, "1 day", "--table", "nothing"]),
    kernelboard(["update_db", "restore", "--filepath", path]),
  ]);
  expect(errors.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  expect(errors.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
    "CommandError: Invalid interval format: 10days",
    expect.stringMatching(/^CommandError: End interval cannot be greater than start interval. Aborting./),
    expect.stringMatching(/^CommandError: Unknown table: nothing/),
    expect.stringMatching(/^CommandError: cannot read .*x.tar.gz/),
  ]);
  expect(await readdir(folder)).toEqual([]);
});

it("prune_db that was killed half-way ends in what an undisturbed one does", async () => {
  const worlds = [await testDatabase(), await testDatabase()];
  for (const world of worlds) {
    await ingestSmallWorld(world.connection);
    await world.pool.query(
      "update checkouts set _timestamp = now() - interval '90 days' where id < 'o:c2'; update tests set _timestamp = now() - interval '90 days' where id > 'o:t4'",
    );
  }
  const [whole, disturbed] = worlds;
  if (whole === undefined || disturbed === undefined) throw new Error("there are two");
  const args = ["prune_db", "--older-than", "30 days", "--yes"];
  const dry = await kernelboard(["prune-db", "--older-than", "30 days", "--dry-run"], whole);
  expect(dry.stdout).toMatch(
    /^Rows older than \d{4}-\d\d-\d\dT.*\+00:00:\n\* checkouts:\t {7}\d\n\* builds:\t +\d+\n\* tests:\t +\d+\n-{22}\n\* total:\t +\d+\nNote: counts include children cascaded from pruned parents.\nNote: rows linked to an incident are kept.\n/,
  );
  expect(dry.stderr).toBe("[DRY RUN] No rows deleted. Run without --dry-run to execute.\n");
  const asked = await kernelboard(args.slice(0, 3), whole);
  expect([asked.code, asked.stdout.endsWith("Delete these rows? [y/N] Aborted.\n")]).toEqual([0, true]);
  const done = await kernelboard(args, whole);
  expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/Successfully pruned \d+ rows\.\n$/)]);

  const killed = start([...args, "--batch-size", "3"], databaseEnvironment(disturbed.connection));
  await killed.shows(/Deleted tests\(n=3\) total=(6)/);
  killed.child.kill("SIGKILL");
  await killed.ended;
  while (
    (
      await disturbed.rows(
        "select from pg_stat_activity where datname = current_database() and application_name = 'kernelboard prune'",
      )
    ).length > 0
  )
    await sleep(10);
  expect(await derivedDifferences(disturbed.pool)).toEqual([]);
  expect((await kernelboard(args, disturbed)).code).toBe(0);
  const ids = async ({ rows }: TestDatabase): Promise<unknown> => ({
    checkouts: await rows("select id from checkouts order by id"),
    builds: await rows("select id from builds order by id"),
    tests: await rows("select id from tests order by id"),
  });
  expect(await ids(disturbed)).toEqual(await ids(whole));
  expect(await derivedDifferences(disturbed.pool)).toEqual([]);
  const errors = await Promise.all([
    kernelboard(["prune_db", "--older-than", "-5 days"]),
    kernelboard(["prune_db", "--older-than", "5 weeks"]),
    kernelboard(["prune_db", "--older-than", "5 days", "--tables", "foo"]),
    kernelboard(["prune_db", "--older-than", "5 days", "--batch-size", "0"]),
  ]);
  expect(errors.map(({ code, stderr }) => [code, stderr.split("\n")[0]])).toEqual([
    [1, "CommandError: --older-than must be a positive age (got -5 days)."],
    [1, "CommandError: Unsupported time unit: weeks"],
    [1, "CommandError: Unknown table(s): foo. Valid options are: checkouts, builds, tests."],
    [1, expect.stringMatching(/--batch-size must be at least 1 \(got 0\)\./)],
  ]);
});

it("delete_unused_hardware_status deletes rows of checkouts that are gone, the reference's way others too", async () => {
  const world = await testDatabase();
  await ingestSmallWorld(world.connection);
  const stray = (id: string): Promise<unknown> =>
    world.pool.query(`
      insert into hardware_status select (jsonb_populate_record(h, '{"checkout_id": "${id}"}')).* from hardware_status h limit 1;
      insert into processed_listing_items values (decode(md5('${id}'), 'hex'), '${id}')`);
  await stray("gone-1");
  await stray("gone-2");
  const command = "delete_unused_hardware_status";
  expect((await kernelboard([command, "--dry-run"], world)).stdout).toBe(
    "[DRY RUN] Would delete 2 HardwareStatus entries and 2 ProcessedListingItems entries Run without --dry-run to execute deletion.\n",
  );
  const { stdout } = await kernelboard([command, "--batch-size", "1"], world);
  expect(stdout.split("\n").slice(1, 3)).toEqual([
    "Deleted hardware_status(n=1) entries (total: 1/2)",
    "Deleted hardware_status(n=1) entries (total: 2/2)",
  ]);
  expect(await derivedDifferences(world.pool)).toEqual([]);
  const kept = await world.rows(
    "select h.checkout_id from hardware_status h where h.checkout_id in (select checkout_id from latest_checkout)",
  );
  await kernelboard([command, "--superseded"], world);
  expect(await world.rows("select checkout_id from hardware_status")).toHaveLength(kept.length);
  await world.pool.query("truncate latest_checkout");
  const refused = await kernelboard([command, "--superseded"], world);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("latest_checkout is empty")]);
});

const TI = `
schema_info: {version: 1}
silicon_vendors: {ti: {id: ti, type: silicon_vendor, url: "https://www.ti.com", founded: 1930}}
platform_vendors: {beagleboard: {id: beagleboard, url: "https://beagleboard.org"}}
processors: {am3358: {id: am3358, vendor_id: ti, architecture: arm, cores: 1, max_clock_speed_mhz: 799.6, deprecated: false}}
system_modules:
platforms: {bbb: {id: am335x-bone-black, type: single_board_computer, vendor_id: beagleboard, processor_id: am3358}}
`;

it("update_hardware_registry takes in what an index lists, and the API shows it", async () => {
  const world = await testDatabase();
  const files: Record<string, string> = { "/r/index.yaml": "registries: [ti.yaml]", "/r/ti.yaml": TI };
  const server = createServer((request, response) => {
    const text = files[request.url ?? ""];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEndOfFile(() => new Promise((resolve) => server.close(resolve)));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r`;
  const update = (...args: string[]): Promise<Outcome> =>
    kernelboard(["update_hardware_registry", ...args], world);
  const done = await update("--index", `${base}/index.yaml`);
  expect([done.code, done.stdout.split("\n")[0]]).toEqual([0, `Processed: ${base}/ti.yaml`]);

  const api = await testServer(world.pool);
  const { body } = await api.get("/api/hardware/registry/?name=AM33");
  expect(body).toMatchObject({
    silicon_vendors: [],
    processors: [{ id: "am3358", type: "soc", max_clock_speed_mhz: 800, vendor_id: "ti" }],
    platforms: [{ id: "am335x-bone-black", system_module_id: null }],
  });
  const info = await api.get("/api/hardware/ti,am335x-bone-black/info");
  expect(info.body).toMatchObject({
    hardware: "ti,am335x-bone-black",
    platforms: [
      { id: "am335x-bone-black", vendor: { id: "beagleboard" }, processor: { vendor: { id: "ti" } } },
    ],
  });
  expect((await api.get("/api/hardware/ti,am3358/info")).body).toMatchObject({
    processors: [{ id: "am3358" }],
  });
  expect((await api.get("/api/hardware/nothing/info")).body).toEqual({
    error: "This hardware isn't in the hardware registry",
  });

  const folder = await temporaryDirectory();
  await mkdir(folder, { recursive: true });
  const bad = async (text: string): Promise<string> => {
    const file = join(folder, "bad.yaml");
    await writeFile(file, text);
    const { code, stderr } = await update(file);
    expect(code).toBe(1);
    return stderr.split("\n").find((line) => line.startsWith("CommandError")) ?? "";
  };
  expect(await bad(TI.replace("vendor_id: ti,", "vendor_id: tj,").replace("1930", "1931"))).toMatch(
    /bad.yaml: processors 'am3358': vendor_id names 'tj', which is not among the silicon_vendors$/,
  );
  expect(await bad("platforms: {x: {id: x, vendor_id: null, processor_id: y}}")).toMatch(
    /bad.yaml: platforms 'x': vendor_id is missing$/,
  );
  expect(await bad("")).toMatch(/Registry is empty or parses to null/);
  expect(await bad("[1]")).toMatch(/Expected a YAML mapping at root, got list/);
  expect(await bad("a: [")).toMatch(/Invalid YAML/);
  expect((await update("--index", `${base}/other.yaml`)).stderr).toMatch(
    /^CommandError: Failed to fetch .*: status 404/,
  );
  files["/r/ti.yaml"] = TI.replace(/platforms: .*/, "platforms:");
  const pruned = await update("--index", `${base}/index.yaml`, "--prune");
  expect(pruned.stdout).toMatch(
    /Deleted because they are in none of the files: platforms am335x-bone-black\./,
  );
});
