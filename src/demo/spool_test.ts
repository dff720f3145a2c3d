import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingest, type IngestProgress } from "../ingest/ingest.ts";
import { testDatabase } from "../../test/support/database.ts";
import { derivedDifferences } from "../../test/support/derived.ts";
import { DEFECTS } from "./known_defects.ts";
import { ORPHANS } from "./orphans.ts";
import { writeDemoSpool } from "./spool.ts";

const NOW = new Date("2026-11-22T10:20:30.456Z");

describe("the ingested demonstration data", async () => {
  const database = await testDatabase();
  let spoolDir: string;
  let written: number;
  let done: IngestProgress;

  beforeAll(async () => {
    spoolDir = await mkdtemp(join(tmpdir(), "kernelboard-demo-"));
    written = await writeDemoSpool(spoolDir, { now: NOW });
    done = await ingest({
      spoolDir,
      connection: database.connection,
      log: pino({ level: "silent" }),
      maxWorkers: 2,
      intervalSeconds: 1,
      once: true,
      treesFile: join(spoolDir, "no-tree-names.yaml"),
      filesBatchSize: 100,
      cycleBatchSize: 50_000,
      batchSize: 10_000,
    });
  });

  afterAll(() => rm(spoolDir, { recursive: true, force: true }));

  const value = async (sql: string): Promise<unknown> =>
    Object.values((await database.rows(sql))[0] ?? {})[0];
  const count = async (sql: string): Promise<number> => Number(await value(`select count(*) from ${sql}`));

  it("was taken in whole", async () => {
    expect(done).toMatchObject({ filesDone: written, filesFailed: 0 });
    expect(await readdir(join(spoolDir, "archive"))).toHaveLength(written);
    expect(await readdir(join(spoolDir, "failed"))).toEqual([]);
    const [first = ""] = await readdir(join(spoolDir, "archive"));
    expect(await readFile(join(spoolDir, "archive", first), "utf8")).toMatch(
      /^\{"version":\{"major":5,"minor":3\}/,
    );
    const tests = await count("tests");
    expect(tests).toBeGreaterThan(12_000);
    expect(tests).toBeLessThan(20_000);
  });

  it("leaves only the intended orphans", async () => {
    expect(await count("pending_builds")).toBe(ORPHANS.builds);
    expect(await count("pending_test")).toBe(ORPHANS.tests);
    expect(
      await count(
        "incidents i left join builds b on b.id = i.build_id left join tests t on t.id = i.test_id where b.id is null and t.id is null",
      ),
    ).toBe(0);
    expect(
      await count(
        "incidents i left join issues u on (u.id, u.version) = (i.issue_id, i.issue_version) where u.id is null",
      ),
    ).toBe(0);
  });

  it("leaves derived rows that follow from it", async () => {
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("shows a varied week of maestro's trees", async () => {
    const week = await database.rows(
      `select distinct on (tree_name, git_repository_branch) tree_name, git_repository_branch as branch,
         build_pass + build_failed + build_inc as builds, boot_pass + boot_failed + boot_inc as boots
       from tree_listing where origin = 'maestro' and start_time >= timestamptz '${NOW.toISOString()}' - interval '7 days'
       order by tree_name, git_repository_branch, start_time desc`,
    );
    expect(week.map(({ tree_name, branch }) => `${String(tree_name)} ${String(branch)}`)).toEqual([
      "android android-mainline",
      "arm64 for-next/core",
      "chrome-platform for-kernelci",
      "mainline master",
      "media next",
      "net-next main",
      "next master",
      "next pending-fixes",
      "stable-rc linux-6.12.y",
      "stable-rc linux-6.6.y",
    ]);
    for (const { builds, boots } of week) {
      expect(Number(builds)).toBeGreaterThan(0);
      expect(Number(boots)).toBeGreaterThan(0);
    }
    const totals = await database.rows(
      `select sum(build_failed)::integer as failed_builds, sum(build_inc)::integer as open_builds,
         sum(boot_failed)::integer as failed_boots, sum(test_failed)::integer as failed_tests from tree_listing`,
    );
    for (const total of Object.values(totals[0] ?? {})) expect(Number(total)).toBeGreaterThan(10);
  });

  it("comes from many origins, trees and platforms", async () => {
    expect(await value("select array_agg(distinct origin order by origin) from checkouts")).toEqual([
      "broonie",
      "linaro",
      "maestro",
      "microsoft",
      "redhat",
    ]);
    expect(await value("select array_agg(distinct origin order by origin) from tests")).toEqual([
      "arm",
      "broonie",
      "linaro",
      "maestro",
      "microsoft",
      "redhat",
      "ti",
    ]);
    expect(await count("latest_checkout")).toBe(16);
    expect(await count("latest_checkout where tree_name is null")).toBe(1);
    expect(await count("(select distinct platform from hardware_status) p")).toBeGreaterThan(38);
    expect(await count("(select distinct path from tests) p")).toBeGreaterThan(90);
    expect(
      await count(
        "(select from checkouts group by git_commit_hash having count(distinct origin) > 1) shared",
      ),
    ).toBeGreaterThan(20);
  });

  it("has every status, measurements, builds on the way, dummy builds, finished checkouts and excerpts", async () => {
    expect(await value("select array_agg(distinct coalesce(status, 'NULL')) from tests")).toEqual([
      "DONE",
      "ERROR",
      "FAIL",
      "MISS",
      "NULL",
      "PASS",
      "SKIP",
    ]);
    expect(await count("tests where number_prefix is not null")).toBeGreaterThan(5);
    expect(await count("tests where number_unit = 'us'")).toBeGreaterThan(50);
    expect(
      await count("builds where status is null and not starts_with(id, 'maestro:dummy_')"),
    ).toBeGreaterThan(0);
    expect(
      await count(
        "tests t join builds b on b.id = t.build_id where starts_with(b.id, 'maestro:dummy_') and t.path = 'boot'",
      ),
    ).toBeGreaterThan(8);
    expect(await count("checkouts where origin_tests_finish_time is not null")).toBeGreaterThan(50);
    expect(await count("builds where status = 'FAIL' and log_excerpt is null")).toBe(0);
    expect(await count("tests where status = 'FAIL' and log_excerpt is null")).toBe(0);
  });

  it("has each defect's issue, in all versions, with incidents, and some taken back", async () => {
    const issues = await database.rows(
      "select issue_id from incidents where present group by issue_id having count(*) > 1",
    );
    expect(issues).toHaveLength(DEFECTS.length);
    expect(await count("issues")).toBe(DEFECTS.reduce((sum, { versions }) => sum + versions.length, 1));
    expect(await count("incidents where not present")).toBeGreaterThan(0);
    expect(
      await count("(select from incidents group by issue_id having count(distinct issue_version) > 1) m"),
    ).toBe(2);
  });

  it("has a test that broke with a commit, one that was mended, and an unstable one", async () => {
    const history = async (path: string, platform: string, branch: string): Promise<string> => {
      const rows = await database.rows(
        `select t.status from tests t join builds b on b.id = t.build_id join checkouts c on c.id = b.checkout_id
         where c.origin = 'maestro' and c.tree_name = 'mainline' and c.git_repository_branch = $3 and t.path = $1
           and t.environment_misc ->> 'platform' = $2 order by t.start_time desc`,
        [path, platform, branch],
      );
      return rows.map(({ status }) => String(status).charAt(0)).join("");
    };
    expect(await history("boot", "rk3399-gru-kevin", "master")).toMatch(/^F{6,}[PM]{10,}$/);
    expect(
      await history("kselftest.rtc.rtctest_alarm_alm_set", "mt8183-kukui-jacuzzi-juniper-sku16", "master"),
    ).toMatch(/^P+F{2,}P+$/);
    expect(
      await count(
        "(select from tests where path = 'kselftest.net.so_txtime_sh' group by environment_misc -> 'platform' having count(distinct status) > 1) flaky",
      ),
    ).toBeGreaterThan(1);
  });
});
