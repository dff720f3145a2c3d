/** Counts for the commit graph (chapter 04, sections 8 and 9). */
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

beforeAll(async () => {
  const { pool, connection } = await testDatabase();
  server = await testServer(pool);
  await insertRows(pool, "checkouts", [
    checkout("newer", "newer", 1),
    checkout("h1", "h1", 10, { git_commit_name: "one", git_commit_tags: ["v1"] }),
    checkout("h1-newest", "h1", 5, { git_commit_name: "one again", git_commit_tags: null }),
    checkout("h1-old", "h1", 100, { git_commit_tags: ["a", "v1"], git_repository_url: "https://moved" }),
    // equal times: the one that came last, then by hash
    checkout("h2", "h2", 20, { _timestamp: hoursAgo(2) }),
    checkout("ha", "ha", 20, { _timestamp: hoursAgo(1) }),
    checkout("hB", "hB", 20, { _timestamp: hoursAgo(2) }),
    // without a start it is of when it came; it has no builds
    checkout("bare", "bare", 30, { start_time: null }),
    checkout("h3", "h3", 40),
    checkout("h3-later-than-head", "h3", 2),
    checkout("h4", "h4", 50),
    checkout("hashless", null, 15),
    checkout("fork", "fork", 12, { tree_name: "fork" }),
    checkout("redhat", "h-redhat", 12, { origin: "redhat" }),
    checkout("list", "in-list", 12, { git_repository_branch: "br/x/y" }),
    checkout("future", "in-future", -5, { tree_name: "future" }),
  ]);
  await insertRows(pool, "builds", [
    build("b1", "h1", 10, { misc: { lab: "k8s" } }),
    build("b1-fail", "h1-newest", 5, { status: "FAIL", architecture: "riscv", duration: 60 }),
    build("b1-old", "h1-old", 100, { status: null, config_name: null }),
    build("maestro:dummy_h1", "h1", 10, { status: "FAIL", architecture: "of dummy" }),
    build("b2", "h2", 20),
    build("ba", "ha", 20, { architecture: "x86_64" }),
    build("maestro:dummy_hB", "hB", 20, { compiler: "of dummy" }),
    build("b3", "h3", 40),
    build("b4", "h4", 50),
  ]);
  await insertRows(pool, "tests", [
    test("boot", "b1", 9, "PASS", { path: "boot", misc: { runtime: "lab" } }),
    test("boot-fail", "b1", 9, "FAIL", { path: "boot.nfs", environment_compatible: ["v,board"] }),
    test("bootrr", "b1", 9, "PASS", { path: "bootrr.x", duration: 5 }),
    test("pathless", "b1-fail", 9, null, { path: null }),
    test("of-dummy", "maestro:dummy_h1", 9, "ERROR", { path: "ltp" }),
    test("of-dummy-too", "maestro:dummy_hB", 9, "SKIP", { path: "ltp" }),
    test("old", "b1-old", 99, "MISS", { path: "ltp" }),
    test("t2", "b2", 20, "DONE", { path: "ltp" }),
  ]);
  await insertRows(pool, "issues", [issue("i", 1, 5)]);
  await insertRows(pool, "incidents", [
    incident("n1", ["i", 1], { test_id: "boot-fail" }),
    incident("n2", ["i", 1], { test_id: "boot-fail" }),
    incident("n3", ["i", 1], { build_id: "b1-old" }),
  ]);
  await fillDerivedTables(connection);
});

interface Commit {
  git_commit_hash: string;
  builds: Record<string, number>;
  boots: Record<string, number>;
  tests: Record<string, number>;
}

async function get(path: string): Promise<unknown> {
  const { status, body } = await server.get(`/api/tree/${path}`);
  expect([path, status]).toEqual([path, 200]);
  return body;
}
const commits = async (path: string): Promise<Commit[]> => (await get(path)) as Commit[];
const hashes = async (path: string): Promise<string[]> =>
  (await commits(path)).map((commit) => commit.git_commit_hash);

const lower = (more: Record<string, number> = {}): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts()).map(([status, zero]) => [
      status.toLowerCase(),
      more[status.toLowerCase()] ?? zero,
    ]),
  );
