/** `kernelboard warm_metrics_cache`: asks for the metrics that the weekly reports link to (chapter 08, section 3.2). */
import { Command } from "commander";
import { errorMessage } from "../database/errors.ts";
import type { Settings } from "../settings.ts";
import { CommandError, runCommand } from "./context.ts";

const PERIODS_DAYS = [7, 14];
const SATURDAY = 6;
const REQUEST_TIMEOUT_MS = 300_000;

/** Days from the last Saturday until a day, 0 on Saturday itself. */
export function daysSinceSaturday(day: Date): number {
  return (day.getUTCDay() - SATURDAY + 7) % 7;
}

/** Where the API is by the settings, as seen from the same machine. */
export function serverUrl({ http: { host, port }, schedule }: Settings): string {
  if (schedule.serverUrl !== undefined) return schedule.serverUrl;
  const near = host === "0.0.0.0" || host === "::" || host === "" ? "127.0.0.1" : host;
  return `http://${near.includes(":") ? `[${near}]` : near}:${port}`;
}

async function warm(base: string, signal: AbortSignal): Promise<void> {
  const end = daysSinceSaturday(new Date());
  let failed = 0;
  for (const days of PERIODS_DAYS) {
    console.log(`Warming metrics cache for ${days}-day Sat-Fri period (end_days_ago=${end})`);
    try {
      const response = await fetch(`${base}/api/metrics/?start_days_ago=${end + days}&end_days_ago=${end}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      const text = await response.text();
      if (!response.ok)
        throw new Error(`the server answered with status ${response.status}: ${text.slice(0, 200)}`);
      console.log(`Warmed metrics cache for ${days}-day period`);
    } catch (error) {
      failed++;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      console.log(`Failed to warm metrics cache for ${days}-day period: ${errorMessage(cause)}`);
    }
  }
  if (failed > 0)
    throw new CommandError(`${failed} of ${PERIODS_DAYS.length} periods could not be warmed at ${base}`);
}

export function warmMetricsCacheCommand(): Command {
  return new Command("warm_metrics_cache")
    .summary("ask the server for the metrics of the last weeks, so that they are cached")
    .description(
      "Requests /api/metrics/ of a running server for the 7 and the 14 days before the last Saturday, which the weekly\n" +
        "report is about, so that its readers find them cached. Run by the scheduler each Saturday.",
    )
    .option("--server <url>", "where the API is (default: KERNELBOARD_SERVER_URL, or HOST and PORT)")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard warm_metrics_cache\n  kernelboard warm_metrics_cache --server https://dashboard.example.org",
    )
    .action(({ server }: { server?: string }) =>
      runCommand(({ settings, signal }) => {
        if (server !== undefined && !/^https?:\/\/[^/\s]/i.test(server))
          throw new CommandError(`'${server.slice(0, 200)}' is no address of the form http(s)://host`);
        return warm((server ?? serverUrl(settings)).replace(/\/+$/, ""), signal);
      }),
    );
}
