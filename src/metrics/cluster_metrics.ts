/**
 * The metrics of several processes as one: each counts in a registry of its own, whatever lies in it, and the sums over
 * all of them are shown. What processes counted that have ended stays in the sums, so that no counter ever falls.
 */
import { AggregatorRegistry, Registry } from "prom-client";

/** Metrics in Prometheus's text format, from wherever. */
export interface MetricsSource {
  contentType: string;
  metrics: () => Promise<string>;
}

/** A process that is asked for its metrics. */
export interface MeteredProcess {
  /** Asks for them; the answer goes to `ClusterMetrics.told`. */
  ask: (id: number) => void;
}

/** Metrics of one process, as `Registry.getMetricsAsJSON` gives them. */
export type ProcessMetricsJson = object[];

/** A process that does not answer within this time is left out, with what it told before in its place. */
const ANSWER_TIMEOUT_MS = 2000;
/** What goes on counting when its process has ended; what a gauge showed has ended with it. */
const LASTING_TYPES = new Set(["counter", "histogram"]);

/** The metrics of a registry in the form in which processes tell each other. */
export async function metricsJson(registry: Registry): Promise<ProcessMetricsJson> {
  return registry.getMetricsAsJSON();
}

/** Gathers metrics in the process that supervises the others. */
export class ClusterMetrics implements MetricsSource {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #processes: () => Iterable<MeteredProcess>;
  /** What each process told last. */
  readonly #last = new Map<MeteredProcess, ProcessMetricsJson>();
  /** Sums over the processes that have ended; each is added to those before. */
  #ended: Promise<ProcessMetricsJson> = Promise.resolve([]);
  readonly #waiting = new Map<number, (process: MeteredProcess) => void>();
  #lastId = 0;
  #gathering: Promise<string> | undefined;

  /** @param processes those that run */
  constructor(processes: () => Iterable<MeteredProcess>) {
    this.#processes = processes;
  }

  /** The sums over all processes. Those who ask at the same time get the same. */
  metrics(): Promise<string> {
    this.#gathering ??= this.#gather().finally(() => {
      this.#gathering = undefined;
    });
    return this.#gathering;
  }

  /** A process told its metrics, asked under this id or by itself. */
  told(process: MeteredProcess, metrics: ProcessMetricsJson, id?: number): void {
    this.#last.set(process, metrics);
    if (id !== undefined) this.#waiting.get(id)?.(process);
  }

  /** A process has ended. */
  gone(process: MeteredProcess): void {
    const lasting = (this.#last.get(process) ?? []).filter(isLasting);
    this.#last.delete(process);
    for (const answered of this.#waiting.values()) answered(process);
    if (lasting.length > 0)
      this.#ended = this.#ended.then((before) =>
        metricsJson(AggregatorRegistry.aggregate([before, lasting])),
      );
  }

  async #gather(): Promise<string> {
    await this.#askAll();
    const ended = await this.#ended;
    return AggregatorRegistry.aggregate([ended, ...this.#last.values()]).metrics();
  }

  async #askAll(): Promise<void> {
    const id = ++this.#lastId;
    const missing = new Set(this.#processes());
    if (missing.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_TIMEOUT_MS);
      this.#waiting.set(id, (process) => {
        missing.delete(process);
        if (missing.size > 0) return;
        clearTimeout(timer);
        resolve();
      });
      for (const process of missing) process.ask(id);
    });
    this.#waiting.delete(id);
  }
}

function isLasting(metric: object): boolean {
  return "type" in metric && typeof metric.type === "string" && LASTING_TYPES.has(metric.type);
}
