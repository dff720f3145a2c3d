/**
 * kernelboard's own scheduler (chapter 08, section 6). Any number of nodes run it; the one that has the lease acts. Each
 * run is claimed on the session of the lease, by a row that can be there only once; so a node whose lease is gone cannot
 * claim any, and two that both believe to act run a job once.
 */
import type { Connection } from "../database/pool.ts";
import { errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import { createNotices } from "../notices/notices.ts";
import type { Settings } from "../settings.ts";
import { loadJobs } from "./jobs_file.ts";
import { due, nextTime, type Job } from "./job.ts";
import { pause, whenever, type Lease } from "./lease.ts";
import { nodeName, recordSession, runJob, type Runner } from "./run_job.ts";
import { lastScheduled, recordMissed } from "./runs.ts";

/** The clock is looked at this often at least: it may be set, and the machine may sleep. */
const LONGEST_PAUSE_MS = 5000;
/** Timers may ring a little early. */
const TIMER_SLACK_MS = 2;
/** For notices that are on their way when the scheduler stops. */
const LAST_NOTICES_MS = 3000;

export interface SchedulerOptions {
  settings: Settings;
  connection: Connection;
  log: Log;
  /** Stops the scheduler: jobs that run are asked to end, and are killed after a few seconds. */
  signal: AbortSignal;
  /** Called whenever this node begins to act. */
  onActing?: () => void;
}

/**
 * Schedules until the signal. The database may be away at any time.
 *
 * @throws JobsFileError at once, when the jobs file cannot be used
 */
export async function startScheduler(options: SchedulerOptions): Promise<void> {
  const { settings, connection, log, signal } = options;
  const jobs = loadJobs(settings.schedule);
  const notices = createNotices(settings, log);
  const records = recordSession(connection, log);
  const runner: Runner = { settings, connection, log, records, node: nodeName(), notices };
  log.info({ jobs: jobs.length, node: runner.node }, "scheduler started");
  const running = new Map<string, Promise<void>>();
  try {
    await whenever({ connection, log, name: "kernelboard scheduler", signal }, "scheduler", async (lease) => {
      log.info({ node: runner.node }, "this node runs the scheduled jobs");
      options.onActing?.();
      try {
        await act(runner, lease, jobs, running);
      } finally {
        // Nothing is begun any more; what runs was told by the lease's signal.
        if (!signal.aborted) log.warn("this node no longer runs the scheduled jobs");
        await Promise.all(running.values());
      }
    });
  } finally {
    await records.close();
    await notices.close(LAST_NOTICES_MS);
  }
}

async function act(
  runner: Runner,
  lease: Lease,
  jobs: readonly Job[],
  running: Map<string, Promise<void>>,
): Promise<void> {
  const handled = new Map<string, Date>();
  const began = new Date();
  // A job without a record is new: nothing of it was missed.
  for (const { name } of jobs) handled.set(name, (await lastScheduled(lease.client, name)) ?? began);
  while (!lease.signal.aborted) {
    const now = new Date();
    for (const job of jobs) {
      if (running.has(job.name)) continue;
      const last = handled.get(job.name) ?? began;
      const isDue = due(job, last, now);
      if (isDue === undefined) continue;
      handled.set(job.name, isDue.scheduledFor);
      const ended = begin(runner, lease, job, isDue)
        .then((wasHandled) => {
          // Somebody else runs the job right now: the time counts as missed.
          if (!wasHandled) handled.set(job.name, last);
        })
        .finally(() => running.delete(job.name));
      running.set(job.name, ended);
    }
    await pause(untilNext(jobs, now), lease.signal);
  }
}

/** Runs a job, or records that it is too late for it. Never throws. @returns whether the time is accounted for */
async function begin(
  runner: Runner,
  lease: Lease,
  job: Job,
  { scheduledFor, missed, isTooLate }: { scheduledFor: Date; missed: number; isTooLate: boolean },
): Promise<boolean> {
  const { log, node } = runner;
  try {
    if (isTooLate) {
      const claim = { job: job.name, scheduledFor, startedBy: "schedule" as const, missed, node };
      if (await recordMissed(lease.client, claim))
        log.warn({ job: job.name, scheduledFor, missed }, "a run was missed, and it is too late for it");
      return true;
    }
    const result = await runJob(runner, lease, { job, scheduledFor, startedBy: "schedule", missed });
    if (result === "running") log.warn({ job: job.name, scheduledFor }, "the job still runs elsewhere");
    return result !== "running";
  } catch (error) {
    log.warn({ job: job.name, scheduledFor, error: errorMessage(error) }, "a run could not be claimed");
    return false;
  }
}

function untilNext(jobs: readonly Job[], now: Date): number {
  const times = jobs.map((job) => nextTime(job, now)?.getTime() ?? Infinity);
  const wait = Math.min(...times) - Date.now() + TIMER_SLACK_MS;
  return Math.max(0, Math.min(wait, LONGEST_PAUSE_MS));
}
