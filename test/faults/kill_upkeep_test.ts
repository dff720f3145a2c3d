/**
 * `kill -9` of the commands that delete unused hardware rows and take the hardware registry in: at moments chosen by a lock
 * that the test holds on one row, so that the command is known to be in the middle of that row's transaction.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { derivedDifferences } from "../support/derived.ts";
import { databaseEnvironment, run, start } from "../support/program.ts";
import { ingestSmallWorld } from "../support/small_world.ts";
import { temporaryDirectory } from "../support/spool.ts";

/** Starts the command, kills it while it waits for a row that is locked, and waits until the server has noticed. */
async function killAtRow(
  { connection, pool, rows }: TestDatabase,
  args: string[],
  session: string,
  lockRow: string,
): Promise<void> {
  const locker = await pool.connect();
  let pid: unknown;
  try {
    await locker.query("begin");
    expect((await locker.query(lockRow)).rowCount).toBe(1);
    const killed = start(args, databaseEnvironment(connection));
    const waits = `select pid from pg_stat_activity where datname = current_database() and application_name = $1
      and wait_event_type = 'Lock'`;
    for (;;) {
      pid = (await rows(waits, [session]))[0]?.pid;
      if (pid !== undefined) break;
      if (killed.child.exitCode !== null)
        throw new Error(`it ended without waiting: ${killed.stdout()}${killed.stderr()}`);
      await sleep(20);
    }
    killed.child.kill("SIGKILL");
    await killed.ended;
  } finally {
    await locker.query("rollback");
    locker.release();
  }
  while ((await rows("select from pg_stat_activity where pid = $1", [pid])).length > 0) await sleep(10);
}

async function contents({ rows }: TestDatabase, tables: string[]): Promise<unknown> {
  const found: Record<string, unknown> = {};
  for (const table of tables)
    found[table] = (await rows(`select to_jsonb(r)::text as row from ${table} r order by 1`)).map(
      ({ row }) => row,
    );
  return found;
}

