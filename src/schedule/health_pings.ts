/** Pings of a service that notices when a job does not run (chapter 08, section 6.3). */
import { errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";

const PING_TIMEOUT_MS = 10_000;

type Status = "start" | "success" | "fail";

/**
 * Does a command's work between a ping before and one that says how it went: it fails when the work throws, or sets the
 * process's exit code. Pings that fail are logged, and nothing else.
 *
 * @param id what `--monitoring-id` says; without it nothing is pinged
 */
export async function withHealthPings<T>(
  context: { settings: Pick<Settings, "schedule">; log: Log },
  id: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (id === undefined) return work();
  await ping(context, id, "start");
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await ping(context, id, "fail");
    throw error;
  }
  await ping(context, id, Number(process.exitCode ?? 0) === 0 ? "success" : "fail");
  return result;
}

async function ping(
  { settings, log }: { settings: Pick<Settings, "schedule">; log: Log },
  id: string,
  status: Status,
): Promise<void> {
  const { baseUrl, paths } = settings.schedule.healthPings;
  const path = paths.get(id);
  if (path === undefined) {
    log.info(`No healthcheck URL configured for monitoring_id='${id}', skipping ${status} ping.`);
    return;
  }
  try {
    const response = await fetch(`${baseUrl}/${path}${status === "success" ? "" : `/${status}`}`, {
      signal: AbortSignal.timeout(PING_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`answered with status ${response.status}`);
  } catch (error) {
    // Without the address: whoever knows it can ping, too.
    log.warn({ monitoringId: id, status, error: reasonOf(error) }, "a health ping failed");
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause instanceof Error ? cause : error);
}
