/** Traces of a process, when there is somewhere to send them. */
import type { IngestOptions } from "../ingest/ingest.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Context } from "./context.ts";

/** Does some work traced, if the settings ask for it; without that nothing is loaded. */
export async function withTracing<T>(
  { settings, log }: Context,
  work: (tracing: Tracing | undefined) => Promise<T>,
): Promise<T> {
  const { endpoint } = settings.tracing;
  if (endpoint === undefined) return work(undefined);
  const { startTracing } = await import("../tracing/tracing.ts");
  const tracing = startTracing(settings.tracing, endpoint, log);
  try {
    return await work(tracing);
  } finally {
    await tracing.close();
  }
}

/** The hooks of an ingestion, with traces beside its metrics. */
export function tracedHooks(
  hooks: Partial<IngestOptions> | undefined,
  tracing: Tracing | undefined,
): Partial<IngestOptions> | undefined {
  if (tracing === undefined) return hooks;
  return {
    ...hooks,
    onMeasures: (measures) => {
      hooks?.onMeasures?.(measures);
      tracing.onBatch(measures);
    },
  };
}
