/** Metrics of several processes as one. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { parseSamples, valueOf } from "../../test/support/metrics.ts";
import { ClusterMetrics, metricsJson, type MeteredProcess } from "./cluster_metrics.ts";

/** A process that counts. */
function counting(cluster: () => ClusterMetrics): MeteredProcess & { count: (times: number) => void } {
  const registry = new Registry();
  const counter = new Counter({ name: "c_total", help: "c", labelNames: ["l"], registers: [registry] });
  const gauge = new Gauge({ name: "g", help: "g", registers: [registry] });
  const histogram = new Histogram({ name: "h", help: "h", buckets: [1, 2], registers: [registry] });
  const process = {
    ask: (id: number): void => {
      void metricsJson(registry).then((metrics) => {
        cluster().told(process, structuredClone(metrics), id);
      });
    },
    count: (times: number): void => {
      counter.inc({ l: "x" }, times);
      gauge.set(times);
      for (let n = 0; n < times; n++) histogram.observe(1.5);
    },
  };
  return process;
}

it("shows the sums, and keeps what ended processes counted", async () => {
  const running = new Set<MeteredProcess>();
  const cluster = new ClusterMetrics(() => running);
  const [one, two] = [counting(() => cluster), counting(() => cluster)];
  running.add(one).add(two);
  one.count(3);
  two.count(4);
  const shown = async (): Promise<(number | undefined)[]> => {
    const samples = parseSamples(await cluster.metrics());
    return [
      valueOf(samples, "c_total", { l: "x" }),
      valueOf(samples, "g"),
      valueOf(samples, "h_count"),
      valueOf(samples, "h_bucket", { le: "1" }),
      valueOf(samples, "h_bucket", { le: "2" }),
    ];
  };
  expect(await shown()).toEqual([7, 7, 7, 0, 7]);
  for (const ending of [one, two]) {
    running.delete(ending);
    cluster.gone(ending);
  }
  const three = counting(() => cluster);
  running.add(three);
  three.count(2);
  expect(await shown()).toEqual([9, 2, 9, 0, 9]);
});

it("does not wait for ever for a process that does not answer", async () => {
  const cluster: ClusterMetrics = new ClusterMetrics(() => [silent, talking]);
  const silent: MeteredProcess = { ask: () => undefined };
  const talking = counting(() => cluster);
  talking.count(1);
  expect(valueOf(parseSamples(await cluster.metrics()), "c_total", { l: "x" })).toBe(1);
});
