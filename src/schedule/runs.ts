/** The record of runs, table `job_runs`: claiming a run, finishing it, the history (chapter 08, section 6). */
import type pg from "pg";
import type { Client, Pool } from "../database/pool.ts";
import type { JobRecord } from "./observer.ts";

export type StartedBy = "schedule" | "crontab" | "manual";

/**
 * How a run ended. unavailable: this version does not have the command; stopped: the scheduler was; lost: whoever ran it
 * is gone; missed: its time had come, but nobody was there until it was too late; skipped: its time came while the job
 * still ran, and the job says that it is left out then.
 */
export const OUTCOMES = [
  "succeeded",
  "failed",
  "timed out",
  "unavailable",
  "stopped",
  "lost",
  "missed",
  "skipped",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Result {
  outcome: Outcome;
  exitCode: number | null;
  /** The end of what was printed. */
  output: string;
}

export interface Claim {
  job: string;
  scheduledFor: Date;
  startedBy: StartedBy;
  missed: number;
  node: string;
  /** Which of the runs that a job may have at once it is, from 0. */
  slot: number;
}

export interface Run extends Result {
  job: string;
  scheduledFor: Date;
  startedBy: StartedBy;
  missed: number;
  node: string;
  startedAt: Date;
  finishedAt: Date | null;
  /** Seconds from start to end, or until now. */
  seconds: number;
}

/** Runs that are kept of each job. */
const KEPT_RUNS = 500;

/** Claims a run. @returns false when somebody has it */
export async function claimRun(client: pg.Client, claim: Claim): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into job_runs (job, scheduled_for, started_by, missed, node, slot, started_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp())
     on conflict (job, scheduled_for) do nothing`,
    [claim.job, claim.scheduledFor, claim.startedBy, claim.missed, claim.node, claim.slot],
  );
  return rowCount === 1;
}

/** Records that a time of the schedule goes by without a run. @returns false when somebody has it */
export async function recordPassed(
  client: pg.Client,
  claim: Omit<Claim, "slot">,
  outcome: "missed" | "skipped",
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into job_runs (job, scheduled_for, started_by, missed, node, started_at, finished_at, outcome)
     values ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp(), $6)
     on conflict (job, scheduled_for) do nothing`,
    [claim.job, claim.scheduledFor, claim.startedBy, claim.missed, claim.node, outcome],
  );
  return rowCount === 1;
}

/** Records how a run ended, and drops the oldest ones of its job. */
export async function finishRun(
  client: Client,
  { job, scheduledFor }: Pick<Claim, "job" | "scheduledFor">,
  { outcome, exitCode, output }: Result,
): Promise<void> {
  // Whoever took the job over may have called the run lost; what we know is better.
  await client.query(
    `update job_runs set finished_at = clock_timestamp(), outcome = $3, exit_code = $4, output = $5
     where job = $1 and scheduled_for = $2 and (outcome is null or outcome = 'lost')`,
    [job, scheduledFor, outcome, exitCode, output],
  );
  // primary key, backwards over the rows that are kept
  await client.query(
    `delete from job_runs where job = $1 and outcome is not null and scheduled_for < (
       select scheduled_for from job_runs where job = $1 order by scheduled_for desc offset $2 limit 1)`,
    [job, KEPT_RUNS - 1],
  );
}

/** Slots in which a run is recorded as going on. index job_runs_running */
export async function unfinishedSlots(client: pg.Client): Promise<{ job: string; slot: number }[]> {
  const { rows } = await client.query<{ job: string; slot: number }>(
    "select distinct job, slot from job_runs where outcome is null",
  );
  return rows;
}

/**
 * Runs of a slot that nobody can be running, because the caller has the slot's lock. index job_runs_running
 *
 * @returns the times that they were scheduled for
 */
export async function markLost(client: pg.Client, job: string, slot: number): Promise<Date[]> {
  const { rows } = await client.query<{ scheduled_for: Date }>(
    `update job_runs set finished_at = clock_timestamp(), outcome = 'lost'
     where job = $1 and slot = $2 and outcome is null returning scheduled_for`,
    [job, slot],
  );
  return rows.map(({ scheduled_for }) => scheduled_for);
}

/** Up to which time of its schedule a job was looked after; undefined when there is no record. */
export async function lastScheduled(client: pg.Client, job: string): Promise<Date | undefined> {
  // primary key, backwards; runs by hand are few
  const { rows } = await client.query<{ scheduled_for: Date }>(
    `select scheduled_for from job_runs where job = $1 and started_by <> 'manual'
     order by scheduled_for desc limit 1`,
    [job],
  );
  return rows[0]?.scheduled_for;
}

/** What is recorded of jobs: of each at most `KEPT_RUNS` rows are looked at. Jobs without a row are left out. primary key */
export async function jobRecords(client: pg.Client, jobs: readonly string[]): Promise<JobRecord[]> {
  const { rows } = await client.query<JobRecord>(
    `select job, max(finished_at) filter (where outcome = 'succeeded') as "lastSuccess", min(started_at) as since,
       (array_agg(outcome order by scheduled_for desc) filter (where outcome is not null))[1] as "lastOutcome"
     from job_runs where job = any($1) group by job`,
    [jobs],
  );
  return rows;
}

/** The newest runs, of all jobs or of one. */
export async function runHistory(pool: Pool, limit: number, job?: string): Promise<Run[]> {
  const columns = `job, scheduled_for as "scheduledFor", started_by as "startedBy", missed, node,
    started_at as "startedAt", finished_at as "finishedAt", outcome, exit_code as "exitCode", output,
    extract(epoch from coalesce(finished_at, clock_timestamp()) - started_at)::float8 as seconds`;
  // index job_runs_started_at, or the primary key
  const { rows } = await (job === undefined
    ? pool.query<Run>(`select ${columns} from job_runs order by started_at desc limit $1`, [limit])
    : pool.query<Run>(`select ${columns} from job_runs where job = $1 order by scheduled_for desc limit $2`, [
        job,
        limit,
      ]));
  return rows;
}