async function succeeds(args: string[], { connection }: TestDatabase): Promise<string> {
  const { code, stdout, stderr } = await run(args, databaseEnvironment(connection));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("delete_unused_hardware_status", () => {
  const TABLES = ["hardware_status", "processed_listing_items", "checkouts"];
  const ARGS = ["delete_unused_hardware_status", "--batch-size", "3"];

  /** Eight unused rows of each table, beside those that are used. */
  async function world(): Promise<TestDatabase> {
    const database = await testDatabase();
    await ingestSmallWorld(database.connection);
    await database.pool.query(`
      insert into hardware_status
      select (jsonb_populate_record(null::hardware_status, h || jsonb_build_object('checkout_id', 'gone-' || n))).*
      from (select to_jsonb(s) as h from hardware_status s order by checkout_id, platform, test_origin limit 1) one,
        generate_series(1, 8) n;
      insert into processed_listing_items
      select decode(md5(n::text), 'hex'), 'gone-' || n from generate_series(1, 8) n`);
    return database;
  }

  it("ends in what an undisturbed run does, wherever it was killed", async () => {
    const [whole, disturbed] = [await world(), await world()];
    const before = await contents(disturbed, ["checkouts"]);
    await succeeds(ARGS, whole);
    const left = async (table: string): Promise<unknown> =>
      (
        await disturbed.rows(`select checkout_id from ${table} where checkout_id like 'gone%' order by 1`)
      ).map(({ checkout_id: id }) => id);
    const kill = (table: string, id: string): Promise<void> =>
      killAtRow(
        disturbed,
        ARGS,
        "kernelboard delete unused",
        `select from ${table} where checkout_id = '${id}' for update`,
      );
    // In the second batch of the first table: the batch before it is gone, its own is whole.
    await kill("hardware_status", "gone-5");
    expect(await left("hardware_status")).toEqual(["gone-4", "gone-5", "gone-6", "gone-7", "gone-8"]);
    expect(await derivedTablesDiffer(disturbed)).toEqual(["hardware_status"]);
    // In the first batch of what is left, then in the last of the second table.
    await kill("hardware_status", "gone-4");
    expect(await left("hardware_status")).toHaveLength(5);
    await kill("processed_listing_items", "gone-8");
    expect([await left("hardware_status"), await left("processed_listing_items")]).toEqual([
      [],
      ["gone-7", "gone-8"],
    ]);
    expect(await succeeds(ARGS, disturbed)).toContain("hardware_status(n=0)");
    expect(await contents(disturbed, TABLES.slice(0, 2))).toEqual(await contents(whole, TABLES.slice(0, 2)));
    expect(await contents(disturbed, ["checkouts"])).toEqual(before);
    expect(await derivedDifferences(disturbed.pool)).toEqual([]);
  });

  /** Unused rows are more than follows from what is stored; nothing else may differ on the way. */
  async function derivedTablesDiffer({ pool }: TestDatabase): Promise<string[]> {
    const differences = await derivedDifferences(pool);
    return [...new Set(differences.map((difference) => /\w+/.exec(difference)?.[0] ?? ""))];
  }
});

describe("update_hardware_registry", () => {
  const TABLES = ["silicon_vendors", "processors", "platform_vendors", "system_modules", "platforms"].map(
    (section) => `hardware_registry_${section}`,
  );

  /** A file of a maker with some boards. */
  function file(maker: string, url: string, boards: number): string {
    const platforms = Array.from(
      { length: boards },
      (_, n) =>
        `${maker}_${n}: {id: ${maker}-board-${n}, vendor_id: ${maker}-boards, processor_id: ${maker}-soc}`,
    );
    return `
silicon_vendors: {v: {id: ${maker}, url: "${url}"}}
platform_vendors: {b: {id: ${maker}-boards, url: "${url}"}}
processors: {p: {id: ${maker}-soc, vendor_id: ${maker}, architecture: arm, cores: 2, max_clock_speed_mhz: 800}}
system_modules: {}
platforms: {${platforms.join(", ")}}
`;
  }

  it("ends in what an undisturbed run does, wherever it was killed, each file whole or not at all", async () => {
    const folder = await temporaryDirectory();
    const index = join(folder, "index.yaml");
    const args = ["update_hardware_registry", "--index", index, "--prune"];
    await writeFile(index, "registries: [a.yaml, b.yaml, c.yaml]");
    const write = async (url: string, boards: number): Promise<void> => {
      for (const maker of ["a", "b", "c"])
        await writeFile(join(folder, `${maker}.yaml`), file(maker, url, boards));
    };
    const [whole, disturbed] = [await testDatabase(), await testDatabase()];
    await write("https://old.example.org", 4);
    for (const database of [whole, disturbed]) await succeeds(args, database);
    await write("https://new.example.org", 3);
    await succeeds(args, whole);

    const urls = async (): Promise<unknown> =>
      Object.fromEntries(
        (
          await disturbed.rows(
            `select v.id, array_agg(distinct x.url order by x.url) as urls from hardware_registry_silicon_vendors v,
               lateral (select v.url union all select url from hardware_registry_platform_vendors b where b.id = v.id || '-boards') x
             group by v.id order by v.id`,
          )
        ).map(({ id, urls }) => [id, (urls as string[]).map((url) => url.slice(8, 11)).join(" ")]),
      );
    const kill = (table: string, id: string): Promise<void> =>
      killAtRow(disturbed, args, "kernelboard", `select from ${table} where id = '${id}' for update`);
    // In the second file, after its silicon vendor was written.
    await kill("hardware_registry_platform_vendors", "b-boards");
    expect(await urls()).toEqual({ a: "new", b: "old", c: "old" });
    // In the last file, at its first row.
    await kill("hardware_registry_silicon_vendors", "c");
    expect(await urls()).toEqual({ a: "new", b: "new", c: "old" });
    // While what is in no file any more is deleted.
    await kill("hardware_registry_platforms", "b-board-3");
    expect(await urls()).toEqual({ a: "new", b: "new", c: "new" });
    expect(
      await disturbed.rows("select id from hardware_registry_platforms where id like '%-3'"),
    ).toHaveLength(3);
    expect(await succeeds(args, disturbed)).toContain(
      "Deleted because they are in none of the files: platforms a-board-3, platforms b-board-3, platforms c-board-3.",
    );
    expect(await contents(disturbed, TABLES)).toEqual(await contents(whole, TABLES));
  });
});
