import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../../../test/support/database.ts";
import { testServer, type TestServer } from "../../../test/support/server.ts";
import { CommitList } from "./commit_list.ts";

let server: TestServer;

beforeAll(async () => {
  const database = await testDatabase();
  server = await testServer(database.pool);
  await database.pool.query(`
    insert into checkouts (id, origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash,
      git_commit_name, git_commit_tags, start_time, _timestamp)
    values
      ('1', 'maestro', 't', 'b', 'u', 'old', 'v1', '{v1,null,Z}', '2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z'),
      ('2', 'maestro', 't', 'b', 'u', 'old', 'v1-dirty', '{a,v1}', '2025-01-01T00:00:00Z', '2026-03-01T00:00:00Z'),
      ('3', 'maestro', 't', 'b', 'other', 'new', null, '{}', null, '2026-01-02T00:00:00.5Z'),
      ('4', 'maestro', 't', 'b', 'u', 'tie-b', 'n', null, '2026-01-01T00:00:00Z', null),
      ('5', 'maestro', 't', 'b', 'u', 'tie-B', 'n', null, '2026-01-01T00:00:00Z', null),
      ('6', 'maestro', 't', 'b', 'u', null, null, null, null, null),
      ('7', 'redhat', 't', 'b', 'u', 'redhat', null, null, '2026-01-01T00:00:00Z', null),
      ('8', 'maestro', 't', 'other', 'u', 'x', null, null, '2026-01-01T00:00:00Z', null),
      ('9', 'maestro', 'other', 'b', 'u', 'x', null, null, '2026-01-01T00:00:00Z', null),
      ('10', 'maestro', 't', 'for/next', 'u', 'slashed', null, null, '2026-01-01T00:00:00Z', null)`);
});

const commits = async (path: string): Promise<unknown> => (await server.get(`/api/tree/${path}`)).body;

describe("GET /api/tree/{tree}/{branch}/commits", () => {
  it("gives each commit once with the tags of all its checkouts, newest first, of maestro by default", async () => {
    const body = await commits("t/b/commits");
    expect(Value.Errors(CommitList, body)).toEqual([]);
    const last_checkout = "2026-01-01T00:00:00Z";
    expect(body).toEqual([
      {
        git_commit_hash: "new",
        last_checkout: "2026-01-02T00:00:00.500000Z",
        git_commit_name: null,
        git_commit_tags: [],
      },
      {
        git_commit_hash: "old",
        last_checkout,
        git_commit_name: "v1-dirty",
        git_commit_tags: ["Z", "a", "v1"],
      },
      { git_commit_hash: "tie-B", last_checkout, git_commit_name: "n", git_commit_tags: [] },
      { git_commit_hash: "tie-b", last_checkout, git_commit_name: "n", git_commit_tags: [] },
      { git_commit_hash: null, last_checkout: null, git_commit_name: null, git_commit_tags: [] },
    ]);
    expect(await commits("t/b/commits?git_url=")).toEqual(body);
  });

  it("knows origins, repositories, and branches with an encoded slash", async () => {
    const hashes = async (path: string): Promise<unknown> =>
      ((await commits(path)) as { git_commit_hash: string | null }[]).map((commit) => commit.git_commit_hash);
    expect(await hashes("t/b/commits?git_url=other")).toEqual(["new"]);
    expect(await hashes("t/b/commits?origin=redhat")).toEqual(["redhat"]);
    expect(await hashes("t/for%2Fnext/commits")).toEqual(["slashed"]);
  });

  it("says that there is none", async () => {
    const nothing = { error: "History of tree commits not found" };
    for (const path of ["t/none/commits", "t/b/commits?origin=", "t/b%00/commits", "t/b/commits?git_url=%00"])
      expect([path, await commits(path)]).toEqual([path, nothing]);
  });
});
