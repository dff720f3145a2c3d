/** `/api/build/{id}`, `/api/test/{id}` and `/api/origins/` on rows as submissions and as older databases leave them. */
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { testServer, type TestServer } from "../../test/support/server.ts";
import { ingestFiles, submission } from "../../test/support/spool.ts";

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
  await ingestFiles(database.connection, {
    "a.json": submission({
      checkouts: [
        {
          id: "linaro:c",
          origin: "linaro",
          tree_name: "next",
          git_commit_hash: "a".repeat(40),
          git_commit_tags: ["v1"],
          git_commit_name: "v1-rc1",
          start_time: "2020-01-01T00:00:00Z",
        },
        { id: "maestro:c", origin: "maestro" },
      ],
      builds: [
        {
          id: "maestro:b",
          checkout_id: "linaro:c",
          origin: "maestro",
          status: "ERROR",
          duration: 12,
          start_time: "2026-01-01T00:00:00.1Z",
          output_files: [{ name: "log_excerpt", url: "https://files.kernelci.org/x" }],
          log_excerpt: "",
          misc: { lab: "x", big: 1 },
        },
        { id: "maestro:orphan/1", checkout_id: "maestro:gone", origin: "maestro" },
      ],
      tests: [
        {
          id: "redhat:t",
          build_id: "maestro:b",
          origin: "redhat",
          status: "MISS",
          path: "boot.nfs",
          environment: { compatible: ["a,b"], misc: { platform: "p" } },
        },
        { id: "new_origin:orphan", build_id: "maestro:gone", origin: "new_origin" },
      ],
    }),
  });
  await database.pool.query(`
    update builds set misc = misc || '{"big": 12345678901234567890, "exact": 1.50}' where id = 'maestro:b';
    insert into builds (id, checkout_id, origin, status, misc, duration, input_files)
    values ('odd', 'none', 'o', 'weird', '"{\\"a\\": 1}"', 'NaN', '{"not": "a list"}'), ('odder', 'none', 'o', '', '[1]', 'Infinity', '3');
    insert into tests (id, build_id, origin, misc, environment_compatible, status) values ('odd', 'odd', 'o', '[1]', '{a,null}', 'pass')`);
});

describe("GET /api/build/{id}", () => {
  it("shows a build with its checkout, digits of JSON included", async () => {
    const response = await fetch(`${server.base}/api/build/maestro:b`);
    const text = await response.text();
    expect(text).toContain("12345678901234567890");
    expect(text).toContain("1.50");
    expect(JSON.parse(text)).toMatchObject({
      id: "maestro:b",
      origin: "linaro",
      build_origin: "maestro",
      status: "ERROR",
      duration: 12,
      start_time: "2026-01-01T00:00:00.100000Z",
      tree_name: "next",
      git_commit_tags: ["v1"],
      git_commit_name: "v1-rc1",
      log_excerpt: "",
      output_files: [{ name: "log_excerpt", url: "https://files.kernelci.org/x" }],
      input_files: null,
      comment: null,
    });
  });

  it("shows an orphan, addressed by an id with a slash", async () => {
    expect((await server.get("/api/build/maestro:orphan%2F1")).body).toMatchObject({
      id: "maestro:orphan/1",
      origin: null,
      status: "NULL",
      checkout_id: "maestro:gone",
    });
  });

  it("normalises what older databases hold", async () => {
    expect((await server.get("/api/build/odd")).body).toMatchObject({
      status: "NULL",
      misc: { a: 1 },
      duration: null,
      input_files: null,
    });
    expect((await server.get("/api/build/odder")).body).toMatchObject({
      status: "NULL",
      misc: null,
      duration: null,
    });
  });

  it("says that there is none", async () => {
    expect(await server.get("/api/build/nosuch:build")).toMatchObject({
      status: 200,
      body: { error: "Build not found" },
    });
  });
});

describe("GET /api/test/{id}", () => {
  it("shows a test with its build and checkout", async () => {
    const { body } = await server.get("/api/test/redhat:t");
    expect(body).toMatchObject({
      id: "redhat:t",
      build_id: "maestro:b",
      status: "MISS",
      path: "boot.nfs",
      environment_compatible: ["a,b"],
      environment_misc: { platform: "p" },
      misc: { runtime: "redhat" },
      origin: "linaro",
      test_origin: "redhat",
      tree_name: "next",
    });
    expect((body as { field_timestamp: string }).field_timestamp).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/,
    );
  });

  it("shows an orphan and what older databases hold", async () => {
    expect((await server.get("/api/test/new_origin:orphan")).body).toMatchObject({
      origin: null,
      architecture: null,
      test_origin: "new_origin",
      status: "NULL",
    });
    expect((await server.get("/api/test/odd")).body).toMatchObject({
      status: "PASS",
      misc: [1],
      environment_compatible: ["a"],
    });
    expect((await server.get("/api/test/nosuch")).body).toEqual({ error: "Test not found" });
  });
});

describe("GET /api/origins/", () => {
  it("gives the origins of late checkouts, and of all tests", async () => {
    const { body } = await server.get("/api/origins/");
    expect(body).toEqual({
      checkout_origins: ["maestro"],
      test_origins: [
        "0dayci",
        "arm",
        "broonie",
        "linaro",
        "maestro",
        "microsoft",
        "new_origin",
        "o",
        "redhat",
        "riscv",
        "syzbot",
        "ti",
      ],
    });
    expect((await server.get("/api/origins/?interval_in_days=100000")).body).toMatchObject({
      checkout_origins: ["linaro", "maestro"],
    });
  });

  it("refuses windows that are none, and says that there is none", async () => {
    for (const days of ["0", "x", "", "800000", "99999999999999999999"])
      expect(await server.get(`/api/origins/?interval_in_days=${days}`)).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining("'interval_in_days'") as string },
      });
    expect((await server.get("/api/origins/?interval_in_days=730000")).status).toBe(200);
    const empty = await testDatabase();
    const other = await testServer(empty.pool);
    expect(await other.get("/api/origins/")).toMatchObject({
      status: 400,
      body: { error: "No origins found" },
    });
  });
});
