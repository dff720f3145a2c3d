/** Lists of jobs for the program, and what it recorded of their runs. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { temporaryDirectory } from "./spool.ts";

export interface JobEntry {
  schedule: string;
  args: string[];
  timeout_seconds?: number;
  catch_up_seconds?: number;
  missed_runs?: "newest" | "each" | "skip";
  at_once?: number;
}

/** A jobs file with these jobs alone. @returns the variable that names it */
export async function jobsFile(jobs: Record<string, JobEntry>): Promise<{ KERNELBOARD_JOBS_FILE: string }> {
  const path = join(await temporaryDirectory(), "jobs.yaml");
  await writeFile(path, stringify({ default_jobs: false, jobs }));
  return { KERNELBOARD_JOBS_FILE: path };
}
