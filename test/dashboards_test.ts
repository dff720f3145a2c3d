/**
 * The dashboards and alert rules of `deploy/monitoring` ask for nothing that a running system does not show: each
 * selector of each query, read by Prometheus's own grammar, selects samples that were scraped from one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { scrapedSystem, type ScrapedSystem } from "./support/observed_system.ts";
import { isSelected, selectorsOf } from "./support/promql.ts";
import { PROJECT } from "./support/shared.ts";

const MONITORING = join(PROJECT, "deploy/monitoring");
const DASHBOARDS = join(MONITORING, "grafana/dashboards");
/** Labels that the scraper adds, and what it tells of itself. */
const SCRAPER = ["job", "instance"];
const OF_SCRAPER = new Set(["up"]);
/** Functions that make sense of counters only. */
const OF_COUNTERS = new Set(["rate", "increase", "irate"]);
/** The same number under two names; the other one is shown. */
const SHOWN_OTHERWISE = new Set(["kernelboard_ingest_backlog_files"]);

interface Dashboard {
  uid: string;
  title: string;
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

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

interface PrometheusConfiguration {
  global: { scrape_interval: string; evaluation_interval: string; external_labels: { monitor: string } };
  rule_files: string[];
  scrape_configs: { job_name: string; metrics_path: string; static_configs?: { targets: string[] }[] }[];
}

const files = readdirSync(DASHBOARDS).filter((name) => name.endsWith(".json"));
const dashboards = files.map((name) => ({
  name,
  dashboard: JSON.parse(readFileSync(join(DASHBOARDS, name), "utf8")) as Dashboard,
}));

function readYaml(path: string): unknown {
  return parse(readFileSync(join(MONITORING, path), "utf8"));
}

const alertFiles = readdirSync(join(MONITORING, "prometheus")).filter((name) => name.startsWith("alerts"));
const rules = alertFiles.flatMap((name) =>
  (readYaml(`prometheus/${name}`) as { groups: { name: string; rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  ),
);

const LABEL_VALUES = /^label_values\((?<expr>.*),\s*(?<label>\w+)\)$/;

/** `label_values(selector, label)` of Grafana is a selector told apart by a label. */
function queriesOf({ panels, templating }: Dashboard): Query[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
    ...templating.list.flatMap(({ name, definition }) => {
      if (definition === undefined) return [];
      const { expr, label } = LABEL_VALUES.exec(definition)?.groups ?? {};
      return [{ title: `variable ${name}`, expr: `count by (${label ?? "?"}) (${expr ?? "?"})` }];
    }),
  ];
}

let system: ScrapedSystem;
beforeAll(async () => {
  system = await scrapedSystem();
});

/** What is wrong with a query, given what there is; nothing when it reads as it should. */
function problems({ title, expr }: Query): string[] {
  const selectors = selectorsOf(expr);
  if (selectors.length === 0) return [`${title}: reads no metric`];
  return selectors.flatMap(({ metric, matchers, groupedBy, rangeFunction }) => {
    if (OF_SCRAPER.has(metric)) return [];
    const samples = system.samples.get(metric);
    if (samples === undefined) return [`${title}: there is no metric ${metric}`];
    const known = new Set([...samples.flatMap(({ labels }) => Object.keys(labels)), ...SCRAPER]);
    const asked = [...matchers.map(({ label }) => label), ...groupedBy];
    const own = matchers.filter(({ label }) => !SCRAPER.includes(label));
    const type = system.types.get(metric);
    return [
      ...asked
        .filter((label) => !known.has(label))
        .map((label) => `${title}: ${metric} has no label ${label}`),
      ...(samples.some(({ labels }) => isSelected(labels, own))
        ? []
        : [`${title}: nothing of ${metric} is selected`]),
      ...(rangeFunction !== undefined && OF_COUNTERS.has(rangeFunction) && type === "gauge"
        ? [`${title}: ${rangeFunction} of the gauge ${metric}`]
        : []),
    ];
  });
}

describe.each(dashboards)("$name", ({ dashboard }) => {
  it("reads metrics that a system shows, by labels and values that they have", () => {
    expect(queriesOf(dashboard).flatMap(problems)).toEqual([]);
  });

  it("is sound: panels of their own ids, variables that exist, a data source to choose", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const variables = new Set(dashboard.templating.list.map(({ name }) => name));
    expect(dashboard.templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
    for (const { title, expr } of queriesOf(dashboard)) {
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

describe("the dashboards", () => {
  it("have uids of their own, the reference's among them", () => {
    const uids = dashboards.map(({ dashboard }) => dashboard.uid);
    expect(new Set(uids).size).toBe(uids.length);
    expect(uids).toEqual(
      expect.arrayContaining([
        "kernelci-performance-dashboard",
        "aggregation-process",
        "kernelboard-ingestion",
      ]),
    );
  });

  it("show all of our own that there is to see", () => {
    const read = new Set(
      dashboards.flatMap(({ dashboard }) =>
        queriesOf(dashboard).flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => metric)),
      ),
    );
    const own = [...system.samples.keys()]
      .filter((name) => /^(kernelboard|kcidb|aggregation)_/.test(name))
      .map((name) =>
        system.types.get(name) === "histogram" ? name.replace(/_(sum|count)$/, "_bucket") : name,
      );
    expect([...new Set(own)].filter((name) => !read.has(name) && !SHOWN_OTHERWISE.has(name))).toEqual([]);
  });
});

describe("the alert rules", () => {
  it.each(rules)("$alert reads metrics that a system shows, and says what is wrong", (rule) => {
    expect(problems({ title: rule.alert, expr: rule.expr })).toEqual([]);
    expect(rule.for).toBe("5m");
    expect(["warning", "critical"]).toContain(rule.labels.severity);
    const { summary, description } = rule.annotations;
    // Templates may only use labels that the expression leaves.
    const left = new Set([...selectorsOf(rule.expr).flatMap(({ groupedBy }) => groupedBy), ...SCRAPER]);
    const used = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, name = ""]) => name);
    expect(used.filter((name) => !left.has(name))).toEqual([]);
  });

  it("have the reference's names among them", () => {
    expect(rules.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        "DjangoHighErrorRate",
        "DjangoHighResponseTime",
        "DjangoHighRequestRate",
        "DjangoDatabaseHighQueryTime",
      ]),
    );
  });
});

