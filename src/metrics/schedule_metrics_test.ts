import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { listed, parseSamples, valueOf, type Samples } from "../../test/support/metrics.ts";
import type { Job } from "../schedule/job.ts";
import { createScheduleMetrics } from "./schedule_metrics.ts";

const DUE = "kernelboard_job_success_due_timestamp_seconds";
const LAST = "kernelboard_job_last_success_timestamp_seconds";
const at = (text: string): Date => new Date(`2026-11-26T${text}Z`);
const seconds = (date: Date): number => date.getTime() / 1000;

it("count runs from zero on, and show what is recorded while the node acts", async () => {
  const registry = new Registry();
  const observer = createScheduleMetrics(registry);
  const read = async (): Promise<Samples> => parseSamples(await registry.metrics());
  const job = (name: string): Job => ({
    name,
    schedule: "0 3 * * *",
    args: ["settings"],
    timeoutSeconds: 100,
    catchUpSeconds: 20,
    missedRuns: "newest",
    atOnce: 1,
  });
  observer.onJobs([job("good"), job("bad"), job("later")]);
  let samples = await read();
  expect(valueOf(samples, "kernelboard_scheduler_acting")).toBe(0);
  expect(valueOf(samples, "kernelboard_job_runs_total", { job_name: "bad", outcome: "timed out" })).toBe(0);

  observer.onActing(true);
  observer.onRecords([
    { job: "good", lastSuccess: at("03:01:00"), since: at("01:00:00"), lastOutcome: "succeeded" },
    { job: "bad", lastSuccess: null, since: at("02:00:00"), lastOutcome: "failed" },
    { job: "later", lastSuccess: null, since: at("02:00:00"), lastOutcome: "unavailable" },
  ]);
  observer.onEnded("bad", "failed", 7);
  observer.onEnded("bad", "missed");
  observer.onEnded("unknown", "lost");
  samples = await read();
  expect(valueOf(samples, "kernelboard_scheduler_acting")).toBe(1);
  expect(listed(samples, "kernelboard_job_runs_total", ["job_name", "outcome"])).toEqual([
    "bad,failed 1",
    "bad,missed 1",
  ]);
  expect(valueOf(samples, "kernelboard_job_duration_seconds_sum", { job_name: "bad" })).toBe(7);
  expect(listed(samples, LAST, ["job_name"])).toEqual([`good ${seconds(at("03:01:00"))}`]);
  expect(listed(samples, DUE, ["job_name"])).toEqual([
    `bad ${seconds(at("03:02:00"))}`,
    `good ${seconds(at("03:02:00")) + 86_400}`,
  ]);

  observer.onActing(false);
  samples = await read();
  expect(valueOf(samples, "kernelboard_scheduler_acting")).toBe(0);
  expect([samples.get(LAST), samples.get(DUE)]).toEqual([undefined, undefined]);
});
