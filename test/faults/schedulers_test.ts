/** Several schedulers on one database: each run once, and another takes over when the one that acts is gone. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { TEMPLATE } from "../support/global_setup.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { jobsFile, type JobEntry } from "../support/jobs.ts";
import { sink } from "../support/sink.ts";
import { databaseEnvironment, start, type RunningProgram } from "../support/program.ts";

const execute = promisify(execFile);

let database: TestDatabase;
let environment: Record<string, string>;
const nodes: RunningProgram[] = [];

beforeEach(async () => {
  database = await createDatabase(inject("connection"), TEMPLATE);
  environment = { ...databaseEnvironment(database.connection), KERNELBOARD_LOG_LEVEL: "info" };
});
afterEach(async () => {
  for (const { child } of nodes) child.kill("SIGCONT");
  for (const { child, ended } of nodes.splice(0)) {
    child.kill("SIGTERM");
    await ended;
  }
  await database.drop();
});

async function node(): Promise<RunningProgram> {
  const program = start(["schedule"], environment);
  nodes.push(program);
  await program.shows(/scheduler started/);
  return program;
}

/** The node that acts, as soon as there is one among these. */
function acting(programs: RunningProgram[]): Promise<RunningProgram> {
  return Promise.race(
    programs.map((program) => program.shows(/This node runs the jobs/).then(() => program)),
  );
}

interface RunRow {
  scheduled_for: Date;
  node: string;
  missed: number;
  outcome: string | null;
}

