/** Metrics of the built program, as a scraper reads them. */
import { readdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "./support/cleanup.ts";
import { testDatabase } from "./support/database.ts";
import { scrape, valueOf } from "./support/metrics.ts";
import { databaseEnvironment, run, start, type RunningProgram } from "./support/program.ts";
import { request } from "./support/server.ts";
import { submission, temporaryDirectory, writeSubmissions } from "./support/spool.ts";
import { testStorage } from "./support/storage.ts";

let environment: Record<string, string>;
const programs: RunningProgram[] = [];

beforeAll(async () => {
  environment = databaseEnvironment((await testDatabase()).connection);
});
afterEach(async () => {
  for (const { child, ended } of programs.splice(0)) {
    child.kill("SIGTERM");
    await ended;
  }
});

function started(args: string[], more: Record<string, string>): RunningProgram {
  const program = start(args, {
    ...environment,
    INGESTER_METRICS_PORT: "0",
    PROMETHEUS_METRICS_PORT: "0",
    ...more,
  });
  programs.push(program);
  return program;
}

const LISTENING = /"port":(\d+),"msg":"metrics can be read"/;
const SKIPPED = "PROMETHEUS_MULTIPROC_DIR is not set, skipping Prometheus metrics";
const ONE_TEST = submission({
  tests: [{ id: "o:t", build_id: "o:b", origin: "o", log_excerpt: "x".repeat(300) }],
});

async function spoolWith(files: Record<string, object>): Promise<string> {
  const directory = await temporaryDirectory();
  await writeSubmissions(directory, files);
  return directory;
}

describe("monitor_submissions", () => {
  it("shows metrics as the reference does, and leaves its directory alone", async () => {
    const multiprocDir = await temporaryDirectory();
    await writeFile(join(multiprocDir, "counter_1.db"), "of another process");
    const spoolDir = await spoolWith({ "a.json": ONE_TEST });
    const program = started(["monitor_submissions", "--spool-dir", spoolDir, "--interval", "0"], {
      PROMETHEUS_MULTIPROC_DIR: multiprocDir,
    });
    const port = await program.shows(LISTENING);
    await program.shows(/batch written/);
    const samples = await scrape(`http://127.0.0.1:${port}/metrics/`);
    expect(valueOf(samples, "kcidb_ingestions_total", { ingester: "django" })).toBe(1);
    expect(await readdir(multiprocDir)).toEqual(["counter_1.db"]);
    program.child.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  });

  it("moves log excerpts, and counts them", async () => {
    const storage = await testStorage();
    const spoolDir = await spoolWith({ "a.json": ONE_TEST });
    const program = started(["monitor_submissions", "--spool-dir", spoolDir, "--interval", "0"], {
      PROMETHEUS_METRICS_ENABLED: "true",
      CONVERT_LOG_EXCERPT: "true",
      STORAGE_TOKEN: "s3cret",
      STORAGE_BASE_URL: storage.baseUrl,
    });
    const port = await program.shows(LISTENING);
    await program.shows(/batch written/);
    const samples = await scrape(`http://127.0.0.1:${port}/`);
    expect(valueOf(samples, "kernelboard_log_excerpts_total", { result: "uploaded" })).toBe(1);
    expect(storage.uploads.map(({ headers }) => headers.authorization)).toEqual(["Bearer s3cret"]);
    expect(program.stderr()).not.toContain("s3cret");
  });
});

describe("ingest", () => {
  it("says why there are no metrics, and no uploads", async () => {
    const spoolDir = await spoolWith({ "a.json": ONE_TEST });
    const { code, stderr } = await run(["ingest", "--spool-dir", spoolDir, "--once"], {
      ...environment,
      CONVERT_LOG_EXCERPT: "true",
    });
    expect(code).toBe(0);
    expect(stderr.split("\n").filter((line) => line.includes(SKIPPED))).toHaveLength(1);
    expect(stderr.split("\n").filter((line) => line.includes("STORAGE_TOKEN is not set"))).toHaveLength(1);
  });

  it("goes on when the port for metrics is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, resolve));
    atEndOfFile(() => new Promise((resolve) => taken.close(resolve)));
    const spoolDir = await spoolWith({ "a.json": ONE_TEST });
    const { code, stderr } = await run(["ingest", "--spool-dir", spoolDir, "--once"], {
      ...environment,
      PROMETHEUS_METRICS_ENABLED: "true",
      INGESTER_METRICS_PORT: String((taken.address() as AddressInfo).port),
    });
    expect(code).toBe(0);
    expect(stderr).toContain("EADDRINUSE");
    expect(stderr).toContain("batch written");
    expect(await readdir(join(spoolDir, "archive"))).toEqual(["a.json"]);
  });
});

describe("serve", () => {
  it("shows the metrics of its ingestion on its ports when it is told to", async () => {
    const spoolDir = await spoolWith({ "a.json": ONE_TEST });
    const program = started(["serve", "--port", "0", "--spool-dir", spoolDir, "--interval", "0"], {
      PROMETHEUS_METRICS_ENABLED: "true",
    });
    const base = await program.shows(/Listening on (\S+)\//);
    const port = await program.shows(LISTENING);
    await program.shows(/batch written/);
    for (const url of [`${base}/metrics`, `http://127.0.0.1:${port}/metrics/`])
      expect(valueOf(await scrape(url), "kcidb_ingestions_total", { ingester: "django" })).toBe(1);
  });

  it("shows its own at /metrics and on a port of theirs when it does not ingest", async () => {
    const program = started(["serve", "--port", "0", "--role", "web"], {
      PROMETHEUS_METRICS_ENABLED: "true",
    });
    const base = await program.shows(/Listening on (\S+)\//);
    const port = await program.shows(LISTENING);
    await request(`${base}/healthz`);
    for (const url of [`${base}/metrics`, `http://127.0.0.1:${port}/any/path`]) {
      const samples = await scrape(url);
      const byView = "django_http_requests_total_by_view_transport_method_total";
      expect(valueOf(samples, byView, { view: "/healthz" })).toBe(1);
      expect(samples.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
      expect(samples.has("kcidb_ingestions_total")).toBe(false);
    }
  });

  it("has no /metrics when it is not told to", async () => {
    const base = await started(["serve", "--port", "0"], {}).shows(/Listening on (\S+)\//);
    expect((await request(`${base}/metrics`)).status).toBe(404);
  });
});

describe("process_pending_aggregations", () => {
  it("shows what it counted on a port of its own", async () => {
    const program = started(["process_pending_aggregations", "--loop"], {
      PROMETHEUS_METRICS_ENABLED: "true",
      PROMETHEUS_METRICS_PORT: "1",
      PENDING_AGGREGATIONS_METRICS_PORT: "0",
    });
    const samples = await scrape(`http://127.0.0.1:${await program.shows(LISTENING)}/metrics/`);
    expect(valueOf(samples, "aggregation_records_written_total", { table: "processed_items" })).toBe(0);
  });
});
