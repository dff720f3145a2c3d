/** Several web processes of the built program: killed, restarted and stopped while requests go on; and roles apart. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { clientOptions } from "../src/database/pool.ts";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { databaseEnvironment, run, start, type RunningProgram } from "./support/program.ts";
import { request } from "./support/server.ts";
import { submission, temporaryDirectory, writeSubmissions } from "./support/spool.ts";

let database: TestDatabase;
let environment: Record<string, string>;
const programs: RunningProgram[] = [];

beforeAll(async () => {
  database = await testDatabase();
  environment = databaseEnvironment(database.connection);
});
afterEach(async () => {
  for (const { child, ended } of programs.splice(0)) {
    child.kill("SIGTERM");
    await ended;
  }
});

function started(args: string[], more: Record<string, string> = {}): RunningProgram {
  const program = start(args, { ...environment, ...more });
  programs.push(program);
  return program;
}

/** Process ids of a program's children, by name. */
function children({ child }: RunningProgram): Map<number, string> {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="]).toString().split("\n");
  const found = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  return new Map(
    found.flatMap((match) =>
      match !== null && Number(match[2]) === child.pid && match[3]?.startsWith("kernelboard ")
        ? [[Number(match[1]), match[3].trim()]]
        : [],
    ),
  );
}

/** Clients that ask again and again. @returns ends them, and tells what failed */
function clients(base: string, count: number): { answered: () => number; stop: () => Promise<string[]> } {
  const failures: string[] = [];
  let answered = 0;
  let isOver = false;
  const all = Array.from({ length: count }, async () => {
    while (!isOver) {
      try {
        const { status } = await request(`${base}/api/tree/`);
        if (status === 200) answered++;
        else failures.push(String(status));
      } catch (error) {
        failures.push(String((error as Error).cause ?? error));
      }
      // The processes that are to start need some of the machine too.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return {
    answered: () => answered,
    stop: async () => {
      isOver = true;
      await Promise.all(all);
      return failures;
    },
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const ONE_TEST = submission({ tests: [{ id: "o:t", build_id: "o:b", origin: "o" }] });

describe("serve with several web processes", () => {
  it("replaces one that is killed, restarts all without a failed request, and answers what runs before it stops", async () => {
    const program = started(["serve", "--port", "0", "--role", "web", "--workers", "2"]);
    const base = await program.shows(/Listening on (\S+)\//);
    const before = children(program);
    expect([...before.values()].sort()).toEqual(["kernelboard web 1", "kernelboard web 2"]);

    const CLIENTS = 4;
    const duringKill = clients(base, CLIENTS);
    await until(() => duringKill.answered() > 20);
    const [killed = 0] = before.keys();
    process.kill(killed, "SIGKILL");
    await program.shows(/a process took the place of the one that ended/);
    // What was under way at the killed one, for each client at most.
    expect((await duringKill.stop()).length).toBeLessThanOrEqual(CLIENTS);
    const replaced = children(program);
    expect(replaced.size).toBe(2);
    expect(replaced.has(killed)).toBe(false);

    const duringRestart = clients(base, CLIENTS);
    program.child.kill("SIGHUP");
    await program.shows(/all processes were restarted/);
    const answered = duringRestart.answered();
    await until(() => duringRestart.answered() > answered + 20);
    expect(await duringRestart.stop()).toEqual([]);
    const after = children(program);
    expect(after.size).toBe(2);
    expect([...after.keys()].filter((pid) => replaced.has(pid))).toEqual([]);

    const lock = new pg.Client(clientOptions(database.connection, "kernelboard test lock"));
    await lock.connect();
    await lock.query("begin; lock table tree_listing in access exclusive mode");
    // Asked for the first time, so that the database has to tell.
    const running = request(`${base}/api/tree/?origin=asked-once`);
    for (;;) {
      const { rowCount } = await lock.query("select from pg_locks where not granted");
      if (rowCount) break;
    }
    program.child.kill("SIGTERM");
    await lock.end();
    expect((await running).status).toBe(200);
    expect((await program.ended).code).toBe(0);
    expect([...after.keys()].filter(isAlive)).toEqual([]);
  });

  it("ends at once with its supervisor", async () => {
    const program = started(["serve", "--port", "0", "--workers", "2"]);
    await program.shows(/Listening on (\S+)\//);
    const pids = [...children(program).keys()];
    program.child.kill("SIGKILL");
    await program.ended;
    await until(() => !pids.some(isAlive));
  });

  it("fails with one line when they cannot start", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    const { code, stderr } = await run(
      ["serve", "--port", "0", "--workers", "2", "--role", "web", "--spool-dir", file],
      { ...environment, KERNELBOARD_SUBMIT_SECRET: "a secret of the tests, thirty-two bytes and more" },
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^CommandError: web \d does not start: Directory .* is not a directory$/m);
  });

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }
});

describe("roles", () => {
  it("ingest in a process of its own, which gives way to requests, and whose end is the end of all", async () => {
    const spoolDir = await temporaryDirectory();
    const program = started([
      ...["serve", "--port", "0", "--workers", "2", "--role", "web,ingest", "--spool-dir", spoolDir],
      ...["--interval", "0"],
    ]);
    await program.shows(/Listening on (\S+)\//);
    await writeSubmissions(spoolDir, { "a.json": ONE_TEST });
    await program.shows(/"process":"ingest".*batch written/);
    const pids = new Map([...children(program)].map(([pid, name]) => [name, pid]));
    const ingesting = pids.get("kernelboard ingest") ?? 0;
    const answering = pids.get("kernelboard web 1") ?? 0;
    expect(getPriority(ingesting)).toBe(Math.min(getPriority(answering) + 5, 19));
    // Priorities count within a session where the system shares cores out among sessions.
    if (existsSync("/proc/self/autogroup")) {
      const groupOf = (pid = 0): string => readFileSync(`/proc/${pid}/autogroup`, "utf8").trim();
      // It may have to try more than once.
      await until(() => groupOf(ingesting).endsWith(" nice 5"));
      expect(groupOf(answering)).toBe(groupOf(program.child.pid));
      expect(groupOf(ingesting).split(" ")[0]).not.toBe(groupOf(answering).split(" ")[0]);
    }
    process.kill(ingesting, "SIGKILL");
    const { code, stderr } = await program.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("CommandError: ingest 1 ended: it was ended by SIGKILL") as string,
    ]);
  });

  it("ingest alone, without listening", async () => {
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, { "b.json": ONE_TEST });
    const program = started(["serve", "--role", "ingest", "--spool-dir", spoolDir]);
    await program.shows(/batch written/);
    program.child.kill("SIGTERM");
    const { code, stdout } = await program.ended;
    expect([code, stdout]).toEqual([0, ""]);
  });

  it("say what they lack", async () => {
    const { code, stderr } = await run(["serve", "--role", "ingest"], environment);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("the role ingest needs a spool directory") as string,
    ]);
    expect((await run(["serve", "--role", "web,nosuch"], environment)).code).toBe(2);
  });
});
