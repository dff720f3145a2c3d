/** Two commits side by side (chapter 04, section 10). */
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../../../test/support/database.ts";
import { fillDerivedTables } from "../../../test/support/derived.ts";
import {
  build,
  checkout,
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

/** Statuses of one test in A and B; undefined where a side has not got it. */
const CHANGES: [path: string, a: string | null | undefined, b: string | null | undefined][] = [
  ["regression", "PASS", "FAIL"],
  ["unclear", "PASS", "MISS"],
  ["fixed", "FAIL", "PASS"],
  ["perhaps fixed", "FAIL", null],
  ["new failure", undefined, "FAIL"],
  ["worse", "SKIP", "FAIL"],
  ["still", "FAIL", "fail"],
  ["new pass", undefined, "PASS"],
  ["better", "ERROR", "PASS"],
  ["appeared", undefined, "weird"],
  ["disappeared", "PASS", undefined],
  ["failed and gone", "FAIL", undefined],
  ["unsure and gone", null, undefined],
  ["same", "PASS", "PASS"],
  ["unsure", "SKIP", "DONE"],
];

const sideOf = (place: 1 | 2, buildId: string): Row[] =>
  CHANGES.flatMap((change) => {
    const status = change[place];
    const path = change[0];
    return status === undefined ? [] : [test(`${buildId} ${path}`, buildId, 1, status, { path })];
  });

beforeAll(async () => {
  const { pool, connection } = await testDatabase();
  server = await testServer(pool);
  await insertRows(pool, "checkouts", [
    checkout("a", "A", 9, { git_repository_url: null, _timestamp: hoursAgo(9) }),
    checkout("a-again", "A", 10, { git_repository_url: null, _timestamp: hoursAgo(8) }),
    // the same commit from another repository, which came earlier, from another origin, in another tree
    checkout("a-moved", "A", 1, { git_repository_url: "https://moved", _timestamp: hoursAgo(99) }),
    checkout("a-redhat", "A", 1, { origin: "redhat" }),
    checkout("a-fork", "A", 1, { tree_name: "fork" }),
    checkout("b", "B", 5),
    checkout("bare", "bare", 5),
    checkout("tagged", "C", 5, { git_commit_tags: ["A"] }),
  ]);
  await insertRows(pool, "builds", [
    build("ba", "a", 9, { compiler: "['gcc-12']" }),
    build("ba-again", "a-again", 8, { status: "FAIL", config_name: "tiny", misc: { lab: "k8s" } }),
    build("ba-null", "a", 8, { status: null, config_name: null, architecture: null, compiler: "" }),
    build("ba-gone", "a", 8, { architecture: "x86_64" }),
    build("ba-elsewhere", "a-moved", 1, { config_name: "elsewhere" }),
    build("maestro:dummy_a", "a", 1, { status: "FAIL", config_name: "dummy" }),
    build("ba-redhat", "a-redhat", 1, { config_name: "of redhat" }),
    build("ba-fork", "a-fork", 1, { config_name: "of fork" }),
    build("bb", "b", 5, { status: "FAIL", duration: 60 }),
    build("bb-tiny", "b", 4, { status: "FAIL", config_name: "tiny", duration: 10 }),
    build("bb-new", "b", 4, { config_name: "Z-new" }),
    build("bb-null", "b", 4, { status: "SKIP", config_name: "", architecture: "[]", compiler: null }),
  ]);
  const versions = (id: string, buildId: string, hours: number | null, status: string, more: Row = {}): Row =>
    test(id, buildId, hours, status, { path: "boot", ...more });
  await insertRows(pool, "tests", [
    ...sideOf(1, "ba"),
    ...sideOf(2, "bb"),
    // Of several runs on a side the newest stands for all: by start, then by arrival, then by id.
    versions("boot1", "ba", 3, "FAIL"),
    versions("boot2", "ba", 2, "PASS"),
    versions("boot3", "ba", null, "FAIL"),
    versions("boot4", "bb", 2, "FAIL", { _timestamp: hoursAgo(1) }),
    versions("boot5", "bb", 2, "PASS", { _timestamp: hoursAgo(2) }),
    versions("boot6", "bb", 2, "PASS", { _timestamp: null }),
    versions("tie1", "ba", 2, "FAIL", { path: "boot.tie" }),
    versions("tie2", "ba", 2, "PASS", { path: "boot.tie" }),
    versions("tie3", "bb", 2, "SKIP", { path: "boot.tie" }),
    // what makes a test the same test
    test("platform", "ba", 1, "FAIL", { path: "id", environment_misc: { platform: "a" } }),
    test("platform-b", "bb", 1, "FAIL", { path: "id", environment_misc: { platform: "b" } }),
    test("nameless", "ba", 1, "FAIL", { path: null, environment_misc: null }),
    test("nameless-b", "bb", 1, "FAIL", { path: "", environment_misc: { platform: 7 }, duration: 5 }),
    test("of-dummy", "maestro:dummy_a", 1, "FAIL", { path: "bootrr", misc: { runtime: "lab-d" } }),
    test("elsewhere", "ba-elsewhere", 1, "FAIL", { path: "elsewhere" }),
    test("100%", "bb", 1, "FAIL", {
      path: "100%_x",
      misc: { runtime: "lab-x" },
      environment_compatible: ["v,x"],
    }),
  ]);
  await insertRows(pool, "issues", [issue("i", 1, 1)]);
  await insertRows(pool, "incidents", [
    incident("n1", ["i", 1], { test_id: "ba still" }),
    incident("n2", ["i", 1], { build_id: "bb-tiny" }),
  ]);
  await fillDerivedTables(connection);
});

const SIDES = "hash_a=A&hash_b=B";

async function get(path: string, query = SIDES): Promise<unknown> {
  const { status, body } = await server.get(`/api/tree/tt/br/x/compare${path}?${query}`);
  expect([path, query, status]).toEqual([path, query, 200]);
  return body;
}

interface Entity {
  sideA: Row;
  sideB: Row;
  delta: Row;
  changes: Record<string, number>;
}
interface Compare {
  gitUrl: string;
  summary: Record<"builds" | "boots" | "tests", Entity>;
}
const summary = async (query = SIDES): Promise<Compare> => (await get("", query)) as Compare;

/** `path|platform` of pairs, with the two statuses. */
async function pairs(
  path: string,
  query = "",
): Promise<Record<string, [a: string | null, b: string | null]>> {
  const list = (await get(path, SIDES + query)) as Record<string, string | null>[];
  return Object.fromEntries(
    list.map(({ status_a: a, status_b: b, ...identity }) => [
      Object.values(identity).join("|"),
      [a ?? null, b ?? null],
    ]),
  );
}
const usual = (path: string): string => `${path}|defconfig|arm64|rpi4`;

describe("GET /api/tree/{tree}/{branch}/compare", () => {
  it("counts each item of a side once, whatever the number of checkouts, and what changed", async () => {
    const { summary: kinds, ...rest } = await summary();
    // Side A has builds, and no repository.
    expect(rest).toEqual({ treeName: "tt", branch: "br/x", gitUrl: "" });
    expect(kinds.builds).toEqual({
      sideA: { pass: 2, fail: 1, inconclusive: 1 },
      sideB: { pass: 1, fail: 2, inconclusive: 1 },
      delta: { pass: -1, fail: 1 },
      changes: {
        ...{
          regression: 1,
          fixed: 0,
          newFailure: 0,
          stillFailing: 1,
          newPass: 1,
          appeared: 0,
          disappeared: 1,
        },
      },
    });
    expect(kinds.boots).toMatchObject({
      sideA: { pass: 2, fail: 3, inconclusive: 0 },
      sideB: { pass: 2, fail: 1, inconclusive: 1 },
      changes: { regression: 2 },
    });
    expect(kinds.tests.changes).toEqual({
      regression: 2,
      fixed: 2,
      // of its own, from unsure, on another platform, and one more
      newFailure: 4,
      // also the one without a name
      stillFailing: 2,
      newPass: 2,
      appeared: 1,
      disappeared: 5,
    });
  });

  it("gives the repository of the side that has builds", async () => {
    expect((await summary("hash_a=bare&hash_b=B")).gitUrl).toBe(URL);
    expect((await summary("hash_a=B&hash_b=A")).gitUrl).toBe(URL);
    expect((await summary("hash_a=gone&hash_b=bare")).gitUrl).toBe("");
  });

  it("knows hashes only, of the origin, and takes one twice", async () => {
    const zero = { pass: 0, fail: 0, inconclusive: 0 };
    const unknown = await summary("hash_a=gone&hash_b=A&origin=nobody");
    for (const kind of Object.values(unknown.summary))
      expect(kind).toMatchObject({ sideA: zero, sideB: zero });
    expect((await summary("hash_a=A&hash_b=A&origin=redhat")).summary.builds.sideA).toEqual({
      ...zero,
      pass: 1,
    });
    const twice = await summary("hash_a=B&hash_b=B");
    expect(twice.summary.tests.changes).toEqual({
      ...twice.summary.tests.changes,
      ...{ regression: 0, disappeared: 0 },
    });
    expect(twice.summary.tests.changes.stillFailing).toBeGreaterThan(0);
    const list = (await get("/tests", "hash_a=B&hash_b=B")) as Row[];
    expect(list).toHaveLength(twice.summary.tests.changes.stillFailing ?? 0);
    expect(await get("/builds", "hash_a=gone&hash_b=gone-too")).toEqual([]);
  });

  it("asks for two hashes, and ignores filters where it describes all", async () => {
    for (const path of ["", "/builds", "/boots", "/tests"]) {
      for (const query of ["", "hash_a=A", "hash_a=&hash_b=B", "hash_b=B&hash_a=A&hash_a="]) {
        expect(await server.get(`/api/tree/tt/br/x/compare${path}?${query}`)).toMatchObject({
          status: 400,
          body: { error: "hash_a and hash_b are required" },
        });
      }
    }
    expect(await summary(`${SIDES}&filter_test.status=PASS&filter_x_[bad]=1`)).toEqual(await summary());
    expect((await server.get(`/api/tree/tt/b/compare/tests?${SIDES}&filter_test.issue=x`)).status).toBe(400);
  });
});

describe("the lists of pairs", () => {
  it("show what changed or still fails, in the order of their names", async () => {
    expect(await get("/builds")).toEqual(
      [
        ["Z-new", "arm64", "gcc-12", null, "PASS"],
        ["defconfig", "arm64", "gcc-12", "PASS", "FAIL"],
        ["defconfig", "x86_64", "gcc-12", "PASS", null],
        ["tiny", "arm64", "gcc-12", "FAIL", "FAIL"],
      ].map(([config_name, architecture, compiler, status_a, status_b]) => ({
        ...{ config_name, architecture, compiler, status_a, status_b },
      })),
    );
    const tests = await pairs("/tests");
    const paths = Object.keys(tests);
    expect(paths).toEqual([...paths].sort());
    expect(tests).toEqual({
      [usual("100%_x")]: [null, "FAIL"],
      "Unknown|defconfig|arm64|Unknown": ["FAIL", "FAIL"],
      [usual("appeared")]: [null, "INCONCLUSIVE"],
      [usual("better")]: ["INCONCLUSIVE", "PASS"],
      "bootrr|dummy|arm64|rpi4": ["FAIL", null],
      [usual("disappeared")]: ["PASS", null],
      [usual("failed and gone")]: ["FAIL", null],
      [usual("fixed")]: ["FAIL", "PASS"],
      "id|defconfig|arm64|a": ["FAIL", null],
      "id|defconfig|arm64|b": [null, "FAIL"],
      [usual("new failure")]: [null, "FAIL"],
      [usual("new pass")]: [null, "PASS"],
      [usual("perhaps fixed")]: ["FAIL", "INCONCLUSIVE"],
      [usual("regression")]: ["PASS", "FAIL"],
      [usual("still")]: ["FAIL", "FAIL"],
      [usual("unclear")]: ["PASS", "INCONCLUSIVE"],
      [usual("unsure and gone")]: ["INCONCLUSIVE", null],
      [usual("worse")]: ["INCONCLUSIVE", "FAIL"],
    });
  });

  it("take the newest run of each side", async () => {
    expect(await pairs("/boots")).toEqual({
      [usual("boot")]: ["PASS", "FAIL"],
      [usual("boot.tie")]: ["PASS", "INCONCLUSIVE"],
    });
  });

  it("filter by what a test is before pairing, by how it ended after it", async () => {
    const paths = async (query: string): Promise<string[]> =>
      Object.keys(await pairs("/tests", query)).map((identity) => identity.split("|")[0] ?? "");
    expect(await paths("&filter_test.path=%25_")).toEqual(["100%_x"]);
    expect(await paths("&filter_test.path=ERR")).toEqual([]);
    expect(await paths("&filter_test.hardware=v,x")).toEqual(["100%_x"]);
    expect(await paths("&filter_test.lab=lab-d&filter_test.lab=lab-x")).toEqual(["100%_x", "bootrr"]);
    expect(await paths("&filter_test.platform=Unknown")).toEqual(["Unknown"]);
    // A side that is filtered away before pairing is missing; one that ended in another way is not.
    expect(await pairs("/tests", "&filter_test.status=PASS&filter_test.path=regression")).toEqual({
      [usual("regression")]: ["PASS", "FAIL"],
    });
    expect(await paths("&filter_test.status=MISS")).toEqual([
      ...["appeared", "better", "perhaps fixed", "unclear", "unsure and gone", "worse"],
    ]);
    expect(await pairs("/tests", "&filter_test.duration=5")).toEqual({
      "Unknown|defconfig|arm64|Unknown": ["FAIL", "FAIL"],
    });
    expect(await paths("&filter_test.issue=i,1")).toEqual(["still"]);
    // One side's item has to pass all of them.
    expect(await paths("&filter_test.duration=5&filter_test.issue=i,1")).toEqual([]);
    expect(await paths("&filter_test.issue=Uncategorized&filter_test.path=still")).toEqual(["still"]);
    expect(await paths("&filter_boot.path=x&filter_build.status=PASS")).toHaveLength(18);
  });

  it("filter builds by their own and their tests' hardware and labs", async () => {
    const names = async (query: string): Promise<string[]> => Object.keys(await pairs("/builds", query));
    expect(await names("&filter_test.lab=k8s")).toEqual(["tiny|arm64|gcc-12"]);
    expect(await pairs("/builds", "&filter_test.lab=k8s")).toEqual({ "tiny|arm64|gcc-12": ["FAIL", null] });
    expect(await pairs("/builds", "&filter_test.hardware=v,x")).toEqual({
      "defconfig|arm64|gcc-12": [null, "FAIL"],
    });
    expect(await pairs("/builds", "&filter_duration_[lte]=59")).toEqual({
      "tiny|arm64|gcc-12": ["FAIL", "FAIL"],
    });
    expect(await names("&filter_build.issue=i,1")).toEqual(["tiny|arm64|gcc-12"]);
    expect(await names("&filter_build.status=DONE")).toEqual([]);
    expect(await names("&filter_build.origin=redhat")).toEqual([]);
  });
});