/** Counters that are not zero, by kind. */
function seen(commit: Commit | undefined): unknown[] {
  return [commit?.builds, commit?.boots, commit?.tests].map((counters = {}) =>
    Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0)),
  );
}

const H1 = "tt/br/x/h1/commits?origin=maestro";
const NOTHING = { error: "History of tree commits not found" };
const unix = (hours: number): number => Math.round(Date.parse(hoursAgo(hours)) / 1000);
const between = (start: number, end: number): string =>
  `&start_timestamp_in_seconds=${unix(start) - 1}&end_timestamp_in_seconds=${unix(end) + 1}`;

describe("GET /api/tree/.../{hash}/commits", () => {
  it("goes back six commits from the hash, by their newest checkouts that are not newer than it", async () => {
    // h3 was checked out again after h1, which does not count.
    expect(await hashes(H1)).toEqual(["h1", "ha", "h2", "hB", "bare", "h3"]);
    expect(await hashes("tt/br/x/newer/commits?origin=maestro")).toEqual([
      "newer",
      "h3",
      "h1",
      "ha",
      "h2",
      "hB",
    ]);
    expect(await hashes("tt/br/x/bare/commits?origin=maestro")).toEqual(["bare", "h3", "h4", "h1"]);
  });

  it("counts the items of all checkouts of a commit once", async () => {
    const [first, , , ofDummy, bare] = await commits(H1);
    expect(first).toEqual({
      git_commit_hash: "h1",
      git_commit_name: "one again",
      git_commit_tags: null,
      earliest_start_time: expect.stringMatching(/Z$/) as string,
      builds: counts({ PASS: 1, FAIL: 1, NULL: 1 }),
      boots: lower({ pass: 1, fail: 1 }),
      tests: lower({ pass: 1, error: 1, miss: 1, null: 1 }),
    });
    expect(Date.parse((first as unknown as Row).earliest_start_time as string)).toBe(
      Date.parse(hoursAgo(100)),
    );
    expect([ofDummy?.git_commit_hash, ...seen(ofDummy)]).toEqual(["hB", {}, {}, { skip: 1 }]);
    expect([bare?.git_commit_hash, ...seen(bare)]).toEqual(["bare", {}, {}, {}]);
  });

  it("finds a commit by tag, and by hash within a repository and branch", async () => {
    expect(await get("tt/br/x/v1/commits?origin=maestro")).toEqual(await get(H1));
    const scope = `origin=maestro&git_url=${encodeURIComponent(URL)}&git_branch=br/x`;
    // The tree named fork has the same place; the checkout that moved has not.
    const byHash = await commits(`h1/commits?${scope}`);
    expect(byHash.map((commit) => commit.git_commit_hash)).toEqual(["h1", "fork", "ha", "h2", "hB", "bare"]);
    expect(seen(byHash[0])[2]).toEqual({ pass: 1, error: 1, null: 1 });
    expect(await get("h1/commits?origin=maestro")).toEqual(NOTHING);
    expect(await get(`h1/commits?${scope.replace("maestro", "redhat")}`)).toEqual(NOTHING);
  });

  it("counts only checkouts inside a window, and leaves out commits that have none", async () => {
    const inWindow = await commits(H1 + between(100, 30));
    expect(inWindow.map((commit) => [commit.git_commit_hash, ...seen(commit)])).toEqual([
      ["h1", { NULL: 1 }, {}, { miss: 1 }],
      ["bare", {}, {}, {}],
      ["h3", { PASS: 1 }, {}, {}],
    ]);
    expect(await get(H1 + between(3, 2))).toEqual([]);
    for (const unusable of ["", "x", "1.5", "99999999999999999999"])
      expect(
        await hashes(`${H1}&start_timestamp_in_seconds=${unusable}&end_timestamp_in_seconds=1`),
      ).toHaveLength(6);
  });

  it("counts the kinds that are asked for, with filters that see all of an item", async () => {
    const first = async (query: string): Promise<unknown> => seen((await commits(H1 + query))[0]);
    expect(await first("&types=boots")).toEqual([{}, { pass: 1, fail: 1 }, {}]);
    expect(await first("&types=%20tests,builds,")).toEqual([
      { PASS: 1, FAIL: 1, NULL: 1 },
      {},
      { pass: 1, error: 1, miss: 1, null: 1 },
    ]);
    expect(await first("&types=boots&filter_architecture=arm64")).toEqual([{}, { pass: 1, fail: 1 }, {}]);
    expect(await first("&types=tests&filter_config_name=Unknown")).toEqual([{}, {}, { miss: 1 }]);
    // A build has the hardware and labs of its tests, also when no tests are asked for.
    expect(await first("&types=builds&filter_test.hardware=v,board")).toEqual([{ PASS: 1 }, {}, {}]);
    expect(await first("&types=builds&filter_test.lab=lab&filter_test.lab=k8s")).toEqual([
      { PASS: 1 },
      {},
      {},
    ]);
    expect(await first("&filter_boot.path=nfs&filter_test.duration_[gte]=5&filter_duration=60")).toEqual([
      { FAIL: 1 },
      { fail: 1 },
      { pass: 1 },
    ]);
    expect(
      await first("&filter_boot.issue=i,1&filter_build.issue=i,1&filter_test.issue=Uncategorized"),
    ).toEqual([{ NULL: 1 }, { fail: 1 }, {}]);
  });

  it("leaves out commits of which the global filters keep nothing, but not those without builds", async () => {
    expect(await hashes(`${H1}&filter_architecture=riscv`)).toEqual(["h1", "bare"]);
    expect(await hashes(`${H1}&filter_architecture=of%20dummy&types=builds`)).toEqual(["h1", "bare"]);
    expect(await hashes(`${H1}&filter_compiler=of%20dummy`)).toEqual(["hB", "bare"]);
    // Filters of one kind leave none out.
    expect(await hashes(`${H1}&filter_build.status=SKIP`)).toHaveLength(6);
    expect(await hashes(`${H1}&filter_test.platform=none`)).toHaveLength(6);
    expect(await hashes(`${H1}&filter_test.lab=none`)).toEqual(["bare"]);
  });

  it("counts builds of the tests that filters keep, when only these are asked for", async () => {
    const builds = async (query: string): Promise<unknown> =>
      seen((await commits(`${H1}&builds_related_to_filtered_tests_only=1${query}`))[0])[0];
    expect(await builds("")).toEqual({ PASS: 1, FAIL: 1, NULL: 1 });
    expect(await builds("&types=builds")).toEqual({ PASS: 1, FAIL: 1, NULL: 1 });
    expect(await builds("&types=builds,boots")).toEqual({ PASS: 1 });
    expect(await builds("&types=builds,tests&filter_test.status=NULL")).toEqual({ FAIL: 1 });
    expect(await builds("&types=builds&filter_boot.status=FAIL&filter_test.status=MISS")).toEqual({
      PASS: 1,
      NULL: 1,
    });
    expect(await builds("&filter_build.status=FAIL&filter_test.status=MISS")).toEqual({});
  });

  it("takes the hash as the end of a branch's name when the branch has no such commit", async () => {
    const list = await get("tt/br/x/y/commits?origin=maestro");
    expect(list).toMatchObject([{ git_commit_hash: "in-list", last_checkout: expect.any(String) as string }]);
    expect(await get("tt/br%2Fx%2Fy/commits")).toEqual(list);
    expect(await get(`tt/br/x/y/commits?origin=maestro&git_url=${encodeURIComponent(URL)}`)).toEqual(list);
    expect(await get("tt/br/x/y/commits?origin=maestro&git_url=https://moved")).toEqual(NOTHING);
    expect(await get("tt/br/x/gone/commits?origin=maestro")).toEqual(NOTHING);
  });

  it("refuses what it cannot read, found or not", async () => {
    const scope = "git_url=&git_branch=";
    for (const path of [
      "h1/commits",
      "tt/br/x/h1/commits",
      `commits-history?${scope}&commit_hashes=h1`,
      `gone/commits?origin=maestro&types=Builds`,
      `${H1}&types=builds,x`,
      `${H1}&builds_related_to_filtered_tests_only=`,
      `commits-history?origin=maestro&commit_hashes=h1&filter_build.issue=i`,
    ]) {
      const { status, body } = await server.get(`/api/tree/${path}`);
      expect([path, status, Object.keys(body as Row)]).toEqual([path, 400, ["error"]]);
    }
  });
});

