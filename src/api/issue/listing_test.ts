/** The listing of issues and its filters. */
import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { IssueListing } from "./shapes.ts";

let server: TestServer;

beforeAll(async () => {
  const { pool } = await testDatabase();
  server = await testServer(pool);
  await pool.query(`
    insert into checkouts (id, origin, tree_name, git_repository_branch, git_commit_hash)
    values ('c1', 'o', 'mainline', 'master', 'hash 1'), ('nameless', 'o', null, null, 'hash 2');
    insert into builds (id, checkout_id, origin)
    values ('b1', 'c1', 'o'), ('b2', 'nameless', 'o'), ('orphan', 'gone', 'o');
    insert into tests (id, build_id, origin) values ('t1', 'b1', 'o'), ('t-orphan', 'gone', 'o');
    insert into issues (_timestamp, id, version, origin, comment, culprit_code, culprit_tool, culprit_harness, categories)
    values
      ('2026-01-01', 'seen', 1, 'maestro', 'first', true, false, null, '{build,null,boot}'),
      ('2026-01-02', 'seen', 2, 'maestro', null, null, true, false, '{}'),
      ('2026-01-03', 'orphaned', 1, 'redhat', 'hidden', false, false, true, '{Zoo}'),
      ('2026-01-03', 'orphaned', 2, 'redhat', 'without incidents of its own', false, false, false, null),
      ('2026-01-03', 'nameless', 1, 'redhat', 'its checkout has no tree name', false, false, false, null),
      ('2026-01-04', 'quiet', 1, 'Arm', 'not seen', null, null, null, null),
      ('2026-01-04 00:00:00.000001', 'denied', 1, 'Arm', 'seen, but not present', false, false, false, null),
      (null, 'timeless', 1, 'never', null, true, true, true, '{never}');
    insert into incidents (_timestamp, id, origin, issue_id, issue_version, build_id, test_id, present)
    values
      ('2026-02-02', 'n2', 'o', 'seen', 1, null, 't1', true),
      ('2026-02-01', 'n9', 'o', 'seen', 1, 'orphan', null, null),
      ('2026-01-31', 'n0', 'o', 'seen', 1, 'b2', null, false),
      ('2026-01-01', 'n3', 'o', 'seen', 2, 'orphan', 't-orphan', true),
      ('2026-01-01', 'n4', 'o', 'seen', 2, 'orphan', 't1', true),
      ('2026-02-01', 'n5', 'o', 'orphaned', 1, 'orphan', null, true),
      ('2026-02-01', 'n6', 'o', 'orphaned', 1, null, 't-orphan', true),
      ('2026-02-01', 'n7', 'o', 'nameless', 1, 'b2', null, true),
      ('2026-02-01', 'n8', 'o', 'denied', 1, 'b1', null, false)`);
});

const WINDOW = "startTimestampInSeconds=1767139200&endTimestampInSeconds=1800000000";

interface Listing {
  issues: { id: string; version: number }[];
  extras: Record<string, { issue_version: number; checkout_id: string | null }>;
  filters: Record<string, string[]>;
}

async function listing(query: string): Promise<Listing> {
  const { status, body } = await server.get(`/api/issue/?${query}`);
  expect(status).toBe(200);
  expect([...Value.Errors(IssueListing, body)]).toEqual([]);
  return body as Listing;
}

async function shown(query: string): Promise<string[]> {
  return (await listing(`${WINDOW}&${query}`)).issues.map(({ id, version }) => `${id} ${version}`);
}

