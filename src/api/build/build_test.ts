/** `/api/build/{id}/tests` and `/api/build/{id}/issues`: order, ties, odd rows. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import { beforeAll, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { CountedIssue } from "../shapes.ts";
import { BuildTests } from "./shapes.ts";

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await database.pool.query(`
    insert into builds (id, checkout_id, origin, status) values ('b', 'c', 'o', 'fail'), ('a/b', 'c', 'o', null);
    insert into tests (id, build_id, origin, path, status, start_time, duration, environment_compatible, environment_misc, misc)
    values
      ('late', 'b', 'o', 'boot', 'PASS', '2026-01-02', 1.5, '{x,null}', '{"platform": "p", "big": 12345678901234567890}', '{"runtime": "lab"}'),
      ('tie-b', 'b', 'o', null, 'wrong', '2026-01-01T00:00:00.5Z', 'NaN', '{}', '[1]', '{"runtime": 7}'),
      ('tie-B', 'b', 'o', '', null, '2026-01-01T00:00:00.5Z', 'Infinity', null, '"text"', '{"runtime": {"a": 1}}'),
      ('never', 'b', 'o', 'x', 'skip', null, null, null, 'null', '{"runtime": null}'),
      ('of nothing', 'gone', 'o', 'x', 'DONE', null, null, null, null, '"runtime"'),
      ('other', 'c', 'o', 'x', 'DONE', null, null, null, null, null);
    insert into issues (id, version, origin, comment, report_url)
    values ('i', 1, 'o', 'first', 'https://r'), ('i', 2, 'o', null, null), ('j', 1, 'o', '', null), ('k', 1, 'o', 'k', null);
    insert into incidents (id, _timestamp, origin, issue_id, issue_version, build_id, test_id, present) values
      ('n1', '2026-01-03', 'o', 'i', 1, 'b', null, true),
      ('n2', '2026-01-05', 'o', 'i', 1, 'b', 'late', true),
      ('n3', '2026-01-02', 'o', 'i', 2, 'b', 'late', null),
      ('n5', '2026-01-03', 'o', 'j', 1, 'b', null, true),
      ('n4', '2026-01-01', 'o', 'j', 1, 'b', null, false),
      ('n6', '2026-01-01', 'o', 'k', 1, 'b', null, false),
      ('n7', '2026-01-01', 'o', 'k', 9, 'b', null, true),
      ('n8', null, 'o', 'k', 1, 'a/b', null, true),
      ('n9', '2026-01-01', 'o', 'k', 1, 'gone', null, true)`);
});

it("lists tests by start time, then id, as they may be shown", async () => {
  const response = await fetch(`${server.base}/api/build/b/tests`);
  const text = await response.text();
  expect(text).toContain("12345678901234567890");
  const body = JSON.parse(text) as { id: string }[];
  expect(Value.Errors(BuildTests, body)).toEqual([]);
  expect(body.map(({ id }) => id)).toEqual(["tie-B", "tie-b", "late", "never"]);
  expect(body.slice(0, 2)).toEqual([
    {
      id: "tie-B",
      status: "NULL",
      duration: null,
      path: "",
      start_time: "2026-01-01T00:00:00.500000Z",
      environment_compatible: null,
      environment_misc: "text",
      lab: '{"a": 1}',
    },
    {
      id: "tie-b",
      status: "NULL",
      duration: null,
      path: null,
      start_time: "2026-01-01T00:00:00.500000Z",
      environment_compatible: [],
      environment_misc: [1],
      lab: "7",
    },
  ]);
  expect(body[2]).toMatchObject({ status: "PASS", duration: 1.5, environment_compatible: ["x"], lab: "lab" });
  expect(body[3]).toMatchObject({ status: "SKIP", start_time: null, environment_misc: null, lab: null });
});

it("lists tests of a build that has not arrived, and says when there are none", async () => {
  expect((await server.get("/api/build/gone/tests")).body).toMatchObject([{ id: "of nothing", lab: null }]);
  for (const id of ["a%2Fb", "nosuch", "%00"]) {
    const { status, body } = await server.get(`/api/build/${id}/tests`);
    expect({ status, body }).toEqual({ status: 200, body: { error: "No tests found for this build" } });
  }
});

it("lists each version of an issue once, by its first present incident", async () => {
  const { body } = await server.get("/api/build/b/issues");
  expect(Value.Errors(Type.Array(CountedIssue), body)).toEqual([]);
  const incidents_info = { PASS: 0, ERROR: 0, FAIL: 1, SKIP: 0, MISS: 0, DONE: 0, NULL: 0 };
  expect(body).toEqual([
    { id: "i", version: 2, comment: null, report_url: null, incidents_info },
    { id: "i", version: 1, comment: "first", report_url: "https://r", incidents_info },
    { id: "j", version: 1, comment: "", report_url: null, incidents_info },
  ]);
});

it("counts a build without verdict, and knows no issues of one that has not arrived", async () => {
  expect((await server.get("/api/build/a%2Fb/issues")).body).toMatchObject([
    { id: "k", incidents_info: { NULL: 1, FAIL: 0 } },
  ]);
  for (const id of ["gone", "nosuch", "b%00"]) {
    const { status, body } = await server.get(`/api/build/${id}/issues`);
    expect({ status, body }).toEqual({ status: 200, body: { error: "No issues found for this build" } });
  }
});
