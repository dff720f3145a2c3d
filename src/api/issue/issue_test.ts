/** Details, builds, tests and extras of issues, on rows as submissions and as older databases leave them. */
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../../../test/support/database.ts";
import { request, testServer, type Answer, type TestServer } from "../../../test/support/server.ts";
import { IssueBuilds, IssueDetails, IssueExtrasAnswer, IssueTests } from "./shapes.ts";

let server: TestServer;

const GIT = "https://git.kernel.org/pub/scm/linux/kernel/git";

beforeAll(async () => {
  const { pool } = await testDatabase();
  server = await testServer(pool);
  await pool.query(`
    insert into checkouts (id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash)
    values
      ('mainline', 'o', 'mainline', '${GIT}/torvalds/linux.git', 'master', 'aaa'),
      ('fork', 'o', 'mainline', 'https://fork', 'master', 'bbb'),
      ('urlless', 'o', 'mainline', null, 'master', 'bbb'),
      ('upper', 'o', 'Upper', 'https://fork', 'master', 'bbb'),
      ('nameless', 'o', null, '${GIT}/next/linux-next.git', 'pending-fixes', 'ccc'),
      ('branchless', 'o', 'stable', '${GIT}/stable/linux.git', null, 'ddd');
    insert into builds (id, checkout_id, origin, start_time, status, duration, misc)
    values
      ('b-old', 'mainline', 'o', '2026-01-01', 'fail', 1.5, '{"platform": "p", "exact": 1.50}'),
      ('b-tie', 'mainline', 'o', '2026-01-02', 'odd', 'NaN', '"{\\"a\\": 12345678901234567890}"'),
      ('B-tie', 'fork', 'o', '2026-01-02', null, 'Infinity', '[1]'),
      ('b-late', 'urlless', 'o', null, 'PASS', null, '{}'),
      ('b-orphan', 'gone', 'o', '2025-01-01', 'PASS', null, null),
      ('b-upper', 'upper', 'o', null, null, null, null), ('b-nameless', 'nameless', 'o', null, null, null, null),
      ('b-branchless', 'branchless', 'o', null, null, null, null);
    insert into tests (id, build_id, origin, start_time, status, path, misc, environment_compatible, environment_misc)
    values
      ('t1', 'b-upper', 'o', '2026-01-01', 'pass', 'boot', '{"runtime": 7}', '{a,null}', '"text"'),
      ('t2', 'b-nameless', 'o', '2026-01-02', 'FAIL', null, '{"runtime": {"a": 1}}', null, null),
      ('t3', 'gone', 'o', null, 'weird', null, '[1]', null, '[1]');
    insert into issues (_timestamp, id, version, origin, comment, misc, categories)
    values
      ('2026-01-01', 'i', 1, 'o', 'old', '{"exact": 1.50}', '{x,null}'), ('2026-01-02', 'i', 2, 'o', 'new', null, null),
      (null, 'published', 1, 'o', null, '[1]', null), (null, 'published', 9, 'o', null, null, null),
      (null, 'unseen', 1, 'o', null, null, null), (null, 'a/b', 1, 'o', null, null, null);
    insert into incidents (_timestamp, id, origin, issue_id, issue_version, build_id, test_id, present)
    values
      ('2026-02-01', 'n5', 'o', 'i', 1, 'b-old', 't1', true),
      ('2026-02-01', 'N5', 'o', 'i', 1, 'B-tie', null, null),
      ('2026-02-01', 'n7', 'o', 'i', 1, 'gone', 't1', true),
      ('2026-01-01', 'denied', 'o', 'i', 1, 'b-branchless', null, false),
      (null, 'n6', 'o', 'i', 1, 'b-tie', null, true),
      ('2026-02-03', 'n8', 'o', 'i', 1, 'b-tie', 't2', true),
      ('2026-02-03', 'n9', 'o', 'i', 1, 'b-late', 't2', true),
      ('2026-02-04', 'n10', 'o', 'i', 1, 'b-orphan', 'not-arrived', true),
      ('2026-02-04', 'n11', 'o', 'i', 1, null, 't3', true),
      ('2026-03-01', 'later', 'o', 'i', 3, null, 't3', true),
      ('2026-03-01', 'Later', 'o', 'i', 3, 'b-old', 't2', true),
      ('2026-02-01', 'n12', 'o', 'published', 1, 'b-branchless', null, true),
      ('2026-02-01', 'n13', 'o', 'published', 9, 'b-old', null, false),
      ('2026-02-01', 'n14', 'o', 'unpublished', 2, 'b-old', 't1', true),
      ('2026-02-01', 'n15', 'o', 'unpublished', 1, 'b-tie', 't2', true),
      ('2026-02-01', 'n16', 'o', 'unseen', 1, 'b-old', 't1', false)`);
});

/** The body of an answer that is there and as its schema says. */
function found(schema: TSchema, { status, body }: Answer): unknown {
  expect(status).toBe(200);
  expect([...Value.Errors(schema, body)]).toEqual([]);
  return body;
}

