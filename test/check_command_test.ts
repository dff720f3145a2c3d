/** `kernelboard check` from the outside: what it finds in real deployments, how it says so, and how it ends. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { clockFindings } from "../src/checks/database_checks.ts";
import type { Finding } from "../src/checks/finding.ts";
import { check } from "../src/commands/check.ts";
import { atEndOfFile } from "./support/cleanup.ts";
import { createDatabase, testDatabase, type TestDatabase } from "./support/database.ts";
import { databaseEnvironment, run } from "./support/program.ts";
import { testServer } from "./support/server.ts";
import { temporaryDirectory } from "./support/spool.ts";

const GOOD_KEY = "h8Jk2mQw9ZxCv5Bn7Lp3Rt6Ys1Df4Gh0Kl2Mn8Qw5Er7Ty9Ui3OpAsDfGhJkLzXc";
let database: TestDatabase;
/** A role as a deployment has one: it owns its database, and no more. */
let deployment: Record<string, string>;

beforeAll(async () => {
  database = await testDatabase();
  const role = `${database.connection.database}_role`;
  await database.pool.query(`create role ${role} login password 'X7-long-and-own'`);
  atEndOfFile(async () => {
    await database.pool.query(`drop owned by ${role}`);
    await database.pool.query(`drop role ${role}`);
  });
  await database.pool.query(`grant all on schema public to ${role}`);
  await database.pool.query(`grant all on all tables in schema public to ${role}`);
  deployment = {
    ...databaseEnvironment(database.connection),
    DB_USER: role,
    DB_PASSWORD: "X7-long-and-own",
    DJANGO_SECRET_KEY: GOOD_KEY,
    ALLOWED_HOSTS: '["dashboard.example.org"]',
    CORS_ALLOWED_ORIGINS: '["https://dashboard.example.org"]',
  };
});

/** What `check --deploy` finds in some groups. */
async function issues(environment: Record<string, string>, tag: string, url?: string): Promise<Finding[]> {
  const args = { deploy: true, failLevel: "ERROR", tag: tag.split(" ") } as const;
  const report = await check(
    { ...args, tag: [...args.tag], ...(url === undefined ? {} : { url: new URL(url) }) },
    environment,
  );
  return report.findings;
}
const ids = async (environment: Record<string, string>, tag: string, url?: string): Promise<string[]> =>
  (await issues(environment, tag, url)).map(({ id }) => id);

