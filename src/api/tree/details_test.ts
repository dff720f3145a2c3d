/** Details of a commit: what is in scope, order, values, options and sums (chapter 04, sections 2.4 and 6). */
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../../../test/support/database.ts";
import { fillDerivedTables } from "../../../test/support/derived.ts";
import {
  build,
  checkout,
  counts,
  hoursAgo,
  incident,
  insertRows,
  issue,
  test,
  URL,
  type Row,
} from "../../../test/support/report_rows.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";

let server: TestServer;

const failed = (id: string, hours: number | null, more: Row = {}): Row =>
  test(id, "b1", hours, "FAIL", { path: "ltp", ...more });

beforeAll(async () => {
  const { pool, connection } = await testDatabase();
  server = await testServer(pool);
  await insertRows(pool, "checkouts", [
    checkout("c1", "h1", 2, { git_commit_tags: null }),
    checkout("c1-again", "h1", 3, { git_commit_tags: ["v1", "a"], git_repository_url: "https://moved" }),
    checkout("c1-old", "h1", 9, { git_commit_tags: ["older"] }),
    // the same commit elsewhere
    checkout("fork", "h1", 1, { tree_name: "fork" }),
    checkout("redhat", "h1", 1, { origin: "redhat" }),
    // tags
    checkout("v1-later", "h2", 20, { git_commit_tags: ["v2", "v3"], _timestamp: hoursAgo(1) }),
    checkout("v2-sooner", "h3", 10, { git_commit_tags: ["v2"], _timestamp: hoursAgo(5) }),
    checkout("v2-elsewhere", "h4", 1, { git_commit_tags: ["v2"], git_repository_branch: "other" }),
    checkout("v2-of-redhat", "h5", 1, { git_commit_tags: ["v2"], origin: "redhat" }),
    checkout("hashless", null, 0.1, { git_commit_tags: ["v2", "alone"] }),
    checkout("hash-like-tag", "v3", 50),
    checkout("tie-a", "ha", 5, { git_commit_tags: ["tie"], _timestamp: hoursAgo(1).slice(0, 10) }),
    checkout("tie-b", "hb", 5, { git_commit_tags: ["tie"], _timestamp: hoursAgo(1).slice(0, 10) }),
    // less than a build
    checkout("bare", "bare", 3, { tree_name: "bare" }),
    checkout("bare-again", "bare", 3, { tree_name: "bare" }),
    checkout("dummy", "dummy", 3, { tree_name: "bare" }),
    checkout("nowhere", "h1", 3, {
      tree_name: "named",
      git_repository_url: null,
      git_repository_branch: null,
    }),
  ]);
  await insertRows(pool, "builds", [
    build("b1", "c1", 2, { misc: { platform: "kubernetes", lab: "k8s" } }),
    build("b2", "c1-again", 1, { status: "FAIL", compiler: "clang-17", misc: { note: "no lab" } }),
    build("b3", "c1-old", null, { status: "FAIL", architecture: "riscv" }),
    build("b4", "c1", 1, { status: "FAIL", config_name: "tinyconfig" }),
    build("b5", "c1", 1, { status: null }),
    build("maestro:dummy_1", "c1", 1, { status: "FAIL", config_name: "of a dummy" }),
    build("fork-b", "fork", 1),
    build("redhat-b", "redhat", 1, { origin: "redhat" }),
    build("h2-b", "v1-later", 1),
    build("h3-b", "v2-sooner", 1),
    build("v3-b", "hash-like-tag", 1),
    build("ha-b", "tie-a", 1),
    build("hb-b", "tie-b", 1),
    build("maestro:dummy_2", "dummy", 1),
    build("nowhere-b", "nowhere", 1),
  ]);
  await insertRows(pool, "tests", [
    // order: without an issue first, the newest of them first; then those with the newest issues
    failed("t-early", 3),
    failed("t-late", 1),
    failed("T-late", null),
    failed("t-never", null),
    failed("t-tie", 3),
    failed("t-old-issue", 0.1),
    failed("t-two-issues", 5),
    failed("t-new-issue", 4),
    failed("t-absent", 2, { misc: { error_msg: "why" } }),
    test("boot", "b1", 1, "PASS", {
      path: "boot",
      environment_compatible: ["vendor,board", "vendor,soc"],
      environment_misc: { platform: "rpi4", job: { id: 7 } },
      misc: { runtime: "lab-b" },
    }),
    test("boot-key-is-platform", "b2", 1, "FAIL", { path: "boot.x", environment_compatible: ["rpi4"] }),
    test("boot-nameless", "b2", 1, "MISS", {
      path: "boot.y",
      environment_misc: null,
      misc: { error_msg: "why" },
    }),
    test("of-dummy", "maestro:dummy_1", 1, "SKIP", {
      path: "bootrr",
      environment_misc: { platform: "qemu" },
    }),
    test("of-linaro", "b3", 1, "pass", { path: null, origin: "linaro" }),
    test("of-bare-dummy", "maestro:dummy_2", 1, "PASS", { path: "ltp" }),
  ]);
  await insertRows(pool, "issues", [
    issue("old", 1, 10),
    issue("new", 1, 5),
    issue("new", 2, 1, { report_url: "https://r" }),
    issue("a", 1, 5),
  ]);
  await insertRows(pool, "incidents", [
    incident("n1", ["old", 1], { test_id: "t-old-issue" }),
    incident("n2", ["old", 1], { test_id: "t-two-issues" }),
    incident("n3", ["new", 2], { test_id: "t-two-issues" }),
    incident("n4", ["new", 2], { test_id: "t-two-issues", build_id: "b4" }),
    incident("n5", ["new", 1], { test_id: "t-new-issue" }, { present: null }),
    incident("n6", ["new", 1], { test_id: "t-absent" }, { present: false }),
    incident("n7", ["gone", 1], { test_id: "t-absent" }),
    incident("n8", ["old", 7], { test_id: "t-absent" }),
    incident("n9", ["old", 1], { test_id: "boot" }),
    // builds: one failed, one without verdict, one that passed
    incident("n10", ["old", 1], { build_id: "b2" }),
    incident("n11", ["a", 1], { build_id: "b2" }),
    incident("n12", ["a", 1], { build_id: "b2" }),
    incident("n13", ["new", 1], { build_id: "b5" }),
    incident("n14", ["old", 1], { build_id: "b1" }),
  ]);
  await fillDerivedTables(connection);
});

