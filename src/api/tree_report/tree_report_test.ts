import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { TreeReport } from "./shapes.ts";
import {
  build,
  checkout,
  hoursAgo,
  insertRows,
  test,
  URL,
  type Row,
} from "../../../test/support/report_rows.ts";

let database: TestDatabase;
let server: TestServer;

type Histories = Record<string, Record<string, Record<string, Record<string, Row[]>>>>;

const insert = (table: string, rows: Row[]): Promise<void> => insertRows(database.pool, table, rows);

/** The builds that a series of results comes from, newest first: one of each commit. */
const SERIES_BUILDS = ["b1", "b2", "b3", "b4"];

/** Results of one test, newest first. */
function series(path: string | null, statuses: (string | null)[], more: Row = {}): Row[] {
  return statuses.map((status, index) =>
    test(`${path ?? "none"}#${index + 1}`, SERIES_BUILDS[index] ?? "", 1 + index * 5, status, {
      path,
      ...more,
    }),
  );
}

const report = async (query: string): Promise<Row> => {
  const { status, body } = await server.get(`/api/tree-report/?git_url=${encodeURIComponent(URL)}&${query}`);
  expect(status).toBe(200);
  return body as Row;
};

/** What is in histories: `platform|config|toolchain|path` with the ids and statuses of the runs. */
function runs(histories: unknown): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [platform, configs] of Object.entries(histories as Histories))
    for (const [config, toolchains] of Object.entries(configs))
      for (const [toolchain, paths] of Object.entries(toolchains))
        for (const [path, items] of Object.entries(paths))
          found[[platform, config, toolchain, path].join("|")] = items.map(({ status }) => String(status));
  return found;
}

const usual = (path: string): string => `rpi4|defconfig|arm64/gcc-12|${path}`;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await insert("checkouts", [
    checkout("c1", "hash1", 1.5, { git_commit_tags: ["a", "b"], origin_builds_finish_time: hoursAgo(1) }),
    checkout("c1-again", "hash1", 100, { git_commit_tags: ["a"] }),
    checkout("c1-other-tree", "hash1", 90, { tree_name: "other" }),
    checkout("c2", "hash2", 7),
    checkout("c3", "hash3", 12, { origin: "linaro", tree_name: null }),
    checkout("c4", "hash4", 17, { start_time: null }),
    checkout("later", "hash5", 0.5, { origin: "redhat" }),
    checkout("too-old", "hash6", 30),
  ]);
  await insert("builds", [
    build("b1", "c1", 1.2),
    build("b2", "c2", 6.5),
    build("b3", "c3", 11.5),
    build("b4", "c4", 16.5),
    build("odd", "c1", 1.2, { config_name: "", architecture: null, compiler: "[]", status: "weird" }),
    build("odd2", "c2", 6.5, { config_name: null, architecture: " ", compiler: null }),
    build("quoted", "c2", 6.5, { compiler: "['gcc-12']" }),
    build("no-time", "c2", null),
    build("later", "later", 0.5),
    build("too-old", "too-old", 2),
    build("fail", "c1", 1, { status: "fail" }),
    build("fail-again", "c1-again", 99, { status: "FAIL" }),
    build("maestro:dummy_1", "c1", 1, { status: "FAIL" }),
    build("null", "c1", 1, { status: null }),
    build("elsewhere", "too-old", 29, { status: "FAIL" }),
  ]);
  await insert("tests", [
    ...series("boot.nfs", ["FAIL", "PASS"]),
    ...series("fixed", ["PASS", "FAIL", "FAIL"]),
    ...series("again", ["FAIL", "PASS", "FAIL"]),
    ...series("error", ["ERROR", "PASS"]),
    ...series("two_errors", ["ERROR", "MISS"]),
    ...series("before_error", ["PASS", "FAIL", "ERROR"]),
    ...series("no_verdict", [null, "PASS"]),
    ...series("weird", ["PASS", "weird"]),
    ...series("same", ["PASS", "pass", "PASS"]),
    ...series("long", ["FAIL", "FAIL", "FAIL", "PASS"]),
    ...series("once", ["FAIL"]),
    ...series("on kubernetes", ["FAIL", "PASS"], { environment_misc: { platform: "kubernetes" } }),
    ...series("on Unknown", ["FAIL", "PASS"], { environment_misc: { platform: "Unknown" } }),
    ...series("nowhere", ["FAIL", "PASS"], { environment_misc: null }),
    ...series("on a number", ["FAIL", "PASS"], { environment_misc: { platform: 7 } }),
    ...series("on a list", ["FAIL", "PASS"], { environment_misc: ["platform"] }),
    ...series("of linaro", ["FAIL", "PASS"], { origin: "linaro" }),
    // what is not known
    test("odd1", "odd", 1, "FAIL", { path: null }),
    test("odd2", "odd2", 2, "PASS", { path: "" }),
    // one compiler, written in two ways
    test("quoted1", "b1", 1, "FAIL", { path: "quoted" }),
    test("quoted2", "quoted", 2, "PASS", { path: "quoted" }),
    // the newest run is not of the reported commit
    test("outrun1", "b2", 0.5, "PASS", { path: "outrun" }),
    test("outrun2", "b1", 1, "FAIL", { path: "outrun" }),
    // runs that are left out
    test("left1", "b1", 2, "FAIL", { path: "left out" }),
    test("left2", "b2", null, "PASS", { path: "left out" }),
    test("left3", "b2", 25, "PASS", { path: "left out" }),
    test("left4", "no-time", 3, "PASS", { path: "left out" }),
    test("left5", "later", 1, "PASS", { path: "left out" }),
    test("left6", "too-old", 3, "PASS", { path: "left out" }),
    // of dummy builds
    test("dummy1", "maestro:dummy_1", 1, "FAIL", { path: "bootrr.x" }),
    test("dummy2", "fail-again", 99, "SKIP", { path: "boot" }),
  ]);
  const tied = hoursAgo(3);
  await insert("tests", [
    { ...test("tie-a", "b1", 1, "FAIL", { path: "tied" }), start_time: tied, _timestamp: hoursAgo(0.2) },
    { ...test("tie-b", "b2", 1, "PASS", { path: "tied" }), start_time: tied, _timestamp: hoursAgo(0.3) },
    { ...test("tie-c", "b2", 1, "SKIP", { path: "tied" }), start_time: tied, _timestamp: hoursAgo(0.3) },
    { ...test("tie-d", "b2", 1, "DONE", { path: "tied" }), start_time: tied, _timestamp: null },
  ]);
});

