/** `/api/test/{id}/issues` and `/api/test/status-history`. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { CountedIssue } from "../shapes.ts";
import { StatusHistory } from "./shapes.ts";

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await database.pool.query(`
    insert into checkouts (id, origin, git_repository_url, git_repository_branch, git_commit_hash) values
      ('c1', 'maestro', 'https://u', 'master', 'h1'), ('c2', 'maestro', 'https://u', 'master', null),
      ('other branch', 'maestro', 'https://u', 'next', 'h3'), ('other url', 'maestro', 'https://v', 'master', 'h4'),
      ('other origin', 'o', 'https://u', 'master', 'h5');
    insert into builds (id, checkout_id, origin, config_name)
      select 'b ' || id, id, 'x', 'def+config' from checkouts
      union all values ('other config', 'c1', 'x', 'allmod'), ('orphan', 'gone', 'x', 'def+config');
    -- on every build one that only the build's own facts tell apart
    insert into tests (id, build_id, origin, path, status, start_time, environment_misc)
      select 'at ' || id, id, 'x', 'boot', 'ERROR', '2026-01-01', '{"platform": "far"}' from builds;
    insert into tests (id, build_id, origin, path, status, start_time, _timestamp, environment_misc) values
      ('t1', 'b c1', 'x', 'boot', 'FAIL', '2026-01-01T00:00:00Z', '2026-02-09', '{"platform": "p"}'),
      ('t2', 'b c2', 'x', 'boot', 'pass', '2026-01-02T00:00:00Z', '2026-02-01', '{"platform": "p"}'),
      ('T3', 'b c1', 'x', 'boot', 'PASS', '2026-01-03T00:00:00Z', '2026-02-02', '{"platform": "p"}'),
      ('t3', 'b c1', 'x', 'boot', 'PASS', '2026-01-03T00:00:00Z', '2026-02-02', '{"platform": "p"}'),
      ('later', 'b c1', 'x', 'boot', 'SKIP', '2026-01-04T00:00:00Z', '2026-02-03', '{"platform": "p"}'),
      ('never started', 'b c1', 'x', 'boot', 'MISS', null, '2026-01-31', '{"platform": "p"}'),
      ('timeless', 'b c1', 'x', 'boot', 'odd', null, null, '{"platform": "p"}'),
      ('path', 'b c1', 'x', 'boot.nfs', 'ERROR', '2026-01-01', '2026-01-01', '{"platform": "p"}'),
      ('bare', 'b c1', 'x', 'boot', 'FAIL', '2026-01-01', '2026-01-01', null),
      ('null', 'b c1', 'x', 'boot', 'FAIL', '2026-01-02', '2026-01-01', '{"platform": null}'),
      ('text', 'b c1', 'x', 'boot', 'FAIL', '2026-01-03', '2026-01-01', '"platform"');
    insert into issues (id, version, origin) values ('i', 1, 'o'), ('i', 2, 'o');
    insert into incidents (id, _timestamp, origin, issue_id, issue_version, build_id, test_id, present) values
      ('n1', '2026-01-03', 'o', 'i', 1, 'b c1', 't2', null), ('n2', '2026-01-03', 'o', 'i', 2, null, 't2', true),
      ('n0', '2026-01-03', 'o', 'i', 2, null, 't2', true), ('n3', '2026-01-03', 'o', 'i', 1, null, 't1', false),
      ('n4', '2026-01-03', 'o', 'i', 1, null, 'gone', true)`);
});

describe("GET /api/test/{id}/issues", () => {
  it("lists each version of an issue once, ties by the incident's id", async () => {
    const { body } = await server.get("/api/test/t2/issues");
    expect(Value.Errors(Type.Array(CountedIssue), body)).toEqual([]);
    const incidents_info = { PASS: 1, ERROR: 0, FAIL: 0, SKIP: 0, MISS: 0, DONE: 0, NULL: 0 };
    expect(body).toEqual([
      { id: "i", version: 2, comment: null, report_url: null, incidents_info },
      { id: "i", version: 1, comment: null, report_url: null, incidents_info },
    ]);
  });

  it("says in its own words that there are none", async () => {
    for (const id of ["t1", "gone", "status-history", "%00"]) {
      const { status, body } = await server.get(`/api/test/${id}/issues`);
      expect({ status, body }).toEqual({
        status: 200,
        body: { error: "No issues were found for this test" },
      });
    }
  });
});

describe("GET /api/test/status-history", () => {
  const wanted = {
    path: "boot",
    git_repository_url: "https://u",
    git_repository_branch: "master",
    config_name: "def+config",
    platform: "p",
  };
  const history = (query: Record<string, string>): ReturnType<TestServer["get"]> =>
    server.get(`/api/test/status-history?${new URLSearchParams(query).toString()}`);
  /** Ids and the classification. */
  const found = async (query: Record<string, string>): Promise<unknown> => {
    const { status, body } = await history(query);
    if (status !== 200) return { status, body };
    expect(Value.Errors(StatusHistory, body)).toEqual([]);
    const { status_history: items, regression_type: type } = body as {
      status_history: { id: string }[];
      regression_type: string;
    };
    return [...items.map(({ id }) => id), type];
  };

  it("goes back from a start time, newest first, on one branch, configuration and platform", async () => {
    const { body } = await history({ ...wanted, current_test_start_time: "2026-01-03T00:00:00Z" });
    expect(body).toEqual({
      status_history: [
        { start_time: "2026-01-03T00:00:00Z", id: "t3", status: "PASS", git_commit_hash: "h1" },
        { start_time: "2026-01-03T00:00:00Z", id: "T3", status: "PASS", git_commit_hash: "h1" },
        { start_time: "2026-01-02T00:00:00Z", id: "t2", status: "PASS", git_commit_hash: null },
        { start_time: "2026-01-01T00:00:00Z", id: "t1", status: "FAIL", git_commit_hash: "h1" },
      ],
      regression_type: "fixed",
    });
  });

  it("goes back from a time of ingestion, unless there is a start time", async () => {
    const ingested = { ...wanted, field_timestamp: "2026-02-02" };
    expect(await found(ingested)).toEqual(["t3", "T3", "t2", "never started", "unstable"]);
    expect(await found({ ...ingested, current_test_start_time: "1767225600" })).toEqual(["t1", "fail"]);
  });

  it("without a time finds tests without one, without a platform tests without one", async () => {
    expect(await found(wanted)).toEqual(["timeless", "unstable"]);
    const { platform: _, ...anywhere } = wanted;
    expect(await found({ ...anywhere, current_test_start_time: "2027-01-01" })).toEqual([
      "text",
      "null",
      "bare",
      "fail",
    ]);
  });

  it("takes as many as asked for", async () => {
    const before = { ...wanted, current_test_start_time: "2027-01-01" };
    expect(await found({ ...before, group_size: "2" })).toEqual(["later", "t3", "unstable"]);
    expect(await found({ ...before, current_test_start_time: "2026-01-03", group_size: "3" })).toEqual([
      "t3",
      "T3",
      "t2",
      "pass",
    ]);
    expect(await found({ ...before, group_size: "99999999999999999999999" })).toHaveLength(6);
    for (const size of ["0", "-1", "x", ""])
      expect((await history({ ...before, group_size: size })).status).toBe(400);
  });

  it("is a 400 when there is none", async () => {
    const nothing = { status: 400, body: { error: "Test status history not found" } };
    const before = { ...wanted, current_test_start_time: "2027-01-01" };
    for (const other of [
      { origin: "elsewhere" },
      { platform: "" },
      { platform: "p\0" },
      { path: "boo" },
      { git_repository_url: "\0" },
    ])
      expect(await found({ ...before, ...other })).toEqual(nothing);
  });

  it("names every parameter that is missing or wrong", async () => {
    const { status, body } = await history({ group_size: "1.5", field_timestamp: "", config_name: "c" });
    expect(status).toBe(400);
    for (const name of [
      "path",
      "git_repository_url",
      "git_repository_branch",
      "group_size",
      "field_timestamp",
    ])
      expect((body as { error: string }).error).toContain(`'${name}'`);
  });
});
