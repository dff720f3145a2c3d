/** What a scheduled job is, and when it is due. Times are UTC. */
import { createHash } from "node:crypto";
import { Cron } from "croner";

/**
 * What becomes of times of the schedule that passed while nobody acted or the job still ran. newest: one run for all of
 * them; each: a run for each, in their order; skip: those that came while the job ran have no run.
 */
export const MISSED_RUNS = ["newest", "each", "skip"] as const;
export type MissedRuns = (typeof MISSED_RUNS)[number];

/** Of this program's own commands one that is run at the times of a pattern. */
export interface Job {
  name: string;
  /** Five fields of cron, or six of which the first is the second. */
  schedule: string;
  /** The command's name and what follows it. */
  args: string[];
  /** After this time the command is ended. */
  timeoutSeconds: number;
  /** How late a run may begin for which nobody was there at its time; what is later is skipped. */
  catchUpSeconds: number;
  missedRuns: MissedRuns;
  /** How many runs of the job may go on at the same time. */
  atOnce: number;
}

/** More than this many missed times are not counted any further. */
const MOST_COUNTED = 10_000;

/** A pattern that was compiled; each job has few and each node few jobs. */
const compiled = new Map<string, Cron>();

/** @throws Error when it is no pattern */
export function pattern(schedule: string): Cron {
  let cron = compiled.get(schedule);
  if (cron === undefined) {
    cron = new Cron(schedule, { timezone: "UTC", paused: true });
    compiled.set(schedule, cron);
  }
  return cron;
}

/** The next time of the schedule after a time; null when there is none any more. */
export function nextTime({ schedule }: Job, after: Date): Date | null {
  return pattern(schedule).nextRun(after);
}

export interface Due {
  /** The time of the schedule that is to be dealt with: the newest that has come; where each counts, the oldest. */
  scheduledFor: Date;
  /** Times of the schedule before it since `last`. */
  missed: number;
  /** Whether it is too late for it. */
  isTooLate: boolean;
}

/**
 * What is to be done of a job now. Of several times that have come since `last` only the newest counts, or each in turn;
 * of those that it is too late for, always the newest, with the number of those before it.
 *
 * @param last the time of the schedule up to which everything was done or left out
 */
export function due(job: Job, last: Date, now: Date): Due | undefined {
  const cron = pattern(job.schedule);
  const oldest = cron.nextRun(last);
  if (oldest === null || oldest.getTime() > now.getTime()) return undefined;
  const latest = now.getTime() - job.catchUpSeconds * 1000;
  if (job.missedRuns === "each" && oldest.getTime() >= latest)
    return { scheduledFor: oldest, missed: 0, isTooLate: false };
  const until = job.missedRuns === "each" ? latest - 1 : now.getTime();
  // Times before a time do not include it.
  const newest = cron.previousRuns(1, new Date(until + 1))[0] ?? oldest;
  const isTooLate = newest.getTime() < latest;
  return { scheduledFor: newest, missed: countBetween(cron, oldest, newest), isTooLate };
}

/** Times of a pattern from one of them until before another. */
function countBetween(cron: Cron, from: Date, to: Date): number {
  let count = 0;
  for (let time: Date | null = from; time !== null && time < to && count < MOST_COUNTED; count++)
    time = cron.nextRun(time);
  return count;
}

/** Names a job in the system's crontab: the same as long as schedule and command are the same. */
export function jobHash({ schedule, args }: Job): string {
  return createHash("sha256")
    .update(JSON.stringify([schedule, args]))
    .digest("hex")
    .slice(0, 32);
}

/** A job as one line for people. */
export function jobText({ name, schedule, args }: Job): string {
  return `${name}: ${schedule} ${args.join(" ")}`;
}
