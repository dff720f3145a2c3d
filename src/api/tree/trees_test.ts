/** The list of trees, and the newest checkout of a branch. */
import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { ingestFiles, submission } from "../../../test/support/spool.ts";
import { TreeLatest, TreeListing } from "./shapes.ts";

let database: TestDatabase;
let server: TestServer;

const URL = "https://git.example.org/linux.git";
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const hash = (letter: string): string => letter.repeat(40);

const checkout = (id: string, more: object): object => ({
  id: `maestro:${id}`,
  origin: "maestro",
  tree_name: "mainline",
  git_repository_url: URL,
  git_repository_branch: "master",
  ...more,
});

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await ingestFiles(database.connection, {
    "a.json": submission({
      checkouts: [
        checkout("old", { git_commit_hash: hash("a"), git_commit_tags: ["v6.1"], start_time: daysAgo(40) }),
        checkout("new", {
          git_commit_hash: hash("b"),
          git_commit_name: "v6.2",
          git_commit_tags: [],
          start_time: daysAgo(1),
        }),
        checkout("again", { git_commit_hash: hash("b"), start_time: daysAgo(2) }),
        checkout("no-hash", { start_time: daysAgo(0.5), git_repository_branch: "hashless" }),
        checkout("slash", {
          git_commit_hash: hash("c"),
          git_repository_branch: "for/next",
          start_time: daysAgo(3),
        }),
        checkout("odd name", {
          git_commit_hash: hash("d"),
          tree_name: "a b&c",
          git_repository_branch: "x+y/é",
          start_time: daysAgo(3),
        }),
        { id: "redhat:nameless", origin: "redhat", git_commit_hash: hash("e") },
        checkout("bare", {
          git_commit_hash: hash("f"),
          git_repository_branch: "bare",
          start_time: daysAgo(3),
        }),
      ],
      builds: [
        {
          id: "maestro:b1",
          checkout_id: "maestro:new",
          origin: "maestro",
          status: "PASS",
          compiler: "gcc-12",
          architecture: "arm64",
          start_time: "2026-01-01T00:00:00Z",
        },
        {
          id: "maestro:b2",
          checkout_id: "maestro:again",
          origin: "maestro",
          status: "FAIL",
          duration: 1.5,
          start_time: "2026-01-02T00:00:00.5Z",
          misc: { platform: "kubernetes" },
        },
        { id: "maestro:b3", checkout_id: "maestro:new", origin: "maestro" },
        { id: "maestro:dummy_1", checkout_id: "maestro:new", origin: "maestro", status: "FAIL" },
        { id: "redhat:b", checkout_id: "redhat:nameless", origin: "redhat", status: "PASS" },
      ],
      tests: [
        { id: "maestro:t1", build_id: "maestro:b1", origin: "maestro", status: "PASS", path: "boot" },
        { id: "maestro:t2", build_id: "maestro:dummy_1", origin: "maestro", status: "FAIL", path: "ltp.mm" },
        { id: "maestro:t3", build_id: "maestro:b2", origin: "maestro", path: "ltp.fs" },
      ],
      issues: [{ id: "maestro:i", version: 1, origin: "maestro" }],
      incidents: [
        {
          id: "maestro:n1",
          origin: "maestro",
          issue_id: "maestro:i",
          issue_version: 1,
          build_id: "maestro:b3",
          present: true,
        },
        {
          id: "maestro:n2",
          origin: "maestro",
          issue_id: "maestro:i",
          issue_version: 1,
          build_id: "maestro:b1",
          present: false,
        },
      ],
    }),
  });
});

interface Row {
  id: string;
}
const ids = (rows: unknown): string[] => (rows as Row[]).map(({ id }) => id);

