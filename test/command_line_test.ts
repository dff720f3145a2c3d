/** The built program from the outside: arguments, exit codes, what it prints, how it starts and stops. */
import { chmod, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { removeStaged } from "../src/database/embedded_state.ts";
import { loadMigrations } from "../src/database/migrate.ts";
import { createDatabase, type TestDatabase } from "./support/database.ts";
import { databaseEnvironment, run, start, type RunningProgram } from "./support/program.ts";
import { request } from "./support/server.ts";
import { PROJECT } from "./support/shared.ts";
import { spoolState, submission, temporaryDirectory, writeSubmissions } from "./support/spool.ts";

let database: TestDatabase;
let environment: Record<string, string>;
const programs: RunningProgram[] = [];

beforeAll(async () => {
  database = await createDatabase(inject("connection"));
  environment = databaseEnvironment(database.connection);
});
afterAll(() => database.drop());
afterEach(async () => {
  for (const { child, ended } of programs.splice(0)) {
    child.kill("SIGTERM");
    await ended;
  }
});

function started(args: string[], more: Record<string, string> = environment): RunningProgram {
  const program = start(args, more);
  programs.push(program);
  return program;
}

const WITH_TEST = submission({ tests: [{ id: "o:t", build_id: "o:b", origin: "o" }] });

describe("the command line", () => {
  it("tells its version and helps", async () => {
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, "../package.json"), "utf8")) as {
      version: string;
    };
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
    const help = await run(["--help"]);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("ingest [options]")]);
    for (const command of [
      "demo",
      "serve",
      "ingest",
      "migrate",
      "settings",
      "seed_test_data",
      "monitor_submissions",
      "runserver",
      "rollups",
      "retry-failed",
      "treeproof",
      "process_pending_aggregations",
      "populate_tree_tests_rollup",
      "backfill_hardware_aggregations",
    ]) {
      const { code, stdout } = await run([command, "--help"]);
      expect([command, code]).toEqual([command, 0]);
      expect(stdout).toContain("Examples:");
    }
  });

  it("ends with 2 for a usage error, and with 1 for what cannot be done", async () => {
    expect(await run(["nosuch"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Unknown command: 'nosuch'") as string,
    });
    expect((await run(["ingest"])).code).toBe(2);
    expect((await run(["ingest", "--spool-dir", "x", "--nosuch"])).code).toBe(2);
    const workers = await run(["ingest", "--spool-dir", "x", "--max-workers", "0"]);
    expect([workers.code, workers.stderr]).toEqual([
      2,
      expect.stringContaining("0 has to be greater than 0"),
    ]);
    const port = await run(["serve"], { ...environment, PORT: "many" });
    expect(port).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "CommandError: PORT: 'many' is not a whole number; example: PORT=8000\n",
    });
    const database = await run(["migrate"], { ...environment, DB_NAME: "no_such_database" });
    expect([database.code, database.stderr]).toEqual([
      1,
      expect.stringMatching(/^CommandError: database "no_such_database" does not exist\n$/m),
    ]);
  });

  it("shows the settings in force, without secrets", async () => {
    const { code, stdout } = await run(["settings"], {
      ...environment,
      DB_PASSWORD: "hunter2",
      PORT: "8080",
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PORT=8080 +environment$/m);
    expect(stdout).toMatch(/^HOST=127\.0\.0\.1 +default$/m);
    expect(stdout).toMatch(/^DB_PASSWORD=\*{8} +environment$/m);
    expect(stdout).not.toContain("hunter2");
    const json = await run(["settings", "--json"], environment);
    expect(JSON.parse(json.stdout)).toContainEqual(
      expect.objectContaining({ name: "PORT", value: "8000", from: "default" }),
    );
  });

  it("migrates, and shows what is applied", async () => {
    const before = await run(["migrate", "--status"], environment);
    expect([before.code, before.stdout]).toEqual([1, expect.stringMatching(/^0001 tables +pending$/m)]);
    const { length } = await loadMigrations();
    expect(await run(["migrate"], environment)).toMatchObject({
      code: 0,
      stdout: `${length} migrations applied.\n`,
    });
    expect(await run(["migrate"], environment)).toMatchObject({
      code: 0,
      stdout: "The database is up to date.\n",
    });
    const after = await run(["migrate", "--status"], environment);
    expect([after.code, after.stdout]).toEqual([0, expect.stringMatching(/^0001 tables +\d{4}-\d\d-\d\dT/m)]);
  });

  it("writes the API's description without a database", async () => {
    const { code, stdout } = await run(["spectacular"], { DB_HOST: "nowhere.invalid" });
    expect(code).toBe(0);
    expect(stdout === (await readFile(join(PROJECT, "schema.yml"), "utf8"))).toBe(true);
  });

  it("ingests once and ends with 0, also when files were refused", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, { "a.json": WITH_TEST, "b.json": "{" });
    const { code, stderr } = await run(["ingest", "--spool-dir", directory, "--once"], environment);
    expect(code).toBe(0);
    expect(stderr).toContain('"msg":"batch written"');
    expect(await spoolState(directory)).toMatchObject({ inbox: [], archive: ["a.json"], failed: ["b.json"] });
  });

  it("ends with 1 when the spool cannot be used", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "file"), "");
    expect(
      await run(["ingest", "--spool-dir", join(directory, "file"), "--once"], environment),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `CommandError: Directory ${join(directory, "file")} is not a directory`,
      ) as string,
    });
  });

  it("monitors a spool until it is told to stop", async () => {
    const directory = await temporaryDirectory();
    const program = started(["monitor_submissions", "--spool-dir", directory, "--interval", "0"]);
    await program.shows(/ready|batch|tree names|$/);
    await writeSubmissions(directory, { "later.json": WITH_TEST });
    await program.shows(/batch written/);
    program.child.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
    expect((await spoolState(directory)).archive).toEqual(["later.json"]);
    expect((await run(["monitor_submissions", "--spool-dir", directory, "--once"], environment)).code).toBe(
      2,
    );
  });

  it("serves, ingests beside it, and stops when it is told to", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, {
      "a.json": submission({
        checkouts: [
          { id: "maestro:c", origin: "maestro", tree_name: "mainline", git_commit_hash: "a".repeat(40) },
        ],
      }),
    });
    const program = started(["serve", "--port", "0", "--spool-dir", directory, "--interval", "0"]);
    const base = await program.shows(/Listening on (\S+)\//);
    await program.shows(/batch written/);
    expect(await request(`${base}/api/tree/`)).toMatchObject({ status: 200, body: [{ id: "maestro:c" }] });
    const taken = await run(["serve", "--port", new URL(base).port], environment);
    expect(taken).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is in use; choose another with --port or PORT") as string,
    });
    program.child.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  });

  it("serves under the reference's name and argument", async () => {
    const program = started(["runserver", "127.0.0.1:0", "--noreload"]);
    const base = await program.shows(/Starting development server at (\S+)\//);
    expect((await request(`${base}/readyz`)).status).toBe(200);
    expect((await run(["runserver", "1:2:3"], environment)).code).toBe(2);
  });
});