const DIRECT = "/api/tree/tt/br%2Fx";

async function get(path: string): Promise<Row> {
  const { status, body } = await server.get(path);
  expect([path, status]).toEqual([path, 200]);
  return body as Row;
}

const ids = async (path: string, kind = path.replace(/\?.*/, "").replace(/.*\//, "")): Promise<string[]> =>
  ((await get(path))[kind] as { id: string }[]).map(({ id }) => id);

describe("the scope", () => {
  it("has all checkouts of the tree's commit, whatever their repository, and no others", async () => {
    expect((await ids(`${DIRECT}/h1/builds`)).sort()).toEqual(["b1", "b2", "b3", "b4", "b5"]);
    expect(await ids("/api/tree/fork/br/x/h1/builds")).toEqual(["fork-b"]);
    expect(await ids(`${DIRECT}/h1/builds?origin=redhat`)).toEqual(["redhat-b"]);
    const items = (await get(`${DIRECT}/h1/builds`)).builds as Row[];
    const url = (id: string): unknown => items.find((item) => item.id === id)?.git_repository_url;
    expect([url("b1"), url("b2")]).toEqual([URL, "https://moved"]);
  });

  it("in the short form is the path's alone; by hash the repository and branch, of any tree", async () => {
    expect(await ids(`${DIRECT}/h1/builds?git_branch=other&git_url=x`)).toHaveLength(5);
    expect((await get(`${DIRECT}/h1/summary?git_branch=other`)).error).toBeUndefined();
    const byHash = `/api/tree/h1/builds?git_url=${encodeURIComponent(URL)}&git_branch=br/x`;
    expect(new Set(await ids(byHash))).toEqual(new Set(["b1", "b3", "b4", "b5", "fork-b"]));
    expect(await ids("/api/tree/h1/builds?git_url=&git_branch=")).toEqual(["nowhere-b"]);
    for (const view of ["summary", "full"]) {
      const { summary } = await get(`/api/tree/h1/${view}`);
      expect(summary).toMatchObject({ builds: { status: counts({ PASS: 1 }) } });
    }
  });

  it("takes a tag inside the scope: one commit, the one that came last, and never a tag before a hash", async () => {
    expect(await ids(`${DIRECT}/v2/builds`)).toEqual(["h2-b"]);
    expect(await ids(`${DIRECT}/v3/builds`)).toEqual(["v3-b"]);
    expect(await ids(`${DIRECT}/tie/builds`)).toEqual(["hb-b"]);
    expect(await ids(`${DIRECT}/v1/builds`)).toHaveLength(5);
    expect((await get(`${DIRECT}/v2/summary`)).summary).toMatchObject({
      builds: { status: counts({ PASS: 1 }) },
    });
    expect(await get(`${DIRECT}/alone/builds`)).toEqual({
      error: "No results available for this tree/branch/commit",
    });
  });

  it("tells no commit from no builds, whatever is filtered", async () => {
    const nothing = { error: "No results available for this tree/branch/commit" };
    const bare = { error: "No builds available for this tree/branch/commit" };
    const filter = "?filter_architecture=none";
    for (const view of ["full", "summary", "builds", "boots", "tests"]) {
      for (const query of ["", filter]) expect(await get(`${DIRECT}/gone/${view}${query}`)).toEqual(nothing);
      const isList = view === "boots" || view === "tests";
      expect(await get(`/api/tree/bare/br/x/bare/${view}`)).toEqual(isList ? { [view]: [] } : bare);
    }
    expect(await get("/api/tree/bare/br/x/dummy/builds")).toEqual({ builds: [] });
    expect(await ids("/api/tree/bare/br/x/dummy/tests")).toEqual(["of-bare-dummy"]);
    expect(await get(`${DIRECT}/h1/tests${filter}`)).toEqual({ tests: [] });
  });

  it("asks lists for repository and branch, and refuses what it cannot read", async () => {
    for (const path of [
      "/api/tree/h1/builds?git_url=",
      "/api/tree/h1/boots?git_branch=",
      `${DIRECT}/h1/boots?full_environment_misc=maybe`,
      `${DIRECT}/gone/tests?full_environment_misc=`,
      `${DIRECT}/gone/full?filter_duration=x`,
      `${DIRECT}/gone/summary?filter_x_[bad]=1`,
    ]) {
      const { status, body } = await server.get(path);
      expect([path, status, Object.keys(body as Row)]).toEqual([path, 400, ["error"]]);
    }
    expect(await ids(`${DIRECT}/h1/builds?full_environment_misc=maybe`)).toHaveLength(5);
  });
});

describe("lists", () => {
  it("have items without a known issue first, then those with the newest", async () => {
    const tests = await ids(`${DIRECT}/h1/tests`);
    expect(tests).toEqual([
      // Equal starts: by id; without a start: last.
      ...["of-dummy", "of-linaro", "t-late", "t-absent", "t-early", "t-tie", "T-late", "t-never"],
      ...["t-two-issues", "t-new-issue", "t-old-issue"],
    ]);
    expect(await ids(`${DIRECT}/h1/full`, "tests")).toEqual(tests);
    expect(await ids(`${DIRECT}/h1/builds`)).toEqual(["b4", "b3", "b2", "b5", "b1"]);
  });

  it("show values, and of the environment the platform or all", async () => {
    const { boots } = await get(`${DIRECT}/h1/boots`);
    const shown = (boots as Row[]).find(({ id }) => id === "boot");
    expect(shown).toEqual({
      id: "boot",
      origin: "maestro",
      status: "PASS",
      duration: null,
      path: "boot",
      start_time: expect.stringMatching(/Z$/) as string,
      environment_compatible: ["vendor,board", "vendor,soc"],
      config: "defconfig",
      log_url: null,
      architecture: "arm64",
      compiler: "gcc-12",
      environment_misc: { platform: "rpi4" },
      lab: "lab-b",
    });
    const full = (await get(`${DIRECT}/h1/boots?full_environment_misc=YES`)).boots as Row[];
    expect(full.find(({ id }) => id === "boot")?.environment_misc).toEqual({
      platform: "rpi4",
      job: { id: 7 },
    });
    expect(full.find(({ id }) => id === "boot-nameless")?.environment_misc).toEqual({ platform: "Unknown" });
    const inFull = (await get(`${DIRECT}/h1/full?full_environment_misc=1`)).boots as Row[];
    expect(inFull.find(({ id }) => id === "boot")?.environment_misc).toEqual({ platform: "rpi4" });
  });
});

interface Summary {
  summary: Record<"builds" | "boots" | "tests", Row>;
  common: Row;
  filters: Row;
}
const summaryOf = async (query = ""): Promise<Summary> =>
  (await get(`${DIRECT}/h1/summary${query}`)) as unknown as Summary;

describe("the summary", () => {
  it("counts builds once, and their issues when they failed or have no verdict", async () => {
    const { summary } = await summaryOf();
    expect(summary.builds).toMatchObject({
      status: counts({ PASS: 1, FAIL: 3, NULL: 1 }),
      architectures: {
        arm64: { PASS: 1, FAIL: 2, NULL: 1, compilers: ["clang-17", "gcc-12"] },
        riscv: { FAIL: 1, compilers: ["gcc-12"] },
      },
      configs: { defconfig: counts({ PASS: 1, FAIL: 2, NULL: 1 }), tinyconfig: counts({ FAIL: 1 }) },
      // only builds that have a misc
      labs: { k8s: counts({ PASS: 1 }), Unknown: counts({ FAIL: 1 }) },
      unknown_issues: 2,
    });
    expect(summary.builds.issues).toEqual([
      { id: "a", version: 1, comment: "comment of a", report_url: null, incidents_info: counts({ FAIL: 1 }) },
      {
        id: "new",
        version: 1,
        comment: "comment of new",
        report_url: null,
        incidents_info: counts({ NULL: 1 }),
      },
      {
        id: "old",
        version: 1,
        comment: "comment of old",
        report_url: null,
        incidents_info: counts({ FAIL: 1 }),
      },
    ]);
  });

  it("counts boots and tests under compatible or platform, with reasons and issues of every status", async () => {
    const { summary, common } = await summaryOf();
    expect(summary.boots).toMatchObject({
      status: counts({ PASS: 1, FAIL: 1, MISS: 1 }),
      architectures: [
        { arch: "arm64", compiler: "clang-17", status: counts({ FAIL: 1, MISS: 1 }) },
        { arch: "arm64", compiler: "gcc-12", status: counts({ PASS: 1 }) },
      ],
      environment_compatible: { "vendor,board": { PASS: 1 } },
      environment_misc: { rpi4: { FAIL: 1 }, Unknown: { MISS: 1 } },
      platforms: null,
      fail_reasons: { "unknown error": 1, why: 1 },
      failed_platforms: ["Unknown", "rpi4"],
      labs: { "lab-b": counts({ PASS: 1 }), Unknown: counts({ FAIL: 1, MISS: 1 }) },
      issues: [{ id: "old", version: 1, incidents_info: counts({ PASS: 1 }) }],
      unknown_issues: 1,
    });
    expect(summary.tests).toMatchObject({
      status: counts({ FAIL: 9, SKIP: 1, PASS: 1 }),
      origins: { maestro: counts({ FAIL: 9, SKIP: 1 }), linaro: counts({ PASS: 1 }) },
      fail_reasons: { "unknown error": 8, why: 1 },
      unknown_issues: 6,
      environment_misc: { qemu: { SKIP: 1 }, rpi4: { FAIL: 9, PASS: 1 } },
    });
    // Every item once for each of its issues; the newest issue first.
    expect(
      (summary.tests.issues as Row[]).map(({ id, version, incidents_info: info }) => [id, version, info]),
    ).toEqual([
      ["new", 2, counts({ FAIL: 1 })],
      ["new", 1, counts({ FAIL: 1 })],
      ["old", 1, counts({ FAIL: 2 })],
    ]);
    expect(common).toEqual({
      hardware: ["Unknown", "qemu", "rpi4", "vendor,board"],
      tree_url: URL,
      git_commit_tags: ["v1", "a"],
    });
  });

  it("offers all that there is, sorted, whatever is filtered", async () => {
    const { filters, common } = await summaryOf();
    expect(filters).toEqual({
      all: {
        // that of a dummy through its test
        configs: ["defconfig", "of a dummy", "tinyconfig"],
        architectures: ["arm64", "riscv"],
        compilers: ["clang-17", "gcc-12"],
      },
      builds: {
        issues: [
          ["a", 1],
          ["new", 1],
          ["old", 1],
        ],
        origins: ["maestro"],
        has_unknown_issue: true,
        labs: ["Unknown", "k8s"],
      },
      boots: {
        issues: [["old", 1]],
        origins: ["maestro"],
        has_unknown_issue: true,
        labs: ["Unknown", "lab-b"],
      },
      tests: {
        issues: [
          ["new", 1],
          ["new", 2],
          ["old", 1],
        ],
        origins: ["linaro", "maestro"],
        has_unknown_issue: true,
        labs: ["Unknown"],
      },
    });
    const none = await summaryOf(
      "?filter_architecture=none&filter_test.status=NONE&filter_build.issue=old,1",
    );
    expect([none.filters, none.common]).toEqual([filters, common]);
    for (const kind of ["builds", "boots", "tests"] as const)
      expect(none.summary[kind]).toMatchObject({ status: counts(), issues: [], unknown_issues: 0, labs: {} });
    expect(none.summary.tests).toMatchObject({ platforms: null, fail_reasons: {}, environment_misc: {} });
  });

  it("is the same in full, with the lists that it counts", async () => {
    for (const query of [
      "",
      "?filter_test.hardware=vendor,soc",
      "?filter_test.issue=old,1&filter_boot.path=t.x",
    ]) {
      const { tests, boots, builds, ...rest } = await get(`${DIRECT}/h1/full${query}`);
      expect(rest).toEqual(await summaryOf(query));
      const lists = { tests, boots, builds };
      for (const [kind, list] of Object.entries(lists))
        expect(await get(`${DIRECT}/h1/${kind}${query}`)).toEqual({ [kind]: list });
    }
    // An item with two issues shows the one that is asked for.
    const { summary } = await summaryOf("?filter_test.issue=old,1");
    expect(summary.tests).toMatchObject({ status: counts({ FAIL: 2 }), issues: [{ id: "old", version: 1 }] });
    expect(summary.tests.issues).toHaveLength(1);
    // A build has the hardware of all its tests, whatever becomes of these.
    expect(await ids(`${DIRECT}/h1/builds?filter_test.hardware=vendor,soc&filter_boot.status=FAIL`)).toEqual([
      "b1",
    ]);
  });
});