describe("GET /api/tree/commits-history", () => {
  const HISTORY = "commits-history?origin=maestro&tree_name=tt&git_branch=br/x";

  it("answers for each hash in its place, also twice, and zeros where nothing is known", async () => {
    const asked = ["gone", "h1", "h-redhat", "v1", "h1", "bare"];
    const answered = await commits(`${HISTORY}&commit_hashes=,${asked.join(",%20")},`);
    expect(answered.map((commit) => commit.git_commit_hash)).toEqual(asked);
    expect(answered[1]).toEqual(answered[4]);
    expect(answered[1]).toMatchObject({
      git_commit_name: "one again",
      git_commit_tags: ["a", "v1"],
      builds: counts({ PASS: 1, FAIL: 1, NULL: 1 }),
      boots: lower({ pass: 1, fail: 1 }),
      tests: lower({ pass: 1, error: 1, miss: 1, null: 1 }),
    });
    for (const place of [0, 2, 3]) {
      expect(answered[place]).toMatchObject({ git_commit_name: "", git_commit_tags: [] });
      expect(seen(answered[place])).toEqual([{}, {}, {}]);
      const { earliest_start_time: time } = answered[place] as unknown as { earliest_start_time: string };
      expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
    }
  });

  it("keeps name and tags whatever is filtered or outside the window", async () => {
    const known = { git_commit_name: "one again", git_commit_tags: ["a", "v1"] };
    const first = async (query: string): Promise<Commit | undefined> =>
      (await commits(`${HISTORY}&commit_hashes=h1${query}`))[0];
    for (const query of ["&filter_architecture=none", between(3, 2)]) {
      expect(await first(query)).toMatchObject(known);
      expect(seen(await first(query))).toEqual([{}, {}, {}]);
    }
    expect(seen(await first(between(100, 30)))).toEqual([{ NULL: 1 }, {}, { miss: 1 }]);
    expect(seen(await first("&types=tests&filter_architecture=of%20dummy"))).toEqual([{}, {}, { error: 1 }]);
    expect(
      seen(await first("&filter_test.platform=rpi4&filter_boot.origin=x&filter_build.status=null")),
    ).toEqual([{ NULL: 1 }, {}, { pass: 1, error: 1, miss: 1, null: 1 }]);
  });

  it("takes the repository only where tree or branch is missing", async () => {
    const url = `&git_url=${encodeURIComponent(URL)}`;
    const tests = async (scope: string): Promise<unknown> =>
      seen((await commits(`commits-history?origin=maestro${scope}&commit_hashes=h1`))[0])[2];
    expect(await tests("&tree_name=tt&git_branch=br/x&git_url=x")).toEqual({
      pass: 1,
      error: 1,
      miss: 1,
      null: 1,
    });
    expect(await tests(`&git_branch=br/x${url}`)).toEqual({ pass: 1, error: 1, null: 1 });
    expect(await get("commits-history?origin=maestro&tree_name=tt&commit_hashes=h1")).toEqual(NOTHING);
    expect(await get("commits-history?origin=&tree_name=tt&git_branch=br/x&commit_hashes=h1")).toEqual(
      NOTHING,
    );
  });

  it("never says that a commit began in the future, and asks for hashes", async () => {
    const [future] = (await get(
      "commits-history?origin=maestro&tree_name=future&git_branch=br/x&commit_hashes=in-future",
    )) as { earliest_start_time: string }[];
    expect(Date.parse(future?.earliest_start_time ?? "")).toBeLessThanOrEqual(Date.now());
    for (const list of ["", "&commit_hashes=", "&commit_hashes=,%20,"])
      expect(await server.get(`/api/tree/${HISTORY}${list}`)).toMatchObject({
        status: 400,
        body: { error: "commit_hashes query parameter is required" },
      });
  });
});