describe("GET /api/tree-report/", () => {
  it("counts the builds, boots and tests of all checkouts of the newest commit", async () => {
    const body = await report("git_branch=br/x");
    expect(Value.Errors(TreeReport, body)).toEqual([]);
    expect(body).toMatchObject({
      dashboard_url: "https://d.kernelci.org/tree/tt/br/x/hash1?o=maestro",
      git_url: URL,
      git_branch: "br/x",
      commit_hash: "hash1",
      origin: "maestro",
      build_status_summary: { PASS: 1, ERROR: 0, FAIL: 2, SKIP: 0, MISS: 0, DONE: 0, NULL: 2 },
      boot_status_summary: {
        pass_count: 0,
        error_count: 0,
        fail_count: 1,
        skip_count: 1,
        miss_count: 0,
        done_count: 0,
        null_count: 0,
      },
      test_status_summary: { pass_count: 4, error_count: 2, skip_count: 0, null_count: 1 },
    });
    const [{ time } = {}] = await database.rows("select start_time as time from checkouts where id = 'c1'");
    expect(new Date(String(body.checkout_start_time))).toEqual(time);
  });

  it("classifies what changed, newest first, with names for what is not known", async () => {
    const body = await report("git_branch=br/x");
    expect(runs(body.possible_regressions)).toEqual({
      [usual("boot.nfs")]: ["FAIL", "PASS"],
      [usual("quoted")]: ["FAIL", "PASS"],
      "rpi4|unknown config|unknown architecture/unknown compiler|unknown path": ["FAIL", "PASS"],
    });
    expect(runs(body.fixed_regressions)).toEqual({ [usual("fixed")]: ["PASS", "FAIL", "FAIL"] });
    expect(runs(body.unstable_tests)).toEqual({
      [usual("again")]: ["FAIL", "PASS", "FAIL"],
      [usual("error")]: ["ERROR", "PASS"],
      [usual("two_errors")]: ["ERROR", "MISS"],
      [usual("before_error")]: ["PASS", "FAIL", "ERROR"],
      [usual("no_verdict")]: ["null", "PASS"],
      [usual("weird")]: ["PASS", "null"],
      [usual("tied")]: ["FAIL", "PASS", "SKIP"],
    });
    const unstable = body.unstable_tests as Histories;
    expect(unstable.rpi4?.defconfig?.["arm64/gcc-12"]?.no_verdict?.[0]).toMatchObject({
      id: "no_verdict#1",
      status: null,
      start_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/) as string,
    });
  });

  it("looks at as many runs as it is asked for", async () => {
    const two = await report("git_branch=br/x&group_size=2");
    expect(runs(two.possible_regressions)).toHaveProperty([usual("again")], ["FAIL", "PASS"]);
    expect(runs(two.unstable_tests)).not.toHaveProperty([usual("again")]);
    const four = await report("git_branch=br/x&group_size=4");
    expect(runs(four.possible_regressions)).toHaveProperty([usual("long")], ["FAIL", "FAIL", "FAIL", "PASS"]);
    expect(runs(four.unstable_tests)).toHaveProperty([usual("tied")], ["FAIL", "PASS", "SKIP", "DONE"]);
    expect(await report("git_branch=br/x&group_size=99999999999999999999")).toMatchObject({
      origin: "maestro",
    });
  });

  it("matches paths by LIKE patterns, without changing the counts", async () => {
    const all = await report("git_branch=br/x");
    expect(await report("git_branch=br/x&path=%25")).toEqual(all);
    const some = await report("git_branch=br/x&path=boot.%25&path=%25_verdict&path=no_such&path=boot\\");
    expect(runs(some.possible_regressions)).toEqual({ [usual("boot.nfs")]: ["FAIL", "PASS"] });
    expect(runs(some.unstable_tests)).toEqual({ [usual("no_verdict")]: ["null", "PASS"] });
    expect(some.test_status_summary).toEqual(all.test_status_summary);
    const none = await report("git_branch=br/x&path=a\\&path=%00");
    expect([none.possible_regressions, none.fixed_regressions, none.unstable_tests]).toEqual([{}, {}, {}]);
  });

  it("takes the newest checkout of an age, and nothing that came after it", async () => {
    const older = await report("git_branch=br/x&min_age_in_hours=4");
    expect(older).toMatchObject({ commit_hash: "hash2", build_status_summary: { PASS: 4, FAIL: 0 } });
    expect(runs(older.possible_regressions)).toEqual({ [usual("long")]: ["FAIL", "FAIL", "PASS"] });
    expect(runs(older.fixed_regressions)).toEqual({ [usual("again")]: ["PASS", "FAIL"] });
    expect(runs(older.unstable_tests)).toEqual({
      [usual("before_error")]: ["FAIL", "ERROR"],
      [usual("tied")]: ["PASS", "SKIP", "DONE"],
    });
    // the window also bounds builds and tests
    const short = await report("git_branch=br/x&max_age_in_hours=10");
    expect(runs(short.fixed_regressions)).toEqual({
      [usual("fixed")]: ["PASS", "FAIL"],
      [usual("before_error")]: ["PASS", "FAIL"],
    });
    const long = await report("git_branch=br/x&max_age_in_hours=48&path=left+out");
    expect(runs(long.possible_regressions)).toEqual({ [usual("left out")]: ["FAIL", "PASS", "PASS"] });
  });

  it("lets a later checkout of the same commit by another origin extend the history", async () => {
    await insert("checkouts", [
      checkout("r1", "r", 3, { git_repository_branch: "shared" }),
      checkout("r1-redhat", "r", 0.5, { git_repository_branch: "shared", origin: "redhat" }),
      checkout("r2", "other", 1, { git_repository_branch: "shared", origin: "redhat" }),
    ]);
    await insert("builds", [
      build("r1", "r1", 3),
      build("r1-redhat", "r1-redhat", 0.5),
      build("r2", "r2", 1),
    ]);
    await insert("tests", [
      test("r-1", "r1-redhat", 0.4, "PASS", { path: "p" }),
      test("r-2", "r2", 1, "FAIL", { path: "p" }),
      test("r-3", "r1", 3, "PASS", { path: "p" }),
    ]);
    const body = await report("git_branch=shared");
    expect(runs(body.unstable_tests)).toEqual({ [usual("p")]: ["PASS", "FAIL", "PASS"] });
    expect(body.test_status_summary).toMatchObject({ pass_count: 1, fail_count: 0 });
  });

  it("tells trees with one repository and branch apart, and shows one without name or hash", async () => {
    await insert("checkouts", [
      checkout("older", "samehash", 5, { git_repository_branch: "two", tree_name: "older" }),
      checkout("newer", "samehash", 1, { git_repository_branch: "two", tree_name: "newer" }),
      checkout("bare", null, 1, { git_repository_branch: "a&b", tree_name: null }),
      checkout("tie-1", "a", 1, { git_repository_branch: "tie", start_time: null, _timestamp: hoursAgo(2) }),
      checkout("tie-2", "b", 1, { git_repository_branch: "tie", _timestamp: hoursAgo(3) }),
    ]);
    await database.pool.query(
      `update checkouts set start_time = (select _timestamp from checkouts where id = 'tie-1') where id = 'tie-2'`,
    );
    await insert("builds", [build("older", "older", 5), build("bare", "bare", 1)]);
    await insert("tests", [
      test("bare-1", "bare", 1, "FAIL", { path: "p" }),
      test("bare-2", "bare", 1.1, "DONE", { path: "p" }),
    ]);
    expect(await report("git_branch=two&tree_name=older")).toMatchObject({
      dashboard_url: "https://d.kernelci.org/tree/older/two/samehash?o=maestro",
      build_status_summary: { PASS: 1 },
    });
    expect(await report("git_branch=two&tree_name=")).toMatchObject({
      dashboard_url: "https://d.kernelci.org/tree/newer/two/samehash?o=maestro",
      build_status_summary: { PASS: 0 },
    });
    const bare = await report("git_branch=a%26b");
    expect(Value.Errors(TreeReport, bare)).toEqual([]);
    expect(bare).toMatchObject({
      dashboard_url:
        "https://d.kernelci.org/tree/?ti%7Cc=&ti%7Cch=&ti%7Cgb=a&b&ti%7Cgu=https%3A%2F%2Fgit.example.org%2Ftt.git&ti%7Ct=&o=maestro",
      commit_hash: null,
      build_status_summary: { PASS: 1 },
    });
    expect(runs(bare.unstable_tests)).toEqual({ [usual("p")]: ["FAIL", "DONE"] });
    expect(await report("git_branch=tie")).toMatchObject({ commit_hash: "a" });
  });

  it("lists the known issues of failed builds, with when they were first seen", async () => {
    const at = hoursAgo(5);
    const issue = (id: string, version: number, more: Row = {}): Row => ({
      id,
      version,
      origin: "maestro",
      _timestamp: at,
      ...more,
    });
    await insert("issues", [
      issue("i1", 1),
      issue("i1", 2, {
        comment: "second",
        report_url: "https://r/i1",
        culprit_code: true,
        culprit_tool: false,
      }),
      issue("i2", 1, { _timestamp: hoursAgo(4), comment: "" }),
      issue("i3", 1),
      issue("i4", 1),
      issue("i5", 1, { _timestamp: null }),
    ]);
    let number = 0;
    const incident = (issueId: string, version: number, hours: number, more: Row): Row => ({
      id: `incident ${(number += 1)}`,
      origin: "maestro",
      issue_id: issueId,
      issue_version: version,
      _timestamp: `2026-01-01T${String(24 - hours).padStart(2, "0")}:00:00Z`,
      ...more,
    });
    await insert("incidents", [
      incident("i1", 2, 1, { build_id: "fail" }),
      incident("i1", 2, 2, { build_id: "fail", present: true }),
      incident("i1", 1, 1, { build_id: "fail" }),
      incident("i1", 1, 3, { build_id: "fail-again" }),
      // seen first: a version that is not stored, on another commit
      incident("i1", 0, 4, { build_id: "elsewhere" }),
      incident("i1", 0, 5, { build_id: "fail", present: false }),
      // seen first: a test of this commit
      incident("i2", 1, 2, { build_id: "fail" }),
      incident("i2", 1, 3, { test_id: "dummy2" }),
      // a build that never came in
      incident("i5", 1, 2, { build_id: "fail" }),
      incident("i5", 1, 3, { build_id: "gone" }),
      // no issues of failed builds
      incident("i3", 1, 1, { build_id: "fail", present: false }),
      incident("i4", 1, 1, { build_id: "fail", test_id: "dummy2" }),
      incident("i3", 2, 1, { build_id: "fail" }),
      incident("i3", 1, 1, { build_id: "b1" }),
      incident("i3", 1, 1, { build_id: "null" }),
      incident("i3", 1, 1, { build_id: "maestro:dummy_1" }),
      incident("i3", 1, 1, { build_id: "elsewhere" }),
    ]);
    const body = await report("git_branch=br/x");
    expect(Value.Errors(TreeReport, body)).toEqual([]);
    const { builds } = body.issues as { builds: Row[] };
    expect(builds.map((item) => [item.issue_id, item.version, item.build_id])).toEqual([
      ["i2", 1, "fail"],
      ["i1", 1, "fail"],
      ["i1", 1, "fail-again"],
      ["i1", 2, "fail"],
      ["i5", 1, "fail"],
    ]);
    expect(builds[0]).toMatchObject({ comment: "", first_seen: "2026-01-01T21:00:00Z", is_new_issue: true });
    expect(builds[1]).toMatchObject({
      comment: "No information",
      report_url: null,
      culprit_code: false,
      culprit_tool: false,
      culprit_harness: false,
      first_seen: "2026-01-01T20:00:00Z",
      is_new_issue: false,
    });
    expect(builds[3]).toEqual({
      issue_id: "i1",
      build_id: "fail",
      version: 2,
      comment: "second",
      report_url: "https://r/i1",
      culprit_code: true,
      culprit_tool: false,
      culprit_harness: false,
      first_seen: "2026-01-01T20:00:00Z",
      is_new_issue: false,
    });
    expect(builds[4]).toMatchObject({ first_seen: "2026-01-01T21:00:00Z", is_new_issue: false });
  });

  it("links to the dashboard of this installation", async () => {
    const other = await testServer(database.pool, { DASHBOARD_URL: "https://dashboard.example.org/k/" });
    const { body } = await other.get(`/api/tree-report/?git_url=${URL}&git_branch=br/x`);
    expect(body).toMatchObject({
      dashboard_url: "https://dashboard.example.org/k/tree/tt/br/x/hash1?o=maestro",
    });
  });

  it("says that there is no checkout of that age, and what is wrong with a request", async () => {
    const nothing = { error: "Tree not found in the given interval" };
    expect(await report("git_branch=nosuch")).toEqual(nothing);
    expect(await report("git_branch=br%00/x")).toEqual(nothing);
    expect(await report("git_branch=br/x&origin=")).toEqual(nothing);
    expect(await report("git_branch=br/x&min_age_in_hours=200&max_age_in_hours=720")).toEqual(nothing);
    expect((await server.get("/api/tree-report/")).body).toEqual({
      error: "Invalid parameter 'git_branch': it is required; Invalid parameter 'git_url': it is required",
    });
    const refused = [
      "min_age_in_hours=24",
      "min_age_in_hours=-1",
      "max_age_in_hours=721",
      "max_age_in_hours=0",
      "group_size=1",
    ];
    for (const query of refused) {
      const { status, body } = await server.get(`/api/tree-report/?git_url=u&git_branch=b&${query}`);
      expect([query, status]).toEqual([query, 400]);
      expect(body).toEqual({
        error: expect.stringContaining(
          query === refused[0] ? "Minimum age can't be" : (query.split("=")[0] ?? ""),
        ) as string,
      });
    }
  });
});
