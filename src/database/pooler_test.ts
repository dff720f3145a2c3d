/** Requests through a PgBouncer in transaction mode, configured as `deploy/replicas/pgbouncer.ini` has it. */
import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { freePorts } from "../../test/support/cluster.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { listenTo } from "../../test/support/events.ts";
import { databaseEnvironment } from "../../test/support/program.ts";
import { testServer, type TestServer } from "../../test/support/server.ts";
import { PROJECT } from "../../test/support/shared.ts";
import { ingestSmallWorld } from "../../test/support/small_world.ts";
import type { Connection } from "./pool.ts";

/** Its version, or undefined when it is not installed. Packages put it where only root looks for programs. */
const PROGRAM_PATH = `${process.env.PATH ?? ""}:/usr/sbin:/usr/local/sbin`;
const version = pgbouncerVersion();

const PATHS = [
  "/api/tree/?origin=o&interval_in_days=10000",
  "/api/hardware/?origin=o&startTimestampInSeconds=1735689600&endTimestampInSeconds=1798761600",
  `/api/tree/${"a".repeat(40)}/full?origin=o&git_url=https://example.org/0.git&git_branch=master`,
  "/api/build/o:b0_0",
  "/api/build/o:b0_0/tests",
  "/api/test/o:t0_0",
];

let database: TestDatabase;
let url: string;
let direct: TestServer;

describe.skipIf(version === undefined)(
  "PgBouncer in transaction mode (skipped where it is not installed)",
  () => {
    beforeAll(async () => {
      database = await testDatabase();
      await ingestSmallWorld(database.connection);
      direct = await testServer(database.pool);
      url = await startPgBouncer(database.connection);
    });

    it("answers many requests over two sessions as a direct connection does", async () => {
      const server = await pooled(url);
      await expectSameAnswers(server);
      expect(server.log.filter((line) => line.includes("lack a setting"))).toEqual([]);
    });

    it("names statements where asked to, and no longer when PgBouncer does not keep track of them", async () => {
      const server = await pooled(`${url}?prepared=true`);
      await expectSameAnswers(server);
      const said = server.log.some((line) => line.includes("max_prepared_statements"));
      expect(said).toBe(!keepsTrack());
    });

    it("goes around it for what needs a session of its own", async () => {
      const server = await pooled(url);
      const events = await listenTo(`${server.base}/api/events`);
      await ingestSmallWorld(database.connection, "new");
      await events.has(1);
      events.leave();
    });
  },
);

function pgbouncerVersion(): [number, number] | undefined {
  try {
    const text = execFileSync("pgbouncer", ["--version"], { env: { PATH: PROGRAM_PATH } }).toString();
    const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(text) ?? [];
    return [Number(major), Number(minor)];
  } catch {
    return undefined;
  }
}

function keepsTrack(): boolean {
  const [major = 0, minor = 0] = version ?? [];
  return major > 1 || minor >= 21;
}

/** With two sessions, so that clients take turns on them. @returns its URL */
async function startPgBouncer(server: Connection): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kernelboard-pgbouncer-"));
  const [port = 0] = await freePorts(1);
  const shipped = await readFile(join(PROJECT, "deploy/replicas/pgbouncer.ini"), "utf8");
  const configuration = shipped
    .replace(
      "dashboard = host=127.0.0.1 port=5440 dbname=dashboard",
      `dashboard = host=${server.host} port=${server.port} dbname=${server.database} user=${server.user} password='${server.password}'`,
    )
    .replace("listen_port = 6432", `listen_port = ${port}`)
    .replace("default_pool_size = 20", "default_pool_size = 2")
    .replace("auth_type = scram-sha-256", "auth_type = any\nunix_socket_dir =")
    .replace(/^auth_file.*$/m, "")
    .replace(/^max_prepared_statements.*$/m, (line) => (keepsTrack() ? line : ""));
  const file = join(folder, "pgbouncer.ini");
  await writeFile(file, configuration);
  await chmod(folder, 0o755);
  // It refuses to run as root.
  const child = spawn("pgbouncer", [...(process.getuid?.() === 0 ? ["-u", "nobody"] : []), file], {
    env: { PATH: PROGRAM_PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.on("close", resolve));
  atEndOfFile(async () => {
    child.kill("SIGINT");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  while (!output.includes("process up")) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${output}`);
    await sleep(20);
  }
  return `postgres://127.0.0.1:${port}/dashboard`;
}

function pooled(poolerUrl: string): Promise<TestServer> {
  return testServer(database.pool, {
    ...databaseEnvironment(database.connection),
    DB_POOLER_URL: poolerUrl,
  });
}

/** Of many requests at once, several times, so that statements meet sessions that others have used. */
async function expectSameAnswers(server: TestServer): Promise<void> {
  const expected = await Promise.all(PATHS.map(async (path) => (await direct.get(path)).body));
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      [...PATHS, ...PATHS, ...PATHS].map(async (path) => {
        const { status, body } = await server.get(path);
        return { path, status, body };
      }),
    );
    expect(answers).toEqual(
      answers.map(({ path }) => ({ path, status: 200, body: expected[PATHS.indexOf(path)] })),
    );
  }
}