describe("GET /api/tree/", () => {
  it("lists the newest commit of each tree of the default origin and week, with the counts of all its checkouts", async () => {
    const { body } = await server.get("/api/tree/");
    expect(Value.Check(TreeListing, body)).toBe(true);
    expect(new Set(ids(body))).toEqual(
      new Set(["maestro:no-hash", "maestro:new", "maestro:bare", "maestro:odd name", "maestro:slash"]),
    );
    expect((body as Row[]).find(({ id }) => id === "maestro:new")).toMatchObject({
      build_status: { PASS: 1, FAIL: 1, INCONCLUSIVE: 1 },
      boot_status: { PASS: 1, FAIL: 0, INCONCLUSIVE: 0 },
      test_status: { PASS: 0, FAIL: 1, INCONCLUSIVE: 1 },
      git_commit_hash: hash("b"),
      git_commit_name: "v6.2",
      git_commit_tags: [],
      tree_name: "mainline",
    });
    const times = (body as { start_time: string }[]).map(({ start_time: time }) => time);
    expect(times).toEqual([...times].sort().reverse());
  });

  it("takes the origin and the window from the request", async () => {
    expect(ids((await server.get("/api/tree/?origin=redhat")).body)).toEqual(["redhat:nameless"]);
    expect((await server.get("/api/tree/?origin=")).body).toEqual({ error: "No trees were found" });
    expect(
      ids((await server.get("/api/tree/?interval_in_days=1&origin=nobody&origin=maestro")).body),
    ).toEqual(["maestro:no-hash"]);
    expect(ids((await server.get("/api/tree/?interval_in_days=99999999999999999999")).body)).toContain(
      "maestro:new",
    );
  });

  it.each(["0", "-1", "abc", "", "1.5"])("refuses a window of %j days", async (days) => {
    const { status, body } = await server.get(`/api/tree/?interval_in_days=${days}`);
    expect([status, Object.keys(body as object)]).toEqual([400, ["error"]]);
    expect((body as { error: string }).error).toContain("interval_in_days");
  });
});

describe("GET /api/tree/{tree}/{branch}", () => {
  it("finds the newest checkout that has a commit", async () => {
    const { body } = await server.get("/api/tree/mainline/master");
    expect(Value.Check(TreeLatest, body)).toBe(true);
    expect(body).toEqual({
      git_repository_url: URL,
      git_commit_hash: hash("b"),
      git_commit_name: "v6.2",
      origin: "maestro",
      api_url: `/api/tree/mainline/master/${hash("b")}/full?origin=maestro`,
      old_api_url: `/api/tree/${hash("b")}/full?origin=maestro&git_url=https%3A%2F%2Fgit.example.org%2Flinux.git&git_branch=master`,
      tree_name: "mainline",
      git_repository_branch: "master",
    });
    expect((await server.get("/api/tree/mainline/hashless")).body).toMatchObject({
      error: "Tree not found. No origin was provided so it was defaulted to maestro",
    });
  });

  it("takes branches with slashes, raw or encoded", async () => {
    const raw = await server.get("/api/tree/mainline/for/next?origin=maestro");
    expect(raw.body).toMatchObject({
      git_repository_branch: "for/next",
      api_url: `/api/tree/mainline/for/next/${hash("c")}/full?origin=maestro`,
    });
    expect((await server.get("/api/tree/mainline/for%2Fnext?origin=maestro")).body).toEqual(raw.body);
  });

  it("encodes addresses as clients expect them", async () => {
    const { body } = await server.get(
      `/api/tree/${encodeURIComponent("a b&c")}/${encodeURIComponent("x+y/é")}?origin=maestro`,
    );
    expect(body).toMatchObject({
      api_url: `/api/tree/a%20b&c/x+y/%C3%A9/${hash("d")}/full?origin=maestro`,
      old_api_url: `/api/tree/${hash("d")}/full?origin=maestro&git_url=https%3A%2F%2Fgit.example.org%2Flinux.git&git_branch=x%2By%2F%C3%A9`,
    });
  });

  it("finds a commit by hash or tag", async () => {
    expect((await server.get(`/api/tree/mainline/master?commit_hash=${hash("a")}`)).body).toMatchObject({
      git_commit_hash: hash("a"),
    });
    expect((await server.get("/api/tree/mainline/master?commit_hash=v6.1")).body).toMatchObject({
      git_commit_hash: hash("a"),
    });
    expect((await server.get("/api/tree/mainline/master?origin=maestro&commit_hash=nope")).body).toEqual({
      error: "Tree not found.",
      params: { tree_name: "mainline", git_branch: "master", origin: "maestro", commit_hash: "nope" },
    });
    expect((await server.get("/api/tree/mainline/master?commit_hash=")).body).toMatchObject({
      params: { commit_hash: "" },
    });
  });
});