async function runsUntil(isEnough: (runs: RunRow[]) => boolean, job = "tick"): Promise<RunRow[]> {
  for (;;) {
    const rows = await database.rows(
      "select scheduled_for, node, missed, outcome from job_runs where job = $1 order by scheduled_for",
      [job],
    );
    const runs = rows as unknown as RunRow[];
    if (isEnough(runs)) return runs;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const pid = ({ child }: RunningProgram): string => `:${child.pid ?? 0}`;
const ofNode = (runs: RunRow[], program: RunningProgram): RunRow[] =>
  runs.filter((run) => run.node.endsWith(pid(program)));

/** Each second from the first to the last run has a row, or is counted by the row behind it. */
function expectEverySecondOnce(runs: RunRow[]): void {
  const seconds = runs.map((run) => run.scheduled_for.getTime() / 1000);
  expect(seconds.every(Number.isInteger)).toBe(true);
  seconds.slice(1).forEach((second, index) => {
    expect(second - (seconds[index] ?? 0)).toBe(1 + (runs[index + 1]?.missed ?? 0));
  });
}

/** A job each second that is heard of twice in each run. */
function tick(url: string): { tick: JobEntry } {
  return { tick: { schedule: "* * * * * *", args: ["warm_metrics_cache", `--server=${url}`] } };
}

/** What was heard is what the runs that ended say, and at most once more for each that was broken off. */
function expectHeard(requests: number, runs: RunRow[]): void {
  expect(requests).toBeGreaterThanOrEqual(2 * runs.filter(({ outcome }) => outcome === "succeeded").length);
  expect(requests).toBeLessThanOrEqual(2 * runs.length);
}

describe("one scheduler", () => {
  it("leaves out a time that comes while the job runs, where the job says so", async () => {
    const long: JobEntry = {
      schedule: "* * * * * *",
      args: ["serve", "--port", "0"],
      missed_runs: "skip",
    };
    Object.assign(environment, await jobsFile({ long }));
    await node();
    const runs = await runsUntil((all) => all.length >= 3, "long");
    expectEverySecondOnce(runs);
    expect(runs.map(({ outcome }) => outcome)).toEqual([null, "skipped", "skipped"]);
  });
});

describe("two schedulers", () => {
  it("run each time once, and the other goes on when the acting one is killed, its job with it", async () => {
    const ear = await sink();
    Object.assign(
      environment,
      await jobsFile({
        ...tick(ear.url),
        long: { schedule: "* * * * * *", args: ["serve", "--port", "0"] },
      }),
    );
    const both = [await node(), await node()];
    const first = await acting(both);
    const second = both.find((program) => program !== first);
    if (second === undefined) throw new Error("there are two");
    await runsUntil(
      (runs) => ofNode(runs, first).filter(({ outcome }) => outcome === "succeeded").length >= 3,
    );
    await runsUntil((runs) => runs.length === 1, "long");
    expect(second.stdout()).not.toContain("This node runs the jobs");
    const children = await childrenOf(first);
    expect(children.length).toBeGreaterThan(0);

    first.child.kill("SIGKILL");
    await acting([second]);
    const runs = await runsUntil((all) => ofNode(all, second).length >= 3);
    expectEverySecondOnce(runs);
    // Whose runs ended as they should, but for the last one of the killed node.
    for (const { outcome } of ofNode(runs, first).slice(0, -1)) expect(outcome).toBe("succeeded");
    const longs = await runsUntil((all) => all.length === 2, "long");
    expect(longs.map(({ outcome, node: name }) => [outcome, name.endsWith(pid(second))])).toEqual([
      ["lost", false],
      [null, true],
    ]);
    // What the killed node had started is gone with it.
    while ((await processes()).some(({ id }) => children.includes(id)))
      await new Promise((resolve) => setTimeout(resolve, 50));

    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
    expect((await runsUntil(() => true, "long")).map(({ outcome }) => outcome)).toEqual(["lost", "stopped"]);
    const all = await runsUntil(() => true);
    expect(all.filter(({ outcome }) => outcome === null)).toEqual([]);
    expectHeard(ear.received.length, all);
  });

  it("go on when the server ends the session of the acting one", async () => {
    const ear = await sink();
    Object.assign(environment, await jobsFile(tick(ear.url)));
    const both = [await node(), await node()];
    const first = await acting(both);
    await runsUntil((runs) => runs.length >= 1);
    const ended = await database.rows(
      `select pg_terminate_backend(pid) as ended from pg_stat_activity
       where datname = current_database() and application_name = 'kernelboard scheduler'
       and pid in (select pid from pg_locks where locktype = 'advisory')`,
    );
    expect(ended).toEqual([{ ended: true }]);
    await first.shows(/no longer runs the scheduled jobs/);
    const before = (await runsUntil(() => true)).length;
    expectEverySecondOnce(await runsUntil((runs) => runs.length >= before + 2));
  });

  it("give each second its own run where each counts, also those of the time in which nobody acted", async () => {
    const ear = await sink();
    const each = { missed_runs: "each", at_once: 4, catch_up_seconds: 600 } as const;
    Object.assign(environment, await jobsFile({ tick: { ...tick(ear.url).tick, ...each } }));
    const both = [await node(), await node()];
    const first = await acting(both);
    const second = both.find((program) => program !== first);
    if (second === undefined) throw new Error("there are two");
    await runsUntil((runs) => ofNode(runs, first).length >= 3);
    first.child.kill("SIGKILL");
    await acting([second]);
    const runs = await runsUntil((all) => ofNode(all, second).length >= 4);
    expectEverySecondOnce(runs);
    expect(runs.filter(({ missed }) => missed > 0)).toEqual([]);
  });

  // The server takes ten seconds to notice; done with the tests of faults in full.
  it.runIf(process.env.KERNELBOARD_FAULTS === "full")(
    "do not both act when a frozen one goes on",
    async () => {
      const ear = await sink();
      Object.assign(environment, await jobsFile(tick(ear.url)));
      const both = [await node(), await node()];
      const first = await acting(both);
      const second = both.find((program) => program !== first);
      if (second === undefined) throw new Error("there are two");
      await runsUntil((runs) => runs.length >= 1);
      first.child.kill("SIGSTOP");
      await acting([second]);
      first.child.kill("SIGCONT");
      await first.shows(/no longer runs the scheduled jobs/);
      const runs = await runsUntil((all) => ofNode(all, second).length >= 3);
      expectEverySecondOnce(runs);
      expectHeard(ear.received.length, runs);
    },
  );
});

/** Processes that a program has started and that live, with what those started, by their ids. */
async function childrenOf({ child }: RunningProgram): Promise<number[]> {
  return (await processes()).filter(({ parent }) => parent === child.pid).map((process) => process.id);
}

async function processes(): Promise<{ id: number; parent: number }[]> {
  const { stdout } = await execute("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state = "Z"]) => !state.startsWith("Z"))
    .map(([id, parent]) => ({ id: Number(id), parent: Number(parent) }));
}
