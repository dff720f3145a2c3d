/** What a scheduler tells of itself to whoever watches it; metrics, in practice. */
import type { Job } from "./job.ts";
import type { Outcome } from "./runs.ts";

/** What the record of runs says of a job. */
export interface JobRecord {
  job: string;
  /** When its last good run ended. */
  lastSuccess: Date | null;
  /** When the oldest run that is kept began. */
  since: Date;
  /** How the newest run that has ended did. */
  lastOutcome: Outcome | null;
}

export interface ScheduleObserver {
  /** The jobs that there are; once, before all else. */
  onJobs: (jobs: readonly Job[]) => void;
  /** This node begins or ceases to act. */
  onActing: (isActing: boolean) => void;
  /** What is recorded of all jobs, by whatever node; now and then while this one acts. */
  onRecords: (records: readonly JobRecord[]) => void;
  /** A time of the schedule has its end. Seconds are those of a run; none where there was none, or nobody knows. */
  onEnded: (job: string, outcome: Outcome, seconds?: number) => void;
}
