/** What shows an operator or developer what the program asks the database. */
import { beforeAll, describe, expect, it } from "vitest";
import { describedPassword, masking } from "../src/database/masking.ts";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { databaseEnvironment, run, start } from "./support/program.ts";
import { submission, temporaryDirectory, writeSubmissions } from "./support/spool.ts";
import { request } from "./support/server.ts";

let database: TestDatabase;
let environment: Record<string, string>;
beforeAll(async () => {
  database = await testDatabase();
  environment = databaseEnvironment(database.connection);
  await database.pool.query(
    "insert into builds (id, checkout_id, origin, _timestamp) values ('o:b', 'o:c', 'o', now())",
  );
});

describe("DEBUG_SQL_QUERY", () => {
  it("logs each statement with its values, time, rows and route, without secrets", async () => {
    const program = start(["serve", "--port", "0"], {
      ...environment,
      DEBUG_SQL_QUERY: "true",
      // Each request asks the database by itself.
      CACHE_TIMEOUT: "0",
      KERNELBOARD_LOG_LEVEL: "error",
      DISCORD_WEBHOOK_URL: "https://discord.example.org/hunter2",
    });
    try {
      const base = await program.shows(/Listening on (\S+)\//);
      // More than the pool has connections, so that some wait for one that another route gives back.
      await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          request(`${base}/api/${n % 2 === 0 ? "build" : "test"}/https:%2F%2Fdiscord.example.org%2Fhunter2`),
        ),
      );
      await request(`${base}/api/build/o:b`);
    } finally {
      program.child.kill("SIGTERM");
      await program.ended;
    }
    const lines = program
      .stderr()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { msg: string; route?: string; rows?: number; ms?: number });
    const builds = lines.filter(({ msg }) => msg.includes("from builds b") && msg.includes("; args=["));
    const found = builds.find(({ msg }) => msg.includes('args=["o:b"'));
    expect(found).toMatchObject({ route: "GET /api/build/:build_id", rows: 1 });
    expect(found?.ms).toBeTypeOf("number");
    expect(found?.msg).toMatch(/^\(\d+\.\d{3}\) .*; alias=default$/);
    const ofRoute = (name: string): string[] =>
      lines
        .filter(({ msg, route }) => msg.includes('args=["********"') && route === name)
        .map(({ msg }) => msg);
    expect(ofRoute("GET /api/build/:build_id")).toHaveLength(15);
    expect(ofRoute("GET /api/test/:test_id")).toHaveLength(15);
    expect(ofRoute("GET /api/test/:test_id").filter((msg) => !msg.includes("from tests"))).toEqual([]);
    expect(program.stderr()).not.toContain("hunter2");
  });
});

describe("DEBUG_SQL_QUERY of an ingestion", () => {
  it("logs the statements of its threads too, whatever the level of the log", async () => {
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, {
      "a.json": submission({ issues: [{ id: "o:i", origin: "o", version: 1 }] }),
    });
    const { code, stderr } = await run(["ingest", "--spool-dir", spoolDir, "--once", "--max-workers", "1"], {
      ...environment,
      DEBUG_SQL_QUERY: "true",
      KERNELBOARD_LOG_LEVEL: "error",
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/copy staged_issues .* alias=default/);
    expect(stderr).toMatch(/insert into issues as t/);
  });
});

describe("DEBUG_DB_VARS", () => {
  it("tells which database is used, and of its password no more than may be told", async () => {
    const { code, stderr } = await run(["settings"], {
      DB_HOST: "db.example.org",
      DB_PASSWORD: "a\"b\\c d'",
      DEBUG_DB_VARS: "true",
    });
    expect(code).toBe(0);
    const text = /^DEBUG: DATABASES: (.*)$/m.exec(stderr)?.[1] ?? "{}";
    expect(JSON.parse(text)).toMatchObject({
      default: { host: "db.example.org", password: `******** (8 characters, special ones:   \\" ' \\\\)` },
    });
    expect(describedPassword("")).toBe("(empty)");
  });
});

describe("masking", () => {
  it("hides secrets, tokens and logins in addresses wherever they are, and shortens", () => {
    const mask = masking(["hunter22", "abc"]);
    expect(mask(["x hunter22 y", "abc", null, 3, { a: "hunter22" }])).toBe(
      '["x ******** y", "abc", null, 3, "{\\"a\\":\\"********\\"}"]',
    );
    expect(mask("https://me:pw@example.org/x")).toBe('"https://********@example.org/x"');
    expect(mask("eyJhbGciOi.eyJvcmlnaW4.c2ln")).toBe('"********"');
    expect(mask("x".repeat(500))).toBe(`"${"x".repeat(200)}... (500 characters)"`);
    expect(mask(Array(100).fill(1))).toContain("... (100 values)");
  });
});

describe("kernelboard explain", () => {
  it("prints the statements of a request with their plans", async () => {
    const { code, stdout } = await run(["explain", "get", "/api/build/o:b"], environment);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GET \/api\/build\/o:b: status 200, \d+ bytes$/m);
    expect(stdout).toMatch(/^ {2}\$1 = "o:b"$/m);
    expect(stdout).toMatch(/Index Scan using \w+ on builds/);
    const { stdout: json } = await run(
      ["explain", "POST", "/api/issue/extras/", "--body", '{"issues": [["o:i", 1]]}', "--analyze", "--json"],
      environment,
    );
    const { status, statements } = JSON.parse(json) as { status: number; statements: { plan: string[] }[] };
    expect(status).toBe(200);
    expect(statements.length).toBeGreaterThan(0);
    for (const { plan } of statements) {
      expect(plan[0]).toContain("actual time");
      expect(plan.at(-1)).toMatch(/^Execution Time/);
    }
    expect((await run(["explain", "GET", "/api/nosuch"], environment)).code).toBe(1);
    expect((await run(["explain", "DELETE", "/api/tree/"], environment)).code).toBe(2);
    expect((await run(["explain", "GET", "tree"], environment)).code).toBe(2);
  });
});