describe("kernelboard check", () => {
  it("has nothing to say about a good deployment, not even at the lowest level", async () => {
    expect(await run(["check"], deployment)).toEqual({
      code: 0,
      stdout: "System check identified no issues (0 silenced).\n",
      stderr: "",
    });
    expect(await run(["check", "--deploy", "--fail-level", "DEBUG"], deployment)).toEqual({
      code: 0,
      stdout: "System check identified no issues (2 silenced).\n",
      stderr: "",
    });
  });

  it("shows what was silenced when it is told to, and not what was mended", async () => {
    const open = { ...deployment, KERNELBOARD_SILENCED_CHECKS: "[]" };
    expect(await ids(open, "security")).toEqual(["security.W005", "security.W021"]);
    const strict = {
      ...open,
      KERNELBOARD_HSTS_INCLUDE_SUBDOMAINS: "true",
      KERNELBOARD_HSTS_PRELOAD: "TRUE",
    };
    expect(await ids(strict, "security")).toEqual([]);
  });

  it("lists wrong settings as errors, all of them, and ends with 1", async () => {
    const { code, stdout, stderr } = await run(["check"], {
      CORS_ALLOWED_ORIGINS: '["dashboard.example.org"]',
      PORT: "many",
      DB_PASSWORD: "hunter2",
      DB_PASSWORD_FILE: "/run/secrets/db",
      DB_HOST: "db",
      STORAGE_TOKEN_FILE: "/no/such/file",
    });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.split("\n\n")).toEqual([
      "SystemCheckError: System check identified some issues:",
      expect.stringMatching(
        /^ERRORS:\n\?: \(corsheaders\.E013\) .*\n\tHINT: [^]*E001\) both DB_PASSWORD and DB_PASSWORD_FILE are set \(but are exclusive\)[^]*PORT: 'many' is not a whole number[^]*E002\) STORAGE_TOKEN_FILE: cannot be read/,
      ),
      "System check identified 4 issues (0 silenced).\n",
    ]);
    expect(stderr).not.toContain("hunter2");
  });

  it("warns of what a deployment should not have, and fails when it is told to", async () => {
    const weak = {
      ...databaseEnvironment(database.connection),
      DB_PASSWORD: "",
      DEBUG: "true",
      DEBUG_DB_VARS: "true",
      DEBUG_SQL_QUERY: "true",
      ALLOWED_HOSTS: "[]",
      CORS_ALLOW_ALL_ORIGINS: "true",
      CORS_ALLOWED_ORIGINS: '["http://dashboard.example.org","http://localhost:5173"]',
      KERNELBOARD_SUBMIT_SECRET: "a".repeat(40),
      DJANGO_SECRET_KEY: "too-short",
      HOST: "0.0.0.0",
    };
    const { code, stderr } = await run(["check", "--deploy", "--tag", "security"], weak);
    expect(code).toBe(0);
    const [head, warnings, counted] = stderr.split("\n\n");
    expect(head).toBe("System check identified some issues:");
    expect(counted).toBe("System check identified 10 issues (2 silenced).\n");
    expect([...(warnings ?? "").matchAll(/^\?: \((\S+)\)/gm)].map((match) => match[1])).toEqual([
      ..."1 2 3 4 6 7".split(" ").map((n) => `kernelboard.W00${n}`),
      ...["W008", "W009", "W018", "W020"].map((id) => `security.${id}`),
    ]);
    expect((await run(["check", "--deploy", "--fail-level", "WARNING"], weak)).code).toBe(1);
    expect(
      await ids(
        { ...deployment, ALLOWED_HOSTS: '["*"]', KERNELBOARD_TRUSTED_PROXIES: '["0.0.0.0/1"]' },
        "security",
      ),
    ).toEqual(["kernelboard.W005", "kernelboard.W008"]);
    expect(
      await ids({ ...deployment, HOST: "0.0.0.0", KERNELBOARD_TRUSTED_PROXIES: '["10.0.0.2"]' }, "security"),
    ).toEqual([]);
    expect(await ids({ ...deployment, KERNELBOARD_TRUSTED_PROXIES: "[]" }, "security")).toEqual([
      "security.W004",
      "kernelboard.I001",
    ]);
  });

  it("looks at the database's rights and migrations", async () => {
    const role = deployment.DB_USER ?? "";
    const only = "database";
    await database.pool.query(`revoke insert, delete on tests from ${role}`);
    await database.pool.query(`revoke create on schema public from ${role}, public`);
    try {
      const found = await issues(deployment, only);
      expect(found.map(({ id }) => id)).toEqual(["kernelboard.E023", "kernelboard.E028"]);
      expect(found[1]?.message).toBe("The role may not DELETE, INSERT in table tests.");
      expect((await run(["check", "--deploy", "--tag", only], deployment)).code).toBe(1);
    } finally {
      await database.pool.query(`grant all on schema public to ${role}`);
      await database.pool.query(`grant all on tests to ${role}`);
    }
    await database.pool.query(
      "insert into kernelboard_migrations (number, name, checksum, adopted) values (9999, 'future', '', false)",
    );
    try {
      expect(await ids(deployment, only)).toEqual(["kernelboard.E027"]);
    } finally {
      await database.pool.query("delete from kernelboard_migrations where number = 9999");
    }
    const empty = await createDatabase(inject("connection"));
    try {
      const superuser = databaseEnvironment(empty.connection);
      expect(await ids(superuser, only)).toEqual(["kernelboard.W020", "kernelboard.W023"]);
    } finally {
      await empty.drop();
    }
    expect(await ids({ ...deployment, DB_PORT: "1" }, only)).toEqual(["kernelboard.E020"]);
    const named = await run(["check", "--database", "default", "--json"], { ...deployment, DB_PORT: "1" });
    expect([named.code, named.stdout]).toEqual([1, expect.stringContaining("kernelboard.E020")]);
  });

  it("makes no embedded database", async () => {
    const dataDir = join(await temporaryDirectory(), "none");
    expect(await ids({ KERNELBOARD_DATA_DIR: dataDir }, "database")).toEqual(["kernelboard.I020"]);
    expect(await ids({ KERNELBOARD_DATA_DIR: dataDir }, "database")).toEqual(["kernelboard.I020"]);
  });

  it("looks at Redis, the spool and the volume where they are asked for", async () => {
    const spoolDir = await temporaryDirectory();
    await mkdir(join(spoolDir, "archive"));
    const files = "files redis";
    const good = { ...deployment, KERNELBOARD_SPOOL_DIR: spoolDir, KERNELBOARD_SPOOL_MIN_FREE_BYTES: "0" };
    expect(await ids(good, files)).toEqual([]);
    await writeFile(join(spoolDir, "failed"), "");
    expect(
      await ids(
        {
          ...good,
          REDIS_PORT: "1",
          BACKEND_VOLUME_DIR: join(spoolDir, "none"),
          KERNELBOARD_SPOOL_MIN_FREE_BYTES: String(2 ** 52),
        },
        files,
      ),
    ).toEqual(["kernelboard.E011", "kernelboard.E013", "kernelboard.W010", "kernelboard.W030"]);
    expect(await ids({ ...good, KERNELBOARD_SPOOL_DIR: join(spoolDir, "none") }, files)).toEqual([
      "kernelboard.E010",
    ]);
  });

  it.skipIf(process.getuid?.() === 0)("tells a spool that may not be written to", async () => {
    const spoolDir = await temporaryDirectory();
    await chmod(spoolDir, 0o500);
    expect(await ids({ ...deployment, KERNELBOARD_SPOOL_DIR: spoolDir }, "files")).toEqual([
      "kernelboard.E010",
    ]);
  });

  it("knows the clocks apart when the answer took long, and when they differ", () => {
    const now = Date.UTC(2026, 10, 1);
    const found = (before: number, database: number, after: number): string[] =>
      clockFindings(before, database, after).map(({ id }) => id);
    expect(found(now, now + 4000, now + 9000)).toEqual([]);
    expect(found(now, now + 1900, now)).toEqual([]);
    expect(found(now, now - 3000, now + 9000)).toEqual(["kernelboard.W022"]);
    expect(found(now, now + 61_000, now)).toEqual(["kernelboard.E026"]);
    expect(found(0, 0, 0)).toEqual(["kernelboard.E025"]);
  });

  it("asks another server for what it really sends", async () => {
    const { base } = await testServer(database.pool, { ALLOWED_HOSTS: '["dashboard.example.org"]' });
    expect(await ids(deployment, "security", base)).toEqual(["security.W008"]);

    const careless = createServer((_request, response) => {
      response.writeHead(200, { server: "thing/1.2", "access-control-allow-origin": "*" });
      response.end("{}");
    });
    await new Promise<void>((resolve) => careless.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(careless.address() as AddressInfo).port}`;
      expect(await ids(deployment, "security", url)).toEqual([
        ...[2, 3, 4, 5].map((n) => `kernelboard.W03${n}`),
        ...["W006", "W008", "W019", "W022"].map((id) => `security.${id}`),
      ]);
    } finally {
      careless.close();
    }
    expect(await ids(deployment, "security", "http://127.0.0.1:1")).toEqual(["kernelboard.E030"]);
  });

  it("lists its tags, and refuses others", async () => {
    expect((await run(["check", "--list-tags"])).stdout).toBe("settings\n");
    expect((await run(["check", "--list-tags", "--deploy"])).stdout).toBe(
      "database\nfiles\nredis\nsecurity\nsettings\n",
    );
    expect(await run(["check", "--tag", "nosuch"])).toMatchObject({
      code: 1,
      stderr: 'CommandError: There is no system check with the "nosuch" tag.\n',
    });
    for (const args of [
      ["--fail-level", "BAD"],
      ["--database", "other"],
      ["--url", "ftp://x"],
    ])
      expect((await run(["check", ...args])).code).toBe(2);
  });
});

describe("a request over HTTPS", () => {
  it("is known by the header of a trusted proxy alone", async () => {
    const hsts = async (environment: Record<string, string>): Promise<string | null> => {
      const { get } = await testServer(database.pool, environment);
      const { headers } = await get("/healthz", { "x-forwarded-proto": "https" });
      return headers.get("strict-transport-security");
    };
    expect(await hsts({})).toBe("max-age=31536000");
    expect(await hsts({ DEBUG: "true" })).toBe("max-age=3600");
    expect(await hsts({ KERNELBOARD_TRUSTED_PROXIES: '["127.0.0.0/8"]' })).toBe("max-age=31536000");
    expect(await hsts({ KERNELBOARD_TRUSTED_PROXIES: '["10.0.0.2"]' })).toBeNull();
    expect(await hsts({ KERNELBOARD_TRUSTED_PROXIES: "[]" })).toBeNull();
    const { get } = await testServer(database.pool);
    expect((await get("/healthz")).headers.get("strict-transport-security")).toBeNull();
  });
});
