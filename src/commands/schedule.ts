/** `kernelboard schedule`: runs the scheduled jobs (chapter 08, section 6). */
import { Command } from "commander";
import { runCommand, withDatabase } from "./context.ts";
import { processMetrics, scheduleObserver, withMetricsListener } from "./metrics.ts";
import { bringUpToDate } from "./migrate.ts";

export function scheduleCommand(): Command {
  return new Command("schedule")
    .summary("run the scheduled jobs")
    .description(
      "Runs the jobs that `kernelboard jobs list` shows at their times, until SIGINT or SIGTERM. It may run on any number\n" +
        "of machines: one of them acts, and another takes over within seconds when it is gone. KERNELBOARD_JOBS_FILE\n" +
        "changes the list.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard schedule\n  KERNELBOARD_JOBS_FILE=/etc/kernelboard/jobs.yaml kernelboard schedule",
    )
    .action(() =>
      runCommand((context) =>
        withDatabase(context, async ({ connection, ...database }) => {
          const { settings, log, signal } = context;
          await bringUpToDate({ connection, ...database }, log);
          // Loaded here, so that other commands start without it.
          const { startScheduler } = await import("../schedule/scheduler.ts");
          const { enabled, webPort } = settings.metrics;
          const metrics = enabled ? await processMetrics(context, { ingests: false }) : undefined;
          const observer = await scheduleObserver(metrics);
          console.log("Scheduling; stop with Ctrl-C.");
          await withMetricsListener(context, metrics?.registry, webPort, () =>
            startScheduler({
              settings,
              connection,
              log,
              signal,
              ...observer,
              onActing: () => {
                console.log("This node runs the jobs.");
              },
            }),
          );
        }),
      ),
    );
}
