/** `kernelboard jobs`: the scheduled jobs, running one by hand, and what became of their runs (chapter 08, section 6). */
import { Command } from "commander";
import { isMigrated } from "../database/migrate.ts";
import type { Pool } from "../database/pool.ts";
import type { Job } from "../schedule/job.ts";
import type { Run } from "../schedule/runs.ts";
import { wholeNumber } from "./arguments.ts";
import { commandNamed } from "./commands.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";
import { failUnlessDone, runOneJob } from "./run_one_job.ts";
import { tableText } from "./table_text.ts";

interface JsonOption {
  json?: boolean;
}

/** Runs that may be shown at once; more are not kept of one job. */
const MOST_SHOWN = 1000;

async function jobsOf({ settings }: Context): Promise<Job[]> {
  // Loaded here, so that other commands start without it.
  const { loadJobs } = await import("../schedule/jobs_file.ts");
  return loadJobs(settings.schedule);
}

function withRuns<T>(context: Context, work: (pool: Pool) => Promise<T>): Promise<T> {
  return withDatabase(context, async ({ pool }) => {
    if (!(await isMigrated(pool)))
      throw new CommandError("the database's tables are not up to date; run 'kernelboard migrate' first");
    return work(pool);
  });
}

async function list(context: Context, { json }: JsonOption): Promise<void> {
  const { nextTime } = await import("../schedule/job.ts");
  const { runHistory } = await import("../schedule/runs.ts");
  const jobs = await jobsOf(context);
  const now = new Date();
  const rows = await withRuns(context, (pool) =>
    Promise.all(
      jobs.map(async (job) => ({
        job,
        next: nextTime(job, now),
        last: (await runHistory(pool, 1, job.name))[0],
        isAvailable: commandNamed(job.args[0] ?? "") !== undefined,
      })),
    ),
  );
  if (json) {
    const shown = rows.map(({ job, next, last, isAvailable }) => ({
      name: job.name,
      schedule: job.schedule,
      args: job.args,
      timeout_seconds: job.timeoutSeconds,
      catch_up_seconds: job.catchUpSeconds,
      missed_runs: job.missedRuns,
      at_once: job.atOnce,
      available: isAvailable,
      next: next?.toISOString() ?? null,
      last: last === undefined ? null : runJson(last),
    }));
    console.log(JSON.stringify(shown, null, 2));
    return;
  }
  if (context.settings.schedule.skip) console.log("SKIP_CRONJOBS is set: there are no jobs.");
  for (const { job, next, last, isAvailable } of rows) {
    console.log(`${job.name}  ${job.schedule}  next ${timeText(next)}`);
    console.log(`  ${job.args.join(" ")}`);
    if (!isAvailable) console.log(`  unavailable: this version has no command '${job.args[0] ?? ""}' yet`);
    if (last !== undefined)
      console.log(
        `  last ${timeText(last.startedAt)}: ${last.finishedAt === null ? "running" : last.outcome}`,
      );
  }
}

async function history(
  context: Context,
  name: string | undefined,
  { json, limit }: JsonOption & { limit: number },
): Promise<void> {
  const { runHistory } = await import("../schedule/runs.ts");
  const runs = await withRuns(context, (pool) => runHistory(pool, limit, name));
  if (json) {
    console.log(JSON.stringify(runs.map(runJson), null, 2));
    return;
  }
  if (runs.length === 0) {
    console.log("No runs are recorded.");
    return;
  }
  console.log(
    tableText(
      ["job", "scheduled for", "started", "seconds", "outcome", "exit code", "missed", "by", "node"],
      runs.map((run) => [
        run.job,
        timeText(run.scheduledFor),
        timeText(run.startedAt),
        run.seconds.toFixed(1),
        run.finishedAt === null ? "running" : run.outcome,
        run.exitCode ?? "",
        run.missed,
        run.startedBy,
        run.node,
      ]),
    ),
  );
  for (const { job, outcome, output, scheduledFor } of runs) {
    if ((outcome !== "failed" && outcome !== "timed out") || output === "") continue;
    console.log(`\n${job}, ${timeText(scheduledFor)}:\n${output.replace(/^/gm, "  ")}`);
  }
}

function runJson(run: Run): Record<string, unknown> {
  return {
    job: run.job,
    scheduled_for: run.scheduledFor.toISOString(),
    started_by: run.startedBy,
    started_at: run.startedAt.toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
    seconds: run.seconds,
    outcome: run.finishedAt === null ? "running" : run.outcome,
    exit_code: run.exitCode,
    missed: run.missed,
    node: run.node,
    output: run.output,
  };
}

function timeText(time: Date | null): string {
  return time === null ? "never" : time.toISOString().slice(0, 19).replace("T", " ");
}

async function run(context: Context, name: string, { json }: JsonOption): Promise<void> {
  const jobs = await jobsOf(context);
  const job = jobs.find((one) => one.name === name);
  if (job === undefined)
    throw new CommandError(
      `there is no job '${name.slice(0, 200)}'; there are: ${jobs.map((one) => one.name).join(", ") || "none"}`,
    );
  const started = Date.now();
  const result = await runOneJob(context, {
    job,
    scheduledFor: new Date(started),
    startedBy: "manual",
    onOutput: (chunk) => {
      (json ? process.stderr : process.stdout).write(chunk);
    },
  });
  if (result === undefined) throw new CommandError(`job ${name} was started by somebody else just now`);
  if (json) {
    const { outcome, exitCode, output } = result;
    const seconds = (Date.now() - started) / 1000;
    console.log(JSON.stringify({ job: name, outcome, exit_code: exitCode, seconds, output }, null, 2));
  }
  failUnlessDone(job, result);
}

export function jobsCommand(): Command {
  const listing = new Command("list")
    .summary("list the jobs, when they are due, and how they last went")
    .description(
      "Lists the scheduled jobs with their times in UTC, the next run, and how the last one ended.",
    )
    .option("--json", "print a JSON array")
    .addHelpText("after", "\nExamples:\n  kernelboard jobs list\n  kernelboard jobs list --json")
    .action((options: JsonOption) => runCommand((context) => list(context, options)));
  const running = new Command("run")
    .summary("run a job now")
    .description(
      "Runs a job in the foreground, recorded as every run is. Exit code 1 when it fails, or when it runs already\n" +
        "somewhere.",
    )
    .argument("<name>", "name of the job, as `jobs list` shows it")
    .option("--json", "print how it ended as JSON, its output on standard error")
    .addHelpText("after", "\nExamples:\n  kernelboard jobs run update_hardware_registry")
    .action((name: string, options: JsonOption) => runCommand((context) => run(context, name, options)));
  const past = new Command("history")
    .summary("show the last runs")
    .description(
      "Shows the last runs of all jobs, or of one: when, how long, how they ended, on which node, and what failed ones\n" +
        "printed last. The last 500 of each job are kept.",
    )
    .argument("[name]", "only runs of this job")
    .option("--limit <n>", "how many", wholeNumber(1, MOST_SHOWN), 20)
    .option("--json", "print a JSON array")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard jobs history\n  kernelboard jobs history warm_metrics_cache --limit 5 --json",
    )
    .action((name: string | undefined, options: JsonOption & { limit: number }) =>
      runCommand((context) => history(context, name, options)),
    );
  return new Command("jobs")
    .summary("the scheduled jobs, and what became of their runs")
    .description("The scheduled jobs: list them, run one, show what became of their runs.")
    .addHelpText("after", "\nExamples:\n  kernelboard jobs list\n  kernelboard jobs history")
    .addCommand(listing)
    .addCommand(running)
    .addCommand(past);
}
