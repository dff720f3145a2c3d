/** The metrics of a running system that had some traffic: requests of all outcomes, an ingestion, and a job. */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { testDatabase } from "./database.ts";
import { jobsFile } from "./jobs.ts";
import { parseSamples, scrape, valueOf, type Samples } from "./metrics.ts";
import { databaseEnvironment, start, type RunningProgram } from "./program.ts";
import { request } from "./server.ts";
import { submission, temporaryDirectory, writeSubmissions } from "./spool.ts";

export interface ScrapedSystem {
  samples: Samples;
  /** Types of metrics by the names of their series. */
  types: Map<string, string>;
}

const METRICS = /"port":(\d+),"msg":"metrics can be read"/g;

const SUBMISSIONS = {
  "1.json": submission({
    checkouts: [{ id: "o:c", origin: "o", git_commit_hash: "a".repeat(40) }],
    builds: [{ id: "o:b", checkout_id: "o:c", origin: "o", misc: { lab: "lab-x" } }],
    tests: [
      {
        id: "o:t",
        build_id: "o:b",
        origin: "o",
        misc: { runtime: "lab-z" },
        environment: { misc: { platform: "p" } },
      },
      { id: "o:bad", build_id: "o:b", origin: "o", status: "GREAT" },
    ],
    issues: [{ id: "o:i", origin: "o", version: 1 }],
    incidents: [{ id: "o:n", origin: "o", issue_id: "o:i", issue_version: 1, test_id: "o:t" }],
  }),
  "2.json": "{",
};

/** The node of `serve`, and the processor of pending aggregations, as Prometheus sees them. */
export async function scrapedSystem(): Promise<ScrapedSystem> {
  const { connection, pool } = await testDatabase();
  const environment = {
    ...databaseEnvironment(connection),
    PROMETHEUS_METRICS_ENABLED: "true",
    PROMETHEUS_METRICS_PORT: "0",
    INGESTER_METRICS_PORT: "0",
    ...(await jobsFile({ tick: { schedule: "*/10 * * * * *", args: ["settings"] } })),
  };
  const spoolDir = await temporaryDirectory();
  await writeSubmissions(spoolDir, SUBMISSIONS);
  const node = start(["serve", "--port", "0", "--spool-dir", spoolDir, "--interval", "0"], environment);
  const processor = start(["process_pending_aggregations", "--loop", "--interval", "0"], environment);
  try {
    const base = await node.shows(/Listening on (\S+)\//);
    await visit(base);
    while ((await filesDone(base)) < Object.keys(SUBMISSIONS).length) await setTimeout(100);
    while (!(await scrape(`${base}/metrics`)).has("kernelboard_job_last_success_timestamp_seconds"))
      await setTimeout(100);
    // A database that is not what it should be makes errors of the server.
    await pool.query("drop table incidents cascade");
    await request(`${base}/api/test/o:t/issues`);
    const texts = [await scrapeText(node, 2), await scrapeText(processor, 1)];
    return { samples: parseSamples(texts.join("\n")), types: typesOf(texts.join("\n")) };
  } finally {
    for (const { child, ended } of [node, processor]) {
      child.kill("SIGTERM");
      await ended;
    }
  }
}

/** Submission files that were taken in, each with something that is refused. */
async function filesDone(base: string): Promise<number> {
  const samples = await scrape(`${base}/metrics`);
  return valueOf(samples, "kernelboard_ingest_submissions_total", { result: "failed" }) ?? 0;
}

/** Requests that are answered, and some that are refused. */
async function visit(base: string): Promise<void> {
  await request(`${base}/api/origins/`);
  await request(`${base}/api/tree/?origin=o`);
  await request(`${base}/api/test/o:t`);
  await request(`${base}/api/nothing`);
  const events = new AbortController();
  await fetch(`${base}/api/events`, { signal: events.signal });
  events.abort();
}

/** @param listeners how many ports for metrics the program opens; the first is read */
async function scrapeText(program: RunningProgram, listeners: number): Promise<string> {
  const ports = (): RegExpMatchArray[] => [...(program.stdout() + program.stderr()).matchAll(METRICS)];
  while (ports().length < listeners) await once(program.child.stderr ?? program.child, "data");
  const response = await fetch(`http://127.0.0.1:${ports()[0]?.[1] ?? ""}/metrics/`);
  return response.text();
}

function typesOf(text: string): Map<string, string> {
  const types = new Map<string, string>();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    types.set(name, type);
    if (type === "histogram" || type === "summary")
      for (const part of ["bucket", "sum", "count"]) types.set(`${name}_${part}`, type);
  }
  return types;
}
