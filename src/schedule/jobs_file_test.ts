import { describe, expect, it } from "vitest";
import { loadSettings } from "../settings.ts";
import { due, jobHash, type Job } from "./job.ts";
import { loadJobs } from "./jobs_file.ts";

function jobs(text?: string, environment: Record<string, string> = {}): Job[] {
  const all = { ...(text === undefined ? {} : { KERNELBOARD_JOBS_FILE: "/etc/jobs.yaml" }), ...environment };
  return loadJobs(loadSettings(all).settings.schedule, () => text ?? "");
}

function job(schedule: string, catchUpSeconds = 60, missedRuns: Job["missedRuns"] = "newest"): Job {
  return {
    name: "one",
    schedule,
    args: ["settings"],
    timeoutSeconds: 10,
    catchUpSeconds,
    missedRuns,
    atOnce: 1,
  };
}

const at = (text: string): Date => new Date(`2026-11-26T${text}Z`);

describe("the list of jobs", () => {
  it("is the reference's, and empty with SKIP_CRONJOBS", () => {
    const all = jobs(undefined, { HARDWARE_REGISTRY_INDEX_URL: "https://example.org/index.yaml" });
    expect(all.map(({ schedule, args }) => `${schedule} ${args.join(" ")}`)).toEqual([
      "59 * * * * notifications --monitoring-id=notifications_new_issues --action=new_issues --to=kernelci-results@groups.io --send --yes",
      "30 14 * * * notifications --monitoring-id=notifications_summary_microsoft --action=summary --to=kernelcialerts@microsoft.com --cc=kernelci-results@groups.io --ignore-recipients --send --yes --summary-origins=microsoft",
      "30 2 * * * notifications --monitoring-id=notifications_summary_maestro --action=summary --add-mailing-lists --send --yes --summary-origins=maestro",
      "33 3 * * 1 notifications --monitoring-id=notifications_hardware_summary --action=hardware_summary --cc=kernelci-results@groups.io --send --yes",
      "0 0 * * 1 delete_unused_hardware_status --monitoring-id=delete_unused_hardware_status",
      "10 0 * * 6 warm_metrics_cache",
      "0 0 * * 6 notifications --monitoring-id=notifications_metrics_summary --action=metrics_summary --to=kernelci@lists.linux.dev --cc=kernelci-results@groups.io --send --yes",
      "0 3 * * * update_hardware_registry --index=https://example.org/index.yaml",
    ]);
    expect(jobs(undefined, { SKIP_CRONJOBS: "True" })).toEqual([]);
  });

  it("is changed by a file: schedule, recipients, jobs switched off and added", () => {
    const changed = jobs(`
jobs:
  notifications_new_issues:
    schedule: "*/30 * * * *"
    options: { to: me@example.org, cc: "a@example.org,b@example.org", send: null }
  warm_metrics_cache: { enabled: false }
  own: { schedule: "0 1 * * *", args: [prune_db, "--older-than", 90 days, --yes], catch_up_seconds: 3600 }
`);
    expect(changed).toHaveLength(8);
    expect(changed[0]).toMatchObject({
      schedule: "*/30 * * * *",
      args: [
        "notifications",
        "--monitoring-id=notifications_new_issues",
        "--action=new_issues",
        "--to=me@example.org",
        "--yes",
        "--cc=a@example.org,b@example.org",
      ],
    });
    expect(changed.at(-1)).toEqual({
      name: "own",
      schedule: "0 1 * * *",
      args: ["prune_db", "--older-than", "90 days", "--yes"],
      timeoutSeconds: 3600,
      catchUpSeconds: 3600,
      missedRuns: "newest",
      atOnce: 1,
    });
    expect(jobs("default_jobs: false")).toEqual([]);
  });

  it.each([
    ["jobs: [1]", "jobs: must be a mapping of names to values"],
    ["job: {}", "the file: 'job' is none of default_jobs, jobs"],
    ["jobs: { own: { args: [settings] } }", "own.schedule: is missing"],
    ["jobs: { own: { schedule: '0 1 * * *' } }", "own.args: is missing"],
    [
      "jobs: { own: { schedule: '0 61 * * *', args: [settings] } }",
      "own.schedule: '0 61 * * *' cannot be used",
    ],
    ["jobs: { own: { schedule: '0 0 30 2 *', args: [settings] } }", "it never comes"],
    ["jobs: { own: { schedule: hourly, args: [settings] } }", "must be a text of five fields"],
    ["jobs: { Own: {} }", "'Own' must be 1 to 64 of a-z, 0-9 and _"],
    ["jobs: { own: { schedule: '0 1 * * *', args: ['a\\nb'] , x: 1 } }", "own: 'x' is none of"],
    ['jobs: { own: { schedule: "0 1 * * *", args: ["a\\nb"] } }', "own.args: must be a text"],
    [
      "jobs: { warm_metrics_cache: { timeout_seconds: 0 } }",
      "warm_metrics_cache.timeout_seconds: must be a whole",
    ],
    ["jobs: { warm_metrics_cache: { missed_runs: all } }", "missed_runs: must be one of newest, each, skip"],
    ["jobs: { warm_metrics_cache: { at_once: 17 } }", "at_once: must be a whole number from 1 to 16"],
    ["jobs: { warm_metrics_cache: { options: { --to: x } } }", "is no name of an option without its dashes"],
    [
      "jobs: { own: { schedule: '10 0 * * 6', args: [warm_metrics_cache] } }",
      "has the schedule and args of warm",
    ],
    ["a: [", "/etc/jobs.yaml: "],
  ])("is refused with the place and the rule: %s", (text, problem) => {
    expect(() => jobs(text)).toThrow(problem);
  });
});

