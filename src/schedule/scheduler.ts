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
import { due, nextTime, type Due, type Job } from "./job.ts";
import type { ScheduleObserver } from "./observer.ts";
import { pause, whenever, type Lease } from "./lease.ts";
import { claimJob, nodeName, recordSession, runClaimed, settleLost, type Runner } from "./run_job.ts";
import { jobRecords, lastScheduled, recordPassed } from "./runs.ts";

/** The clock is looked at this often at least: it may be set, and the machine may sleep. */
const LONGEST_PAUSE_MS = 5000;
/** How often an observer is told what is recorded; runs by hand are there too. */
const RECORDS_MS = 60_000;
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
  observer?: ScheduleObserver;
}

/** What runs of each job on this node, by slot; it outlives the right to act. */
type Running = Map<string, Map<number, Promise<unknown>>>;

/**
 * Schedules until the signal. The database may be away at any time.
 *
 * @throws JobsFileError at once, when the jobs file cannot be used
 */
export async function startScheduler(options: SchedulerOptions): Promise<void> {
  const { settings, connection, log, signal, observer } = options;
  const jobs = loadJobs(settings.schedule);
  const notices = createNotices(settings, log);
  const records = recordSession(connection, log);
  const watched = observer === undefined ? {} : { observer };
  const runner: Runner = { settings, connection, log, records, node: nodeName(), notices, ...watched };
  observer?.onJobs(jobs);
  log.info({ jobs: jobs.length, node: runner.node }, "scheduler started");
  const running: Running = new Map(jobs.map(({ name }) => [name, new Map<number, Promise<unknown>>()]));
  try {
    await whenever({ connection, log, name: "kernelboard scheduler", signal }, "scheduler", async (lease) => {
      log.info({ node: runner.node }, "this node runs the scheduled jobs");
      options.onActing?.();
      observer?.onActing(true);
      try {
        await new Acting(runner, lease, jobs, running).act();
      } finally {
        observer?.onActing(false);
        // Nothing is begun any more; what runs was told by the lease's signal.
        if (!signal.aborted) log.warn("this node no longer runs the scheduled jobs");
        await Promise.all([...running.values()].flatMap((slots) => [...slots.values()]));
      }
    });
  } finally {
    await records.close();
    await notices.close(LAST_NOTICES_MS);
  }
}

/** A node while it has the right to act. */
class Acting {
  readonly #runner: Runner;
  readonly #lease: Lease;
  readonly #jobs: readonly Job[];
  readonly #running: Running;
  /** Up to which time of its schedule each job was looked after. */
  readonly #handled = new Map<string, Date>();
  #recordsToldAt = -Infinity;
  /** Called when a run has ended: another one may be waiting for it. */
  #wake: () => void = () => undefined;

  constructor(runner: Runner, lease: Lease, jobs: readonly Job[], running: Running) {
    this.#runner = runner;
    this.#lease = lease;
    this.#jobs = jobs;
    this.#running = running;
  }

  /** Until the lease is lost. */
  async act(): Promise<void> {
    const { client, signal } = this.#lease;
    const began = new Date();
    // A job without a record is new: nothing of it was missed.
    for (const { name } of this.#jobs) this.#handled.set(name, (await lastScheduled(client, name)) ?? began);
    await settleLost(this.#runner, this.#lease);
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const now = new Date();
      for (const job of this.#jobs) await this.#look(job, now);
      await this.#tellRecords();
      await Promise.race([woken, pause(untilNext(this.#jobs, now), signal)]);
    }
  }

  async #tellRecords(): Promise<void> {
    const { observer } = this.#runner;
    if (observer === undefined || performance.now() - this.#recordsToldAt < RECORDS_MS) return;
    this.#recordsToldAt = performance.now();
    const names = this.#jobs.map(({ name }) => name);
    observer.onRecords(await jobRecords(this.#lease.client, names));
  }

  /** Deals with the times of a job that have come, one after the other, until one has to wait. */
  async #look(job: Job, now: Date): Promise<void> {
    const { signal } = this.#lease;
    while (!signal.aborted) {
      const last = this.#handled.get(job.name);
      const isDue = last === undefined ? undefined : due(job, last, now);
      if (isDue === undefined || !(await this.#deal(job, isDue))) return;
      this.#handled.set(job.name, isDue.scheduledFor);
    }
  }

  /** Begins a run, or records that there is none. Never throws. @returns whether the time is accounted for */
  async #deal(job: Job, { scheduledFor, missed, isTooLate }: Due): Promise<boolean> {
    const { log } = this.#runner;
    try {
      if (isTooLate) return await this.#passBy(job, scheduledFor, missed, "missed");
      const slots = this.#running.get(job.name) ?? new Map<number, Promise<unknown>>();
      const isFull = slots.size >= job.atOnce;
      const request = { job, scheduledFor, startedBy: "schedule" as const, missed };
      const held = new Set(slots.keys());
      const claim = isFull ? "running" : await claimJob(this.#runner, this.#lease, request, held);
      if (claim === "taken") return true;
      if (claim === "running") {
        if (job.missedRuns === "skip") return await this.#passBy(job, scheduledFor, missed, "skipped");
        if (!isFull) log.warn({ job: job.name, scheduledFor }, "the job still runs elsewhere");
        return false;
      }
      const ended = runClaimed(this.#runner, this.#lease, job, claim).finally(() => {
        slots.delete(claim.slot);
        this.#wake();
      });
      slots.set(claim.slot, ended);
      return true;
    } catch (error) {
      log.warn({ job: job.name, scheduledFor, error: errorMessage(error) }, "a run could not be claimed");
      return false;
    }
  }

  async #passBy(
    { name }: Job,
    scheduledFor: Date,
    missed: number,
    outcome: "missed" | "skipped",
  ): Promise<true> {
    const { log, node, observer } = this.#runner;
    const claim = { job: name, scheduledFor, startedBy: "schedule" as const, missed, node };
    if (!(await recordPassed(this.#lease.client, claim, outcome))) return true;
    observer?.onEnded(name, outcome);
    log.warn(
      { job: name, scheduledFor, missed },
      outcome === "missed"
        ? "a run was missed, and it is too late for it"
        : "a run was skipped, because the job still runs",
    );
    return true;
  }
}

function untilNext(jobs: readonly Job[], now: Date): number {
  const times = jobs.map((job) => nextTime(job, now)?.getTime() ?? Infinity);
  const wait = Math.min(...times) - Date.now() + TIMER_SLACK_MS;
  return Math.max(0, Math.min(wait, LONGEST_PAUSE_MS));
}