describe("Prometheus", () => {
  it("scrapes the reference's jobs on their ports, and knows the rules", () => {
    const { global, rule_files, scrape_configs } = readYaml(
      "prometheus/prometheus.yml",
    ) as PrometheusConfiguration;
    expect(global).toMatchObject({
      scrape_interval: "10s",
      external_labels: { monitor: "kernelci-monitor" },
    });
    expect(rule_files).toEqual(alertFiles.map((name) => `/etc/prometheus/${name}`));
    expect(
      scrape_configs.map(({ job_name, static_configs }) => [job_name, static_configs?.[0]?.targets]),
    ).toEqual([
      ["kernelci-backend", ["host.docker.internal:8001"]],
      ["kernelci-ingester", ["host.docker.internal:8002"]],
      ["kernelci-pending-aggregations-processor", ["host.docker.internal:8003"]],
    ]);
    expect(new Set(scrape_configs.map(({ metrics_path }) => metrics_path))).toEqual(new Set(["/metrics/"]));
  });
});

/** What would make the checks above worthless. */
describe("the checks", () => {
  it.each([
    ["sum(rate(nothing_total[5m]))", "there is no metric nothing_total"],
    ['kcidb_ingestions_total{ingester="python"}', "nothing of kcidb_ingestions_total is selected"],
    ["sum by (lab) (kcidb_ingestions_total)", "kcidb_ingestions_total has no label lab"],
    ["rate(kernelboard_db_pool_waiting[5m])", "rate of the gauge kernelboard_db_pool_waiting"],
  ])("find what is wrong with %s", (expr, problem) => {
    expect(problems({ title: "x", expr })).toEqual([`x: ${problem}`]);
  });

  it("find what is no PromQL", () => {
    expect(() => selectorsOf("sum(rate(a_total[5m])")).toThrow("no PromQL");
  });
});
