import { beforeAll, describe, expect, it } from "vitest";
import { seedTestData, type SeedOptions } from "./seed.ts";
import { testDatabase } from "../../../test/support/database.ts";

const OPTIONS: SeedOptions = {
  checkouts: 50,
  issues: 20,
  clear: false,
  treeListing: false,
  now: new Date("2026-11-22T10:20:30.456Z"),
  report: () => undefined,
};

describe("the derived rows", async () => {
  const database = await testDatabase();
  const value = async (sql: string): Promise<unknown> =>
    Object.values((await database.rows(sql))[0] ?? {})[0];

  beforeAll(async () => {
    const client = await database.pool.connect();
    await seedTestData(client, OPTIONS);
    client.release();
  });

  it("have no ties among the newest checkouts of a tree", async () => {
    const latest = await database.rows(
      `select tree_name, git_repository_branch as branch, checkout_id from latest_checkout
       where tree_name in ('arm64', 'fake-origin-tree') or git_repository_branch = 'android-mainline' order by tree_name`,
    );
    expect(latest).toEqual([
      {
        tree_name: "android",
        branch: "android-mainline",
        checkout_id: "fb482243c16ebfe8776fcd52223351b4061c1729",
      },
      {
        tree_name: "arm64",
        branch: "for-kernelci",
        checkout_id: "a1c24ab822793eb513351686f631bd18952b7870",
      },
      { tree_name: "fake-origin-tree", branch: "fake-branch", checkout_id: "checkout_00000031" },
    ]);
    const starts = await database.rows(
      "select start_time::text from checkouts where git_commit_hash = 'commit_checkout' order by id",
    );
    const texts = starts.map((row) => String(row.start_time));
    expect(new Set(texts).size).toBe(38);
    expect([...texts].sort()).toEqual(texts);
  });

  it("make the derived rows of the chapter", async () => {
    expect(
      await database.rows(
        `select checkout_id, compatibles, compatibles_test_id, build_pass, boot_pass, test_pass from hardware_status
         where platform like 'meson%' order by platform`,
      ),
    ).toEqual([
      {
        checkout_id: "amlogic_checkout_001",
        compatibles: ["meson-g12b-a311d-khadas-vim3", "amlogic,g12b"],
        compatibles_test_id: "test_0000000e",
        build_pass: 1,
        boot_pass: 1,
        test_pass: 0,
      },
      {
        checkout_id: "amlogic_checkout_001",
        compatibles: ["meson-g12b-a311d-libretech-cc", "amlogic,g12b"],
        compatibles_test_id: "test_0000000f",
        build_pass: 1,
        boot_pass: 0,
        test_pass: 1,
      },
    ]);
    // the dummy build is not counted, its test is
    expect(
      await value(
        `select array[build_pass + build_failed + build_inc, test_pass] from hardware_status
         where checkout_id = 'fdf4d20b86285d7b4d1c2d3349a1bd1bc41b24ba'`,
      ),
    ).toEqual([0, 1]);
    expect(
      await database.rows(
        `select issue_id, issue_version, issue_uncategorized as uncategorized, fail_tests, skip_tests, total_tests as total,
           build_compiler as compiler
         from tree_tests_rollup where git_commit_hash = 'failed_tests_checkout'
         order by issue_id nulls last, issue_uncategorized`,
      ),
    ).toEqual([
      {
        issue_id: "broonie:bb2eb9603973cb353faa8e780b304d3537220228",
        issue_version: 1,
        uncategorized: false,
        fail_tests: 1,
        skip_tests: 0,
        total: 1,
        compiler: "gcc-12",
      },
      {
        issue_id: "linaro:30MeoIqiN9rKm6s2lQLaThEnGHF",
        issue_version: 1,
        uncategorized: false,
        fail_tests: 1,
        skip_tests: 0,
        total: 1,
        compiler: "gcc-12",
      },
      {
        issue_id: null,
        issue_version: null,
        uncategorized: false,
        fail_tests: 0,
        skip_tests: 1,
        total: 1,
        compiler: "gcc-12",
      },
      {
        issue_id: null,
        issue_version: null,
        uncategorized: true,
        fail_tests: 1,
        skip_tests: 0,
        total: 1,
        compiler: "gcc-12",
      },
    ]);
    expect(
      await value(
        "select array[sum(total_tests), sum(pass_tests), sum(fail_tests), sum(skip_tests)]::integer[] from tree_tests_rollup",
      ),
    ).toEqual([24, 10, 8, 6]);
    expect(
      await value("select build_compiler from tree_tests_rollup where build_architecture = 'i386'"),
    ).toBe("gcc-11.2.0");
  });
});
