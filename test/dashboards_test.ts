/** The dashboards of `deploy/` ask for nothing that is not there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { beforeAll, describe, expect, it } from "vitest";
import { Backlog } from "../src/ingest/backlog.ts";
import { KINDS } from "../src/kcidb/types.ts";
import { zeroCounts } from "../src/kcidb/types.ts";
import { createIngestMetrics } from "../src/metrics/ingest_metrics.ts";
import { openMetricsListener } from "../src/metrics/listener.ts";
import { atEndOfFile } from "./support/cleanup.ts";
import { scrape, type Samples } from "./support/metrics.ts";
import { PROJECT } from "./support/shared.ts";

const FOLDER = join(PROJECT, "deploy/monitoring/grafana");
/** Labels that the scraper adds. */
const SCRAPER = ["job", "instance"];
/** Words of the query language, and of Grafana, that stand where a metric could. */
const WORDS = new Set(["sum", "max", "by", "rate", "increase", "topk", "histogram_quantile", "label_values"]);

interface Dashboard {
  uid: string;
  templating: { list: { name: string; type: string; definition?: string }[] };
  panels: {
    id: number;
    type: string;
    title: string;
    datasource?: unknown;
    targets?: { expr: string; datasource: unknown }[];
  }[];
}

interface Query {
  title: string;
  expr: string;
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

function load(name: string): Dashboard {
  return JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Dashboard;
}

function queriesOf({ panels, templating }: Dashboard): Query[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
    ...templating.list.flatMap(({ name, definition }) =>
      definition === undefined ? [] : [{ title: `variable ${name}`, expr: definition }],
    ),
  ];
}

/** The metrics that a query reads, and the labels that it tells them apart by or selects them by. */
function readsOf(expr: string): { metrics: string[]; labels: string[] } {
  const labels: string[] = [];
  const add = (names: string): string => {
    labels.push(...names.split(",").map((name) => name.trim()));
    return " ";
  };
  const rest = expr
    .replace(/\{([^}]*)\}/g, (_all, matchers: string) =>
      add([...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, name]) => name).join(",")),
    )
    .replace(/\[[^\]]*\]/g, " ")
    .replace(/\bby\s*\(([^)]*)\)/g, (_all, names: string) => add(names))
    .replace(
      /(label_values\([^,]*),\s*(\w+)\)/g,
      (_all, left: string, name: string) => `${left}${add(name)})`,
    );
  const words = rest.match(/[a-zA-Z_]\w*/g) ?? [];
  return { metrics: words.filter((word) => !WORDS.has(word)), labels: labels.filter((name) => name !== "") };
}

describe.each(files)("%s", (file) => {
  const dashboard = load(file);
  let samples: Samples;

  beforeAll(async () => {
    const registry = new Registry();
    createIngestMetrics(registry, new Backlog()).onBatch({
      groups: KINDS.map((kind) => ({ kind, origin: "o", lab: "l", platform: "p", count: 1 })),
      stored: zeroCounts(),
      merged: zeroCounts(),
      refusals: [{ rule: "type", kind: "tests", count: 1 }],
      submissions: { processed: 1, failed: 0, unreadable: 0 },
      rows: 5,
      milliseconds: 10,
      aggregated: {},
      retries: {},
    });
    const listener = await openMetricsListener(0, registry, pino({ level: "silent" }));
    if (listener === undefined) throw new Error("no port");
    atEndOfFile(() => listener.close());
    samples = await scrape(`http://127.0.0.1:${listener.port}/metrics`);
  });

  it("reads metrics that the ingestion shows, by labels that they have", () => {
    for (const { title, expr } of queriesOf(dashboard)) {
      const { metrics, labels } = readsOf(expr);
      expect([title, metrics.length]).toEqual([title, 1]);
      const [metric = ""] = metrics;
      const known = Object.keys(samples.get(metric)?.[0]?.labels ?? {});
      expect([title, metric, samples.has(metric)]).toEqual([title, metric, true]);
      const unknown = labels.filter((label) => !known.includes(label) && !SCRAPER.includes(label));
      expect([title, metric, unknown]).toEqual([title, metric, []]);
    }
  });

  it("shows all that there is to see", () => {
    const read = new Set(queriesOf(dashboard).flatMap(({ expr }) => readsOf(expr).metrics));
    // The same number under the reference's name; retries by reason tell of deadlocks.
    const left = new Set(["kcidb_ingestion_queue", "aggregation_deadlock_retries_total"]);
    const shown = [...samples.keys()].map((name) => name.replace(/_seconds_(sum|count)$/, "_seconds_bucket"));
    expect(shown.filter((name) => !read.has(name) && !left.has(name))).toEqual([]);
  });

  it("is sound: panels of their own ids, closed brackets, variables that exist, a data source to choose", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const variables = new Set(dashboard.templating.list.map(({ name }) => name));
    expect(dashboard.templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
    for (const { title, expr } of queriesOf(dashboard)) {
      for (const [open, close] of ["()", "{}", "[]"])
        expect([title, expr.split(open ?? "").length]).toEqual([title, expr.split(close ?? "").length]);
      const used = [...expr.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name);
      expect([title, used.filter((name) => !variables.has(name) && !name.startsWith("__"))]).toEqual([
        title,
        [],
      ]);
    }
    for (const { title, type, datasource, targets } of dashboard.panels) {
      if (type === "row") continue;
      const chosen = { type: "prometheus", uid: "${datasource}" };
      expect([title, datasource, targets?.map((target) => target.datasource)]).toEqual([
        title,
        chosen,
        targets?.map(() => chosen),
      ]);
    }
  });
});

it("there are dashboards", () => {
  expect(files).toContain("ingestion.json");
});