interface Extras {
  first_incident: unknown;
  last_incident: unknown;
  versions: Record<string, unknown>;
}

async function details(id: string): Promise<{ version: number; extra: Record<string, Extras> }> {
  return found(IssueDetails, await server.get(`/api/issue/${id}`)) as never;
}

const incident = (more: object): object => ({
  git_commit_hash: null,
  git_repository_url: null,
  git_repository_branch: null,
  git_commit_name: null,
  tree_name: null,
  checkout_id: null,
  ...more,
});

const FIRST = incident({
  first_seen: "2026-02-01T00:00:00Z",
  issue_version: 1,
  checkout_id: "fork",
  tree_name: "mainline",
  git_repository_url: "https://fork",
  git_repository_branch: "master",
  git_commit_hash: "bbb",
});
/** Named by the same incident are a build and a test of another checkout: the build's counts. */
const LAST = incident({
  first_seen: "2026-03-01T00:00:00Z",
  issue_version: 3,
  checkout_id: "mainline",
  tree_name: "mainline",
  git_repository_url: `${GIT}/torvalds/linux.git`,
  git_repository_branch: "master",
  git_commit_hash: "aaa",
});
const TREES = [
  { tree_name: "Upper", git_repository_branch: "master" },
  { tree_name: "mainline", git_repository_branch: "master" },
  { tree_name: "mainline", git_repository_branch: "master" },
  { tree_name: "mainline", git_repository_branch: "master" },
];
const VERSION_1 = { id: "i", version: 1, trees: TREES, tags: ["mainline", "linux-next"] };

describe("GET /api/issue/{id}", () => {
  it("shows a version with its trees and tags, and incidents of all versions", async () => {
    expect(await details("i?version=1")).toEqual({
      field_timestamp: "2026-01-01T00:00:00Z",
      id: "i",
      version: 1,
      origin: "o",
      report_url: null,
      report_subject: null,
      culprit_code: null,
      culprit_tool: null,
      culprit_harness: null,
      comment: "old",
      misc: { exact: 1.5 },
      categories: ["x"],
      extra: { i: { first_incident: FIRST, last_incident: LAST, versions: { "1": VERSION_1 } } },
    });
    expect(await (await fetch(`${server.base}/api/issue/i?version=1`)).text()).toContain("1.50");
  });

  it("shows the newest version when none is asked for", async () => {
    const { version, extra } = await details("i");
    expect(version).toBe(2);
    expect(extra.i?.versions).toEqual({ "2": { id: "i", version: 2, trees: [], tags: [] } });
  });

  it("tells a branch that is missing from an incident that leads nowhere, and no incident at all", async () => {
    const { extra } = await details("published?version=1");
    expect(extra.published?.versions["1"]).toMatchObject({ trees: [], tags: [] });
    expect(extra.published?.first_incident).toMatchObject({
      tree_name: "stable",
      git_repository_branch: null,
    });
    expect(extra.published?.last_incident).toEqual(extra.published?.first_incident);
    expect((await details("unseen")).extra).toEqual({});
    expect((await details("a%2Fb")).extra).toEqual({});
  });

  it("says that there is none, and refuses versions that are none", async () => {
    for (const id of ["nosuch", "i?version=7", "i?version=99999999999999999999", "unpublished", "%00"]) {
      expect(await server.get(`/api/issue/${id}`)).toMatchObject({
        status: 200,
        body: { error: "Issue not found" },
      });
    }
    expect((await server.get("/api/issue/i?version=x&version=%201.0%20")).body).toMatchObject({ version: 1 });
    for (const path of ["i", "i/builds", "i/tests"]) {
      for (const version of ["x", "", "1.5", "1e2"]) {
        const { status, body } = await server.get(`/api/issue/${path}?version=${version}`);
        expect(status).toBe(400);
        expect((body as { error: string }).error).toContain("version");
      }
    }
  });
});

