/**
 * The metrics of the scheduler. What became of runs is counted where they are run; what is recorded of jobs is shown by the
 * node that acts, so that it is there once. The label is `job_name`, because scrapers have a label `job` of their own.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { nextTime, type Job } from "../schedule/job.ts";
import type { JobRecord, ScheduleObserver } from "../schedule/observer.ts";
import { OUTCOMES } from "../schedule/runs.ts";

const RUN_SECONDS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 21_600];
const SECOND_MS = 1000;

/** Adds them to a registry. */
export function createScheduleMetrics(registry: Registry): ScheduleObserver {
  const registers = [registry];
  const labelNames = ["job_name"];
  const acting = new Gauge({
    name: "kernelboard_scheduler_acting",
    help: "1 where this node runs the scheduled jobs, 0 where it waits to",
    registers,
  });
  const runs = new Counter({
    name: "kernelboard_job_runs_total",
    help: "Times of the schedule by what became of them",
    labelNames: ["job_name", "outcome"],
    registers,
  });
  const seconds = new Histogram({
    name: "kernelboard_job_duration_seconds",
    help: "Time of a run, whatever its outcome",
    labelNames,
    buckets: RUN_SECONDS,
    registers,
  });
  const lastSuccess = new Gauge({
    name: "kernelboard_job_last_success_timestamp_seconds",
    help: "When the last good run of a job ended, on whatever node; of the node that acts",
    labelNames,
    registers,
  });
  const due = new Gauge({
    name: "kernelboard_job_success_due_timestamp_seconds",
    help: "When the next good run of a job has to have ended, by its schedule, time limit and allowed lateness; of the node that acts",
    labelNames,
    registers,
  });
  let jobs: readonly Job[] = [];
  let actingSince = new Date();

  const succeeded = (job: Job, at: Date): void => {
    lastSuccess.set({ job_name: job.name }, at.getTime() / SECOND_MS);
    expectAfter(job, at);
  };
  const expectAfter = (job: Job, at: Date): void => {
    const next = nextTime(job, at);
    if (next === null) due.remove(job.name);
    else
      due.set({ job_name: job.name }, next.getTime() / SECOND_MS + job.catchUpSeconds + job.timeoutSeconds);
  };
  const showRecord = (job: Job, record: JobRecord | undefined): void => {
    if (record?.lastSuccess) succeeded(job, record.lastSuccess);
    else expectAfter(job, record?.since ?? actingSince);
    // Nothing is expected of a command that this version does not have.
    if (record?.lastOutcome === "unavailable") due.remove(job.name);
  };

  acting.set(0);
  return {
    onJobs: (all) => {
      jobs = all;
      for (const { name } of jobs) {
        // So that the first failure is an increase.
        for (const outcome of OUTCOMES) runs.inc({ job_name: name, outcome }, 0);
        seconds.zero({ job_name: name });
      }
    },
    onActing: (isActing) => {
      acting.set(isActing ? 1 : 0);
      actingSince = new Date();
      lastSuccess.reset();
      due.reset();
    },
    onRecords: (records) => {
      const byName = new Map(records.map((record) => [record.job, record]));
      for (const job of jobs) showRecord(job, byName.get(job.name));
    },
    onEnded: (name, outcome, took) => {
      const job = jobs.find((candidate) => candidate.name === name);
      // Of a job that this node's list does not have.
      if (job === undefined) return;
      runs.inc({ job_name: name, outcome });
      if (took !== undefined) seconds.observe({ job_name: name }, took);
      if (outcome === "succeeded") succeeded(job, new Date());
      if (outcome === "unavailable") due.remove(name);
    },
  };
}
