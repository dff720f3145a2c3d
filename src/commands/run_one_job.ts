/** What `jobs run` and `crontab run` share: one run of a job, here and now, unless it runs already. */
import { isMigrated } from "../database/migrate.ts";
import type { Notices } from "../notices/notices.ts";
import type { Job } from "../schedule/job.ts";
import type { Result, StartedBy } from "../schedule/runs.ts";
import { CommandError, withDatabase, type Context } from "./context.ts";

export interface OneRun {
  job: Job;
  scheduledFor: Date;
  startedBy: StartedBy;
  notices?: Notices;
  /** Gets the job's output as it comes. */
  onOutput?: (chunk: Buffer) => void;
}

/** @throws CommandError when the job runs already. @returns undefined when this run was or is somebody else's */
export async function runOneJob(context: Context, { job, ...run }: OneRun): Promise<Result | undefined> {
  const { settings, log, signal } = context;
  const { withLease } = await import("../schedule/lease.ts");
  const { nodeName, recordSession, runJob } = await import("../schedule/run_job.ts");
  return withDatabase(context, async ({ pool, connection }) => {
    if (!(await isMigrated(pool)))
      throw new CommandError("the database's tables are not up to date; run 'kernelboard migrate' first");
    const records = recordSession(connection, log);
    const runner = { ...run, settings, connection, log, records, node: nodeName() };
    try {
      const name = `kernelboard job ${job.name}`;
      const result = await withLease({ connection, log, name, signal }, (lease) =>
        runJob(runner, lease, { ...run, job, missed: 0 }),
      );
      if (result === "running") throw new CommandError(`job ${job.name} runs already`);
      return result === "taken" ? undefined : result;
    } finally {
      await records.close();
    }
  });
}

/** @throws CommandError for a run that did not do its work; one whose command this version lacks is no error */
export function failUnlessDone(job: Job, { outcome, exitCode }: Result): void {
  if (outcome === "succeeded") return;
  if (outcome === "unavailable") {
    console.log(`Job ${job.name} is unavailable: this version has no command '${job.args[0] ?? ""}' yet.`);
    return;
  }
  throw new CommandError(
    `job ${job.name} ${outcome}${exitCode === null ? "" : ` with exit code ${exitCode}`}`,
  );
}
