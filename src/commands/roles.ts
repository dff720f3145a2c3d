/** The roles of a node, and what is done in those beside the answering of requests. */
import { InvalidArgumentError } from "commander";
import type { Database } from "../database/database.ts";
import type { Bell } from "../ingest/bell.ts";
import { ingest } from "../ingest/ingest.ts";
import type { Context } from "./context.ts";
import { ingestOptions, type IngestArguments } from "./ingest.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { scheduleObserver, withMetricsListener, type ProcessMetrics } from "./metrics.ts";
import { tracedHooks } from "./tracing.ts";

export const ROLES = ["web", "ingest", "schedule"] as const;
export type Role = (typeof ROLES)[number];

/** Roles with commas between them; or `all`, which are those that there is something to do for. */
export function parseRoles(text: string): Role[] | "all" {
  if (text === "all") return "all";
  return text.split(",").map((name) => {
    const role = ROLES.find((candidate) => candidate === name.trim());
    if (role === undefined)
      throw new InvalidArgumentError(`'${name}' is none of ${[...ROLES, "all"].join(", ")}`);
    return role;
  });
}

/**
 * Work of a role that answers no requests. With several web processes each has a process of its own; with one it is done
 * in the same.
 */
export type BackgroundTask = { role: "ingest"; ingest: IngestArguments } | { role: "schedule" };

/** What work of a process shares with the rest of it. */
export interface Surroundings {
  bell: Bell;
  metrics: ProcessMetrics | undefined;
  tracing: Tracing | undefined;
}

/** Works until the context's signal. */
export async function runBackground(
  context: Context,
  database: Database,
  task: BackgroundTask,
  { bell, metrics, tracing }: Surroundings,
): Promise<void> {
  const { settings, log, signal } = context;
  if (task.role === "schedule") {
    const { startScheduler } = await import("../schedule/scheduler.ts");
    const { connection } = database;
    await startScheduler({ settings, connection, log, signal, ...(await scheduleObserver(metrics)) });
    return;
  }
  const hooks = tracedHooks(metrics?.hooks, tracing);
  await withMetricsListener(context, metrics?.registry, settings.metrics.ingesterPort, () =>
    ingest({ ...ingestOptions(context, database, task.ingest, hooks), bell }),
  );
}

/** Whether a process with these tasks takes submissions in. */
export function ingests(tasks: readonly BackgroundTask[]): boolean {
  return tasks.some(({ role }) => role === "ingest");
}