describe("when a job is due", () => {
  it("is at the newest time that has come, and tells how many were missed before it", () => {
    const hourly = job("59 * * * *");
    expect(due(hourly, at("10:59:00"), at("11:58:59.999"))).toBeUndefined();
    expect(due(hourly, at("10:59:00"), at("11:59:00"))).toEqual({
      scheduledFor: at("11:59:00"),
      missed: 0,
      isTooLate: false,
    });
    expect(due(hourly, at("10:59:00"), at("14:59:30"))).toEqual({
      scheduledFor: at("14:59:00"),
      missed: 3,
      isTooLate: false,
    });
    // Between two times of the schedule, as after a run by cron.
    expect(due(hourly, at("10:30:00"), at("11:10:00"))?.missed).toBe(0);
  });

  it("is at each time in turn where each counts; those that it is too late for together", () => {
    const each = job("* * * * * *", 60, "each");
    expect(due(each, at("10:00:00"), at("10:00:00.999"))).toBeUndefined();
    expect(due(each, at("10:00:00"), at("10:00:09"))).toEqual({
      scheduledFor: at("10:00:01"),
      missed: 0,
      isTooLate: false,
    });
    expect(due(each, at("10:00:00"), at("10:01:10"))).toEqual({
      scheduledFor: at("10:00:09"),
      missed: 8,
      isTooLate: true,
    });
    expect(due(each, at("10:00:09"), at("10:01:10"))?.scheduledFor).toEqual(at("10:00:10"));
  });

  it("is too late after the job's own time", () => {
    expect(due(job("0 3 * * *"), at("02:00:00"), at("03:01:01"))?.isTooLate).toBe(true);
    expect(due(job("0 3 * * *", 43_200), at("02:00:00"), at("14:59:59"))?.isTooLate).toBe(false);
  });
});

describe("a job's hash", () => {
  it("changes with schedule and arguments only", () => {
    const one = job("0 3 * * *");
    expect(jobHash(one)).toMatch(/^[0-9a-f]{32}$/);
    expect(jobHash({ ...one, name: "two", timeoutSeconds: 9 })).toBe(jobHash(one));
    expect(jobHash({ ...one, schedule: "1 3 * * *" })).not.toBe(jobHash(one));
    expect(jobHash({ ...one, args: ["settings", "--json"] })).not.toBe(jobHash(one));
  });
});
