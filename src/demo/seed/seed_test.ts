import { beforeAll, describe, expect, it } from "vitest";
import { seedTestData, type SeedCounts, type SeedOptions } from "./seed.ts";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";

const NOW = new Date("2026-11-22T10:20:30.456Z");
const TABLES = [
  "checkouts",
  "builds",
  "tests",
  "issues",
  "incidents",
  "tree_tests_rollup",
  "latest_checkout",
  "hardware_status",
  "tree_listing",
  "pending_test",
  "pending_builds",
  "processed_listing_items",
  "hardware_registry_platforms",
];

async function seed(database: TestDatabase, options: Partial<SeedOptions> = {}): Promise<SeedCounts> {
  const client = await database.pool.connect();
  try {
    return await seedTestData(client, {
      checkouts: 50,
      issues: 20,
      clear: true,
      treeListing: false,
      now: NOW,
      report: () => undefined,
      ...options,
    });
  } finally {
    client.release();
  }
}

async function tableCounts(database: TestDatabase): Promise<number[]> {
  const counts = TABLES.map(async (table) => {
    const [row] = await database.rows(`select count(*) from ${table}`);
    return Number(row?.count);
  });
  return Promise.all(counts);
}

describe("the rows", async () => {
  const database = await testDatabase();
  const value = async (sql: string, values: unknown[] = []): Promise<unknown> =>
    Object.values((await database.rows(sql, values))[0] ?? {})[0];

  beforeAll(async () => {
    await seed(database);
  });

  it("are as many as the test suite counts", async () => {
    expect(await tableCounts(database)).toEqual([58, 28, 30, 20, 8, 21, 16, 18, 0, 0, 0, 0, 0]);
  });

  it("are the same the second time", async () => {
    const all = async (): Promise<unknown> =>
      Promise.all(TABLES.slice(0, 5).map((table) => database.rows(`select * from ${table} order by id`)));
    const first = await all();
    await seed(database);
    expect(await all()).toEqual(first);
  });

  it("have the ids of the chapter", async () => {
    expect(await value("select array_agg(id order by id) from tests where id like 'test\\_0%'")).toEqual(
      Array.from({ length: 27 }, (_, n) => `test_${(n + 3).toString(16).padStart(8, "0")}`),
    );
    expect(await value("select array_agg(id order by id) from builds where id like 'build\\_%'")).toEqual(
      Array.from({ length: 8 }, (_, n) => `build_${(n + 20).toString(16).padStart(8, "0")}`),
    );
    expect(
      await value("select array[min(id), max(id)] from checkouts where git_commit_hash = 'commit_checkout'"),
    ).toEqual(["checkout_00000014", "checkout_00000039"]);
    expect(
      await value(
        "select array[min(id), max(id), min(version::text), max(version::text)] from issues where id like 'issue\\_%'",
      ),
    ).toEqual(["issue_00000008", "issue_00000013", "0", "0"]);
    const chain = await database.rows(
      `select i.id, i.build_id, i.test_id, coalesce(b.checkout_id, f.checkout_id) as checkout_id
       from incidents i left join tests t on t.id = i.test_id and t.id like 'test\\_0%' left join builds b on b.id = t.build_id
       left join builds f on f.id = i.build_id order by i.id`,
    );
    expect(chain[0]).toEqual({
      id: "incident_00000000",
      build_id: "maestro:67b62592f7707533c0ff7a77",
      test_id: "test_00000018",
      checkout_id: "checkout_00000032",
    });
    expect(chain[7]).toEqual({
      id: "incident_00000007",
      build_id: "build_0000001b",
      test_id: "test_issue_test",
      checkout_id: "checkout_00000039",
    });
  });

  it("stand at the places of the chapter's tables", async () => {
    const [fluster] = await database.rows(
      `select t.path, t.status, t.environment_misc, t.environment_compatible, t.log_url, b.config_name, b.compiler,
         extract(epoch from t.start_time)::integer as start, b.misc ->> 'hardware' as hardware
       from tests t join builds b on b.id = t.build_id where t.id = 'test_00000013'`,
    );
    expect(fluster).toEqual({
      path: "fluster.debian.v4l2.gstreamer_av1.validate-fluster-results",
      status: "PASS",
      environment_misc: { platform: "mt8195-cherry-tomato-r2" },
      environment_compatible: null,
      log_url: "https://logs.kernelci.org/maestro/fluster_/test_00000013.log",
      config_name:
        "defconfig+lab-setup+arm64-chromebook+CONFIG_MODULE_COMPRESS=n+CONFIG_MODULE_COMPRESS_NONE=y",
      compiler: "['gcc-12']",
      start: 1741571363,
      hardware: "mt8195-cherry-tomato-r2",
    });
    expect(
      await database.rows(
        `select path, environment_misc ->> 'platform' as platform, environment_compatible as compatible from tests
         where environment_compatible is not null order by id`,
      ),
    ).toEqual([
      {
        path: "boot.boot_test",
        platform: "meson-g12b-a311d-khadas-vim3",
        compatible: ["meson-g12b-a311d-khadas-vim3", "amlogic,g12b"],
      },
      {
        path: "test.test_test",
        platform: "meson-g12b-a311d-libretech-cc",
        compatible: ["meson-g12b-a311d-libretech-cc", "amlogic,g12b"],
      },
    ]);
    expect(
      await value(
        "select series from builds where compiler = $1 and config_name = 'defconfig' and architecture = 'i386'",
        ["['gcc-11.2.0', 'gcc-12.1.0', 'clang-14.0.0', 'clang-15.0.0']"],
      ),
    ).toMatch(/^[0-9a-f]{32}$/);
    const [sixth] = await database.rows("select * from checkouts where patchset_hash = 'patchset_00000006'");
    expect(sixth).toMatchObject({
      _timestamp: new Date("2026-11-16T00:00:00Z"),
      id: "0704a15b930cf97073ce091a0cd7ad32f2304329",
      git_commit_name: "commit-0704a15b",
      message_id: "<message-6@kernelci.org>",
      log_url: "https://logs.kernelci.org/maestro/0704a15b.log",
      valid: true,
      git_repository_branch_tip: true,
      git_commit_tags: ["v6.1", "stable"],
      start_time: new Date(1741449600_000),
      origin_builds_finish_time: new Date("2026-11-22T09:50:30.456Z"),
    });
    const [last] = await database.rows(
      "select * from issues where id = 'linaro:30MeoIqiN9rKm6s2lQLaThEnGHF'",
    );
    expect(last).toMatchObject({
      version: 1,
      origin: "origin-fake-00000007",
      report_url: "https://reports.kernelci.org/origin-fake-00000007/linaro:30MeoIqiN9rKm6s2lQLaThEnGHF.html",
      culprit_code: false,
      culprit_tool: true,
      culprit_harness: false,
    });
    expect(await value("select array_agg(present order by id) from incidents")).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it("have the statuses of the chapter", async () => {
    const statuses = async (table: string): Promise<unknown> =>
      database.rows(
        `select coalesce(status, 'NULL') as status, count(*)::integer as n from ${table} group by 1 order by 1`,
      );
    expect(await statuses("builds")).toEqual([
      { status: "FAIL", n: 6 },
      { status: "PASS", n: 14 },
      { status: "SKIP", n: 8 },
    ]);
    expect(await statuses("tests")).toEqual([
      { status: "FAIL", n: 8 },
      { status: "PASS", n: 10 },
      { status: "SKIP", n: 12 },
    ]);
  });

  it("arrive on the days that the metrics count", async () => {
    const counts = async (from: number, to: number): Promise<unknown> => {
      const within = `_timestamp >= timestamptz '2026-11-22T00:00:00Z' - interval '${from} days'
        and _timestamp < timestamptz '2026-11-22T00:00:00Z' - interval '${to} days'`;
      const [row] = await database.rows(
        `select array[(select count(distinct tree_name) from checkouts where ${within}),
           ${["checkouts", "builds", "tests", "issues", "incidents"]
             .map((table) => `(select count(*) from ${table} where ${within})`)
             .join(", ")}]::integer[] as counts`,
      );
      return row?.counts;
    };
    expect(await counts(7, 0)).toEqual([5, 21, 12, 14, 7, 7]);
    expect(await counts(14, 7)).toEqual([6, 20, 7, 7, 7, 0]);
    expect(await counts(30, 22)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("lie in the windows that the hardware cases ask for", async () => {
    const found = (from: number, to: number): Promise<unknown> =>
      value(
        `select array_agg(distinct t.environment_misc ->> 'platform') from tests t join builds b on b.id = t.build_id
         join checkouts c on c.id = b.checkout_id
         where c.start_time >= to_timestamp($1) and c.start_time <= to_timestamp($2)`,
        [from, to],
      );
    expect(await found(1740227400, 1740659400)).toContain("google,juniper");
    expect(await found(1740232800, 1740664800)).toContain("arm,juno");
    expect(await found(1740241800, 1740673800)).toContain("aaeon-UPN-EHLX4RE-A10-0864");
    expect(await found(1741449600, 1741881600)).toContain("allwinner,sun50i-a64");
    expect(await found(1737487800, 1737574200)).toEqual([
      "android11-5.4",
      "android12-5.10",
      "android12-5.10-lts",
    ]);
  });
});

describe("other sizes", async () => {
  const database = await testDatabase();

  it("give the first fixed rows, and fillers that go on with the fixed list", async () => {
    const counts = await seed(database, { checkouts: 10, issues: 3 });
    expect(counts).toMatchObject({ checkouts: 10, builds: 12, tests: 13, issues: 3, incidents: 3 });
    expect(
      await database.rows(
        `select t.id as test, b.id as build, b.checkout_id from incidents i join tests t on t.id = i.test_id
         join builds b on b.id = t.build_id where i.id = 'incident_00000000'`,
      ),
    ).toEqual([
      {
        test: "test_0000000d",
        build: "build_0000000c",
        checkout_id: "7e39477098b50156535c8f910fee50d6dac2a793",
      },
    ]);
  });

  it.each([
    { checkouts: 0, issues: 0 },
    { checkouts: 1, issues: 20 },
    { checkouts: 18, issues: 8 },
    { checkouts: 1234, issues: 1 },
  ])("of %o are possible", async (sizes) => {
    const counts = await seed(database, sizes);
    expect(counts).toMatchObject(sizes);
    expect(
      await database.rows("select from tests t left join builds b on b.id = t.build_id where b.id is null"),
    ).toEqual([]);
  });

  it("fill tree_listing when asked", async () => {
    const counts = await seed(database, { treeListing: true });
    // 18 fixed hashes, the 1460 pair in two trees, and the fillers' commit
    expect(counts.treeListings).toBe(21);
  });

  it("are all or nothing, and clear what ingestion left", async () => {
    await seed(database);
    await database.rows("insert into pending_builds (build_id, origin, checkout_id) values ('b', 'o', 'c')");
    await database.rows(
      "insert into processed_listing_items (listing_item_key, checkout_id) values ('\\x00', 'c')",
    );
    await expect(seed(database, { clear: false, checkouts: 3 })).rejects.toMatchObject({ code: "23505" });
    expect(await tableCounts(database)).toEqual([58, 28, 30, 20, 8, 21, 16, 18, 0, 0, 1, 1, 0]);
    await seed(database, { checkouts: 1, issues: 0 });
    expect(await tableCounts(database)).toEqual([1, 4, 4, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  });
});
