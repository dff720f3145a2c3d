/** The jobs as the reference schedules them (chapter 08, section 6.1). A jobs file changes them without code. */
import type { Job } from "./job.ts";

const HOUR = 3600;
const RESULTS_LIST = "kernelci-results@groups.io";

/**
 * The eight jobs. Times are UTC. `catchUpSeconds` of a job is shorter than the time to its next run, and a report that
 * people expect once a day or week may come hours late rather than not at all.
 */
export function defaultJobs(hardwareRegistryUrl: string): Job[] {
  return referenceJobs(hardwareRegistryUrl).map((job) => ({ ...job, missedRuns: "newest", atOnce: 1 }));
}

function referenceJobs(hardwareRegistryUrl: string): Omit<Job, "missedRuns" | "atOnce">[] {
  return [
    {
      name: "notifications_new_issues",
      schedule: "59 * * * *",
      args: [
        "notifications",
        "--monitoring-id=notifications_new_issues",
        "--action=new_issues",
        `--to=${RESULTS_LIST}`,
        "--send",
        "--yes",
      ],
      timeoutSeconds: HOUR / 2,
      catchUpSeconds: HOUR / 2,
    },
    {
      name: "notifications_summary_microsoft",
      schedule: "30 14 * * *",
      args: [
        "notifications",
        "--monitoring-id=notifications_summary_microsoft",
        "--action=summary",
        "--to=kernelcialerts@microsoft.com",
        `--cc=${RESULTS_LIST}`,
        "--ignore-recipients",
        "--send",
        "--yes",
        "--summary-origins=microsoft",
      ],
      timeoutSeconds: HOUR,
      catchUpSeconds: 6 * HOUR,
    },
    {
      name: "notifications_summary_maestro",
      schedule: "30 2 * * *",
      args: [
        "notifications",
        "--monitoring-id=notifications_summary_maestro",
        "--action=summary",
        "--add-mailing-lists",
        "--send",
        "--yes",
        "--summary-origins=maestro",
      ],
      timeoutSeconds: HOUR,
      catchUpSeconds: 6 * HOUR,
    },
    {
      name: "notifications_hardware_summary",
      schedule: "33 3 * * 1",
      args: [
        "notifications",
        "--monitoring-id=notifications_hardware_summary",
        "--action=hardware_summary",
        `--cc=${RESULTS_LIST}`,
        "--send",
        "--yes",
      ],
      timeoutSeconds: HOUR,
      catchUpSeconds: 24 * HOUR,
    },
    {
      name: "delete_unused_hardware_status",
      schedule: "0 0 * * 1",
      args: ["delete_unused_hardware_status", "--monitoring-id=delete_unused_hardware_status"],
      timeoutSeconds: 2 * HOUR,
      catchUpSeconds: 48 * HOUR,
    },
    {
      name: "warm_metrics_cache",
      schedule: "10 0 * * 6",
      args: ["warm_metrics_cache"],
      timeoutSeconds: HOUR / 2,
      catchUpSeconds: 24 * HOUR,
    },
    {
      name: "notifications_metrics_summary",
      schedule: "0 0 * * 6",
      args: [
        "notifications",
        "--monitoring-id=notifications_metrics_summary",
        "--action=metrics_summary",
        "--to=kernelci@lists.linux.dev",
        `--cc=${RESULTS_LIST}`,
        "--send",
        "--yes",
      ],
      timeoutSeconds: HOUR,
      // The report is about the days before the one on which it is made.
      catchUpSeconds: 20 * HOUR,
    },
    {
      name: "update_hardware_registry",
      schedule: "0 3 * * *",
      args: ["update_hardware_registry", `--index=${hardwareRegistryUrl}`],
      timeoutSeconds: HOUR,
      catchUpSeconds: 12 * HOUR,
    },
  ];
}