describe("GET /api/issue/{id}/builds and /tests", () => {
  const ids = async (path: string): Promise<unknown> => {
    const schema = path.includes("/builds") ? IssueBuilds : IssueTests;
    return (found(schema, await server.get(`/api/issue/${path}`)) as { id: string }[]).map(({ id }) => id);
  };

  it("lists each build that exists once, newest first", async () => {
    const builds = found(IssueBuilds, await server.get("/api/issue/i/builds?version=1"));
    expect(builds).toMatchObject([
      { id: "B-tie", status: "NULL", duration: null, misc: null },
      { id: "b-tie", status: "NULL", duration: null, misc: { a: 12345678901234567000, platform: "Unknown" } },
      { id: "b-old", status: "FAIL", duration: 1.5, misc: { platform: "p" }, tree_name: "mainline" },
      { id: "b-orphan", status: "PASS", misc: null, tree_name: null, git_repository_branch: null },
      { id: "b-late", start_time: null, misc: { platform: "Unknown" } },
    ]);
  });

  it("lists each test once, newest first, also one that has not arrived", async () => {
    const nothing = {
      duration: null,
      path: null,
      start_time: null,
      tree_name: null,
      git_repository_branch: null,
    };
    expect(found(IssueTests, await server.get("/api/issue/i/tests?version=1"))).toEqual([
      {
        ...nothing,
        id: "t2",
        status: "FAIL",
        start_time: "2026-01-02T00:00:00Z",
        environment_compatible: null,
        environment_misc: null,
        git_repository_branch: "pending-fixes",
        lab: '{"a": 1}',
      },
      {
        ...nothing,
        id: "t1",
        status: "PASS",
        path: "boot",
        start_time: "2026-01-01T00:00:00Z",
        environment_compatible: ["a"],
        environment_misc: "text",
        tree_name: "Upper",
        git_repository_branch: "master",
        lab: "7",
      },
      {
        ...nothing,
        id: "not-arrived",
        status: "NULL",
        environment_compatible: null,
        environment_misc: null,
        lab: null,
      },
      {
        ...nothing,
        id: "t3",
        status: "NULL",
        environment_compatible: null,
        environment_misc: [1],
        lab: null,
      },
    ]);
  });

  it("takes the issue's newest version, or the newest that was seen when that was not", async () => {
    expect(await ids("i/builds")).toEqual(["b-old"]);
    expect(await ids("i/tests")).toEqual(["t2", "t3"]);
    expect(await ids("published/builds")).toEqual(["b-branchless"]);
    expect(await ids("unpublished/builds")).toEqual(["b-old"]);
    expect(await ids("unpublished/tests?version=1")).toEqual(["t2"]);
  });

  it("says that there are none", async () => {
    for (const id of ["nosuch", "unseen", "%00"]) {
      expect((await server.get(`/api/issue/${id}/builds`)).body).toEqual({
        error: "No builds found for this issue",
      });
      expect((await server.get(`/api/issue/${id}/tests`)).body).toEqual({
        error: "No tests found for this issue",
      });
    }
    expect((await server.get("/api/issue/published/tests")).body).toEqual({
      error: "No tests found for this issue",
    });
    expect((await server.get("/api/issue/i/builds?version=-99999999999")).status).toBe(200);
    expect((await server.get("/api/issue/i/builds/")).status).toBe(404);
  });
});

describe("POST /api/issue/extras/", () => {
  const post = (body: string): Promise<Answer> =>
    request(`${server.base}/api/issue/extras/`, { method: "POST", body });
  const extras = async (issues: unknown): Promise<Record<string, Extras>> =>
    (
      found(IssueExtrasAnswer, await post(JSON.stringify({ issues, more: 1 }))) as {
        issues: Record<string, Extras>;
      }
    ).issues;

  it("gives first and last incident, and all versions that were asked for", async () => {
    const issues = await extras([
      ["unpublished", 2],
      ["i", "1"],
      ["i", 1.0],
      ["i", true],
      ["i", 7],
      ["i", 2 ** 70],
      ["unseen", 1],
    ]);
    expect(Object.keys(issues)).toEqual(["i", "unpublished"]);
    expect(issues.i).toEqual({
      first_incident: FIRST,
      last_incident: LAST,
      versions: { "1": VERSION_1, "7": null, "1180591620717411303424": null },
    });
    expect(issues.unpublished?.versions).toEqual({ "2": null });
  });

  it("says that there are none", async () => {
    for (const issues of [[["nosuch", 1]], [["unseen", 1]], [["\0", 1]]]) {
      expect(await post(JSON.stringify({ issues }))).toMatchObject({
        status: 200,
        body: { error: "No extra details found. Issue id has no incident or doesn't exist." },
      });
    }
    expect(
      Object.keys(
        await extras([
          ["\0", 1],
          ["i", 1],
        ]),
      ),
    ).toEqual(["i"]);
  });

  it("refuses other bodies", async () => {
    for (const body of ["", "{", "[]", "1", "null"]) {
      expect(await post(body)).toMatchObject({
        status: 400,
        body: { error: "Invalid body, request body must be a valid json string" },
      });
    }
    expect((await post('{"issues": []}')).body).toEqual({
      error: "Invalid body, the issue list must not be empty",
    });
    const malformed = ["{}", '{"issues": null}', '{"issues": "x"}'];
    const pairs = [
      '["i"]',
      '["i", 1, 2]',
      "[1, 1]",
      '["i", "x"]',
      '["i", 1.5]',
      '["i", null]',
      '["i", 1e999]',
      '"i1"',
    ];
    for (const body of [...malformed, ...pairs.map((pair) => `{"issues": [["i", 1], ${pair}]}`)]) {
      const { status, body: answer } = await post(body);
      expect(`${body}: ${status}`).toBe(`${body}: 400`);
      expect((answer as { error: string }).error).toContain("issues");
    }
    expect((await post(`{"issues": [["i", "${"9".repeat(400)}"]]}`)).status).toBe(400);
  });
});