describe("kernelboard runserver", () => {
  it("starts again when a file of the program changes, and ends when it is told to", async () => {
    const program = started(["runserver", "127.0.0.1:0"]);
    const first = await program.shows(/Starting development server at (\S+)\//);
    expect((await request(`${first}/readyz`)).status).toBe(200);
    const now = new Date();
    await utimes(join(PROJECT, "dist", "server", "version.js"), now, now);
    const second = await program.shows(/starting again\s+Starting development server at (\S+)\//);
    expect((await request(`${second}/readyz`)).status).toBe(200);
    program.child.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  });
});

describe("kernelboard demo", () => {
  it("runs from nothing, survives being killed, and refuses a second start on its directory", async () => {
    const dataDir = join(await temporaryDirectory(), "data");
    await mkdir(dataDir);
    await chmod(join(dataDir, ".."), 0o755);
    const own = { KERNELBOARD_DATA_DIR: dataDir };
    try {
      const first = started(["demo", "--port", "0"], own);
      const base = await first.shows(/kernelboard is running: (\S+)\//);
      const { body } = await request(`${base}/api/tree/`);
      expect((body as unknown[]).length).toBeGreaterThan(3);
      expect(await request(`${base}/`)).toMatchObject({
        status: 200,
        body: expect.stringContaining("<title>") as string,
      });
      const second = await run(["demo"], own);
      expect(second).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          `is in use by process ${first.child.pid ?? 0} (kernelboard demo`,
        ) as string,
      });

      first.child.kill("SIGKILL");
      await first.ended;
      const third = started(["demo", "--port", "0"], own);
      const again = await third.shows(/kernelboard is running: (\S+)\//);
      expect((await request(`${again}/api/tree/`)).body).toEqual(body);
      third.child.kill("SIGINT");
      expect((await third.ended).code).toBe(0);
    } finally {
      for (const { child, ended } of programs.splice(0)) {
        child.kill("SIGTERM");
        await ended;
      }
      await removeStaged(dataDir);
    }
  });

  it("does not touch an external database", async () => {
    expect(await run(["demo"], environment)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("unset DB_HOST") as string,
    });
  });
});