describe("GET /api/issue/", () => {
  it("lists issue versions, newest first, less those whose incidents lead to no checkout", async () => {
    const { issues, extras, filters } = await listing(WINDOW);
    expect(issues.map(({ id, version }) => `${id} ${version}`)).toEqual([
      "denied 1",
      "quiet 1",
      "nameless 1",
      "orphaned 2",
      "seen 2",
      "seen 1",
    ]);
    expect(issues.at(-1)).toEqual({
      field_timestamp: "2026-01-01T00:00:00Z",
      id: "seen",
      comment: "first",
      origin: "maestro",
      version: 1,
      culprit_code: true,
      culprit_tool: false,
      culprit_harness: null,
      categories: ["build", "boot"],
    });
    expect(issues[0]).toMatchObject({ field_timestamp: "2026-01-04T00:00:00.000001Z", categories: null });
    expect(Object.keys(extras)).toEqual(["nameless", "seen"]);
    expect(filters).toEqual({
      origins: ["Arm", "maestro", "redhat"],
      culprits: ["code", "harness", "tool"],
      categories: ["Zoo", "boot", "build"],
    });
  });

  it("shows the first incident of an issue over all of its versions, whether or not it leads to a checkout", async () => {
    const { extras } = await listing(`startTimestampInSeconds=1767312000&endTimestampInSeconds=1767312000`);
    expect(extras).toEqual({
      seen: {
        first_seen: "2026-02-01T00:00:00Z",
        git_commit_hash: null,
        git_repository_url: null,
        git_repository_branch: null,
        git_commit_name: null,
        tree_name: null,
        issue_version: 1,
        checkout_id: null,
      },
    });
  });

  it("filters by origin, culprit, category and incidents, all of them together", async () => {
    expect(await shown("filter_origin=redhat&filter_origin=Arm")).toHaveLength(4);
    expect(await shown("filter_origin=")).toEqual([]);
    expect(await shown("filter_issue.culprit=code")).toEqual(["seen 1"]);
    expect(await shown("filter_issue.culprit=code&filter_issue.culprit=tool&filter_issue.culprit=x")).toEqual(
      ["seen 2", "seen 1"],
    );
    expect(await shown("filter_issue.culprit=x")).toHaveLength(6);
    expect(await shown("filter_issue.categories=boot&filter_issue.categories=no")).toEqual(["seen 1"]);
    expect(await shown("filter_issue.options_[in]=hasIncident")).toEqual([
      "nameless 1",
      "orphaned 2",
      "seen 2",
      "seen 1",
    ]);
    expect(await shown("filter_issue.options=x&filter_unknown=1")).toHaveLength(6);
    expect(await shown("filter_issue.culprit=tool&filter_issue.categories=boot")).toEqual([]);
    expect(await shown("filter_origin=%00")).toEqual([]);
  });

  it("keeps what may be filtered by when nothing is left", async () => {
    const { issues, extras, filters } = await listing(`${WINDOW}&filter_origin=nobody`);
    expect({ issues, extras, origins: filters.origins }).toEqual({
      issues: [],
      extras: {},
      origins: ["Arm", "maestro", "redhat"],
    });
  });

  it("takes both bounds, days back from the end, and numbers of all kinds", async () => {
    const ids = async (query: string): Promise<string[]> =>
      (await listing(query)).issues.map(({ id, version }) => `${id} ${version}`);
    const third = 1767398400;
    expect(await ids(`startTimestampInSeconds=${third}&endTimestampInSeconds=${third}`)).toEqual([
      "nameless 1",
      "orphaned 2",
    ]);
    expect(await ids(`endTimestampInSeconds=1.7673984e9&interval_in_days=1`)).toEqual([
      "nameless 1",
      "orphaned 2",
      "seen 2",
    ]);
    expect(await ids(`endTimestampInSeconds=%201_767_484_800.000001%20&interval_in_days=2&x=1`)).toEqual([
      "denied 1",
      "quiet 1",
      "nameless 1",
      "orphaned 2",
    ]);
    expect((await server.get("/api/issue/?startTimestampInSeconds=0&endTimestampInSeconds=1")).body).toEqual({
      error: "No issues found",
    });
    expect((await server.get("/api/issue/?endTimestampInSeconds=1767225600")).status).toBe(200);
    expect((await server.get("/api/issue/?startTimestampInSeconds=100")).status).toBe(200);
  });

  it("refuses intervals and filters that are none, naming the parameter", async () => {
    const timestamp = "startTimestampInSeconds and endTimestampInSeconds must be a Unix Timestamp";
    for (const [query, text] of [
      ["startTimestampInSeconds=", timestamp],
      ["startTimestampInSeconds=nan", timestamp],
      ["endTimestampInSeconds=inf", timestamp],
      ["endTimestampInSeconds=1e400", timestamp],
      ["startTimestampInSeconds=-99999999999999", timestamp],
      ["startTimestampInSeconds=2&endTimestampInSeconds=1", "start_date must be before end_date"],
      ["startTimestampInSeconds=99999999999", "start_date must be before end_date"],
      ["interval_in_days=0", "interval_in_days"],
      ["interval_in_days=x&startTimestampInSeconds=1", "interval_in_days"],
      ["interval_in_days=99999999999999999999", "interval_in_days"],
      ["filter=%7B%7D", "filter"],
      ["filter_origin_[bad]=x", "filter_origin_[bad]"],
      ["filter_build.issue=x&startTimestampInSeconds=0&endTimestampInSeconds=1", "filter_build.issue"],
    ] as const) {
      const { status, body } = await server.get(`/api/issue/?${query}`);
      expect(`${query}: ${status} ${JSON.stringify(body)}`).toContain(": 400 ");
      expect((body as { error: string }).error).toContain(text);
    }
  });
});
