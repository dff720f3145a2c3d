/** One run of a job: claimed, run, recorded, and told when it failed. */
import { hostname } from "node:os";
import type { Connection } from "../database/pool.ts";
import { Session } from "../database/session.ts";
import type { Log } from "../log.ts";
import type { Notices } from "../notices/notices.ts";
import { errorMessage } from "../database/errors.ts";
import type { Settings } from "../settings.ts";
import { runChild } from "./child.ts";
import type { Job } from "./job.ts";
import type { ScheduleObserver } from "./observer.ts";
import { tryLock, unlock, type Lease } from "./lease.ts";
import {
  claimRun,
  finishRun,
  markLost,
  unfinishedSlots,
  type Claim,
  type Result,
  type StartedBy,
} from "./runs.ts";

/** How long the record of a run that is over is tried to be written. */
const RECORD_FOR_MS = 60_000;

export interface Runner {
  settings: Settings;
  connection: Connection;
  log: Log;
  /** Writes how runs ended, also when the lease under which they began is lost. */
  records: Session;
  /** This process, as the record of runs names it. */
  node: string;
  observer?: ScheduleObserver;
  /** Who is told of failed runs. */
  notices?: Notices;
  /** Gets the output of jobs as it comes. */
  onOutput?: (chunk: Buffer) => void;
  /** The program whose commands jobs are; this one when absent. */
  program?: string;
}

export interface RunRequest {
  job: Job;
  scheduledFor: Date;
  startedBy: StartedBy;
  missed: number;
}

/** This process, as the record of runs names it. */
export function nodeName(): string {
  return `${hostname()}:${process.pid}`;
}

export function recordSession(connection: Connection, log: Log): Session {
  return new Session({
    connection,
    log,
    name: "kernelboard job records",
    prepare: () => Promise.resolve(),
    giveUpAfterMs: RECORD_FOR_MS,
  });
}

/** The lock of a slot. Whoever has it runs the job in that slot, or sees to it that nobody does. */
export function slotLock(job: string, slot: number): string {
  return slot === 0 ? `job ${job}` : `job ${job} ${slot}`;
}

/**
 * Runs a job if this process gets it.
 *
 * @returns how it ended; "running" when the job runs as often as it may, "taken" when this run of it was or is somebody's
 * @throws the database's error when it cannot be claimed; then it was not run
 */
export async function runJob(
  runner: Runner,
  lease: Lease,
  request: RunRequest,
): Promise<Result | "running" | "taken"> {
  const claim = await claimJob(runner, lease, request);
  return typeof claim === "string" ? claim : runClaimed(runner, lease, request.job, claim);
}

/**
 * Claims a run and a slot for it.
 *
 * @param held slots that this session has already, whose locks it would get again
 * @throws the database's error when it cannot be claimed
 */
export async function claimJob(
  runner: Runner,
  { client }: Lease,
  { job, scheduledFor, startedBy, missed }: RunRequest,
  held: ReadonlySet<number> = new Set(),
): Promise<Claim | "running" | "taken"> {
  for (let slot = 0; slot < job.atOnce; slot++) {
    if (held.has(slot) || !(await tryLock(client, slotLock(job.name, slot)))) continue;
    let isClaimed = false;
    try {
      await tellLost(runner, client, job.name, slot);
      const claim = { job: job.name, scheduledFor, startedBy, missed, node: runner.node, slot };
      isClaimed = await claimRun(client, claim);
      return isClaimed ? claim : "taken";
    } finally {
      if (!isClaimed) await unlock(client, slotLock(job.name, slot)).catch(() => undefined);
    }
  }
  return "running";
}

/** Runs of slots that nobody has any more are called lost. */
export async function settleLost(runner: Runner, { client }: Lease): Promise<void> {
  for (const { job, slot } of await unfinishedSlots(client)) {
    if (!(await tryLock(client, slotLock(job, slot)))) continue;
    try {
      await tellLost(runner, client, job, slot);
    } finally {
      await unlock(client, slotLock(job, slot)).catch(() => undefined);
    }
  }
}

async function tellLost(
  { log, observer }: Runner,
  client: Lease["client"],
  job: string,
  slot: number,
): Promise<void> {
  for (const scheduledFor of await markLost(client, job, slot)) {
    log.error({ job, scheduledFor }, "whoever ran the job is gone");
    observer?.onEnded(job, "lost");
  }
}

/** Does a claimed run, and gives its slot back. Never throws. */
export async function runClaimed(
  runner: Runner,
  { client, signal }: Lease,
  job: Job,
  claim: Claim,
): Promise<Result> {
  try {
    return await runAndRecord(runner, signal, job, claim);
  } finally {
    await unlock(client, slotLock(job.name, claim.slot)).catch(() => undefined);
  }
}

async function runAndRecord(runner: Runner, signal: AbortSignal, job: Job, claim: Claim): Promise<Result> {
  const { log, records, notices, onOutput, program } = runner;
  const { name, args, timeoutSeconds } = job;
  const started = Date.now();
  log.info({ job: name, scheduledFor: claim.scheduledFor, missed: claim.missed }, "job started");
  const result = await runChild({
    args,
    timeoutSeconds,
    signal,
    environment: databaseEnvironment(runner),
    ...(onOutput === undefined ? {} : { onOutput }),
    ...(program === undefined ? {} : { program }),
  });
  const { outcome, exitCode, output } = result;
  const seconds = Math.round((Date.now() - started) / 100) / 10;
  runner.observer?.onEnded(name, outcome, seconds);
  const isWrong = outcome === "failed" || outcome === "timed out";
  if (isWrong) log.error({ job: name, outcome, exitCode, seconds, output }, "job failed");
  else log.info({ job: name, outcome, seconds }, "job ended");
  try {
    await records.run((client) => finishRun(client, claim, result));
  } catch (error) {
    log.error({ job: name, outcome, error: errorMessage(error) }, "how the job ended could not be recorded");
  }
  if (isWrong)
    notices?.report({
      kind: "job",
      title: `Job ${name} ${outcome}${exitCode === null ? "" : ` with exit code ${exitCode}`}`,
      reason: output,
      about: [
        ["Command", args.join(" ")],
        ["Scheduled for", claim.scheduledFor.toISOString()],
        ["Node", claim.node],
      ],
    });
  return result;
}

/** A command that would start the embedded database anew is told where this process has it running. */
function databaseEnvironment({ settings, connection }: Runner): Record<string, string | undefined> {
  if (settings.database.kind === "external") return {};
  const { host, port, database, user, password } = connection;
  return {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_NAME: database,
    DB_USER: user,
    DB_PASSWORD: password,
    DB_PASSWORD_FILE: undefined,
    DB_DEFAULT: undefined,
  };
}
