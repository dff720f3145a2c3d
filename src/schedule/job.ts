/** What a scheduled job is, and when it is due. Times are UTC. */
import { createHash } from "node:crypto";
import { Cron } from "croner";

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
  /** The newest time of the schedule that has come. */
  scheduledFor: Date;
  /** Times of the schedule before it since `last`. */
  missed: number;
  /** Whether it is too late for it. */
  isTooLate: boolean;
}

/**
 * What is to be done of a job now: of several times that have come since `last` only the newest counts.
 *
 * @param last the time of the schedule up to which everything was done or left out
 */
export function due(job: Job, last: Date, now: Date): Due | undefined {
  const cron = pattern(job.schedule);
  // Times before a time do not include it.
  const newest = cron.previousRuns(1, new Date(now.getTime() + 1))[0];
  if (newest === undefined || newest.getTime() <= last.getTime()) return undefined;
  let missed = 0;
  let time = cron.nextRun(last);
  while (time !== null && time.getTime() < newest.getTime() && missed < MOST_COUNTED) {
    missed++;
    time = cron.nextRun(time);
  }
  const isTooLate = now.getTime() - newest.getTime() > job.catchUpSeconds * 1000;
  return { scheduledFor: newest, missed, isTooLate };
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
