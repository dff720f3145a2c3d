import { utimes } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { listed, scrape, valueOf, type Samples } from "../../test/support/metrics.ts";
import { testServer } from "../../test/support/server.ts";
import { ingestOnce, submission, temporaryDirectory, writeSubmissions } from "../../test/support/spool.ts";
import { createServer as createWebServer } from "../http/server.ts";
import { Backlog } from "../ingest/backlog.ts";
import { ingest, type IngestOptions } from "../ingest/ingest.ts";
import type { BatchMeasures } from "../ingest/measures.ts";
import { zeroCounts } from "../kcidb/types.ts";
import { loadSettings } from "../settings.ts";
import { createIngestMetrics, type IngestMetrics } from "./ingest_metrics.ts";
import { openMetricsListener } from "./listener.ts";

const silent = pino({ level: "silent" });

interface Exposed {
  metrics: IngestMetrics;
  backlog: Backlog;
  url: string;
  read: () => Promise<Samples>;
}

/** Metrics behind a listener, closed after the test file. */
async function exposed(): Promise<Exposed> {
  const registry = new Registry();
  const backlog = new Backlog();
  const metrics = createIngestMetrics(registry, backlog);
  const listener = await openMetricsListener(0, registry, silent);
  if (listener === undefined) throw new Error("no port");
  atEndOfFile(() => listener.close());
  const url = `http://127.0.0.1:${listener.port}`;
  return { metrics, backlog, url, read: () => scrape(`${url}/metrics/`) };
}

const NOTHING: BatchMeasures = {
  groups: [],
  stored: zeroCounts(),
  merged: zeroCounts(),
  refusals: [],
  submissions: { processed: 0, failed: 0, unreadable: 0 },
  rows: 0,
  milliseconds: 0,
  aggregated: {},
  retries: {},
};

const CHECKOUT = { id: "a:c", origin: "a", git_commit_hash: "a".repeat(40) };
const build = (index: number, more: object = {}): object => ({
  id: `a:${index}`,
  checkout_id: "a:c",
  origin: "a",
  ...more,
});
const test = (index: number, more: object = {}): object => ({
  id: `b:${index}`,
  build_id: "a:1",
  origin: "b",
  ...more,
});
const on = (platform: unknown): object => ({ environment: { misc: { platform } } });

/** Objects of all kinds; some refused, some sent twice. */
const FILES: Record<string, object | string> = {
  "1.json": submission({
    checkouts: [CHECKOUT, { ...CHECKOUT, id: "a:c2", origin: "c" }],
    builds: [build(1, { misc: { lab: "lab-x" } }), build(2), build(3, { misc: { lab: "k8s-y" } })],
    issues: [{ id: "a:i", origin: "a", version: 1 }],
    incidents: [{ id: "a:n", origin: "a", issue_id: "a:i", issue_version: 1, test_id: "b:1" }],
  }),
  "2.json": submission({
    tests: [
      test(1, { ...on("board"), misc: { runtime: "lab-z" } }),
      test(2, { ...on("board"), misc: { runtime: "lab-z" } }),
      test(3, { ...on("other board"), misc: { lab: 'a "lab"\\\n', runtime: "lab-z" } }),
      test(4, { ...on(7), misc: { runtime: { no: "text" }, note: '"lab":"no"' } }),
      test(5, { ...on(""), misc: { runtime: "b", inner: { lab: "no", runtime: "no" } } }),
      // Half a pair passes no check, an unknown status no schema.
      test(6, { comment: "\ud800" }),
      test(7, { status: "GREAT" }),
    ],
  }),
  "3.json": submission({ tests: [test(1), test(1), test(8)], builds: [build(1)] }),
  "4.json": "{",
  "5.json": submission({}),
};

describe("the metrics of a real ingestion", () => {
  let database: TestDatabase;
  let samples: Samples;

  beforeAll(async () => {
    database = await testDatabase();
    const { metrics, backlog, read } = await exposed();
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, FILES);
    const options: IngestOptions = {
      ...ingestOnce(database.connection, spoolDir),
      batchSize: 3,
      onMeasures: metrics.onBatch,
      backlog,
    };
    await ingest(options);
    samples = await read();
  });

  it("are what the database holds", async () => {
    for (const kind of ["checkouts", "builds", "tests", "issues", "incidents"]) {
      const [row] = await database.rows(`select count(*)::integer as count from ${kind}`);
      expect([
        kind,
        valueOf(samples, "kernelboard_ingest_objects_total", { outcome: "stored", kind }),
      ]).toEqual([kind, row?.count]);
    }
    const byOrigin = async (kind: string): Promise<unknown[]> =>
      (
        await database.rows(
          `select origin || ' ' || count(*) as line from ${kind} group by origin order by origin collate "C"`,
        )
      ).map(({ line }) => line);
    for (const kind of ["checkouts", "issues", "incidents"])
      expect(listed(samples, `kcidb_${kind}_total`, ["origin"])).toEqual(await byOrigin(kind));
  });

  it("tell builds and tests apart by lab and platform, repeated ones too", () => {
    expect(listed(samples, "kcidb_builds_total", ["ingester", "origin", "lab"])).toEqual([
      "django,a,a 3",
      "django,a,lab-x 1",
    ]);
    expect(listed(samples, "kcidb_tests_total", ["ingester", "origin", "lab", "platform"])).toEqual(
      [
        'django,b,a \\"lab\\"\\\\\\n,other board 1',
        "django,b,b,None 4",
        "django,b,lab-z,board 2",
        "django,b,None,None 1",
      ].sort(),
    );
  });

  it("tell what became of objects and files, and by which rule", () => {
    expect(listed(samples, "kernelboard_ingest_objects_total", ["outcome", "kind"])).toEqual([
      "merged,builds 1",
      "merged,tests 2",
      "refused,tests 2",
      "stored,builds 3",
      "stored,checkouts 2",
      "stored,incidents 1",
      "stored,issues 1",
      "stored,tests 6",
    ]);
    expect(listed(samples, "kernelboard_ingest_refusals_total", ["scope", "rule"])).toEqual([
      "file,json 1",
      "object,enum 1",
      "object,surrogate 1",
    ]);
    expect(listed(samples, "kernelboard_ingest_submissions_total", ["result"])).toEqual([
      "failed 2",
      "processed 3",
    ]);
    expect(valueOf(samples, "kcidb_ingestions_total", { ingester: "django" })).toBe(4);
  });

  it("tell how batches were written", () => {
    const rows = valueOf(samples, "kernelboard_ingest_rows_total") ?? 0;
    // 16 objects; one of two that are equal is folded when they meet in one batch.
    expect(rows).toBeGreaterThanOrEqual(15);
    expect(rows).toBeLessThanOrEqual(16);
    const batches = valueOf(samples, "kernelboard_ingest_batch_seconds_count") ?? 0;
    expect(batches).toBeGreaterThan(1);
    expect(valueOf(samples, "kernelboard_ingest_batch_seconds_bucket", { le: "+Inf" })).toBe(batches);
    expect(listed(samples, "kernelboard_ingest_retries_total", ["reason"])).toEqual([]);
    for (const name of ["kernelboard_ingest_backlog_files", "kernelboard_ingest_backlog_age_seconds"])
      expect([name, valueOf(samples, name)]).toEqual([name, 0]);
    expect(valueOf(samples, "kcidb_ingestion_queue", { ingester: "django" })).toBe(0);
  });
});

describe("counting after the commit", () => {
  it("leaves out what the database refused, and counts why batches were tried again", async () => {
    const database = await testDatabase();
    await database.pool.query("alter table tests add constraint no_bad check (comment <> 'bad')");
    const { metrics, read } = await exposed();
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, {
      "a.json": submission({ tests: [test(1), test(2, { comment: "bad" }), test(3), test(4)] }),
    });
    // The first deadlock is made; there are none by design.
    await database.pool.query(`
      create sequence attempts;
      create function fail_once() returns trigger language plpgsql as $$ begin
        if nextval('attempts') = 1 then raise exception 'made' using errcode = '40P01'; end if; return null;
      end $$;
      create trigger fail_once after insert on tests for each statement execute function fail_once()`);
    await ingest({ ...ingestOnce(database.connection, spoolDir), onMeasures: metrics.onBatch });
    const samples = await read();
    expect(listed(samples, "kcidb_tests_total", ["origin"])).toEqual(["b 3"]);
    expect(listed(samples, "kernelboard_ingest_objects_total", ["outcome", "kind"])).toEqual([
      "refused,tests 1",
      "stored,tests 3",
    ]);
    expect(listed(samples, "kernelboard_ingest_refusals_total", ["scope", "rule"])).toEqual([
      "object,database 1",
    ]);
    expect(listed(samples, "kernelboard_ingest_retries_total", ["reason"])).toEqual(["serialization 1"]);
    expect(listed(samples, "aggregation_deadlock_retries_total", ["table"])).toEqual(["tree_listing 1"]);
  });

  it("counts nothing of a batch that is not committed", async () => {
    const { metrics, read } = await exposed();
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, { "a.json": submission({ tests: [test(1)] }) });
    const nowhere = { ...(await testDatabase()).connection, port: 1 };
    await expect(
      ingest({ ...ingestOnce(nowhere, spoolDir), giveUpAfterMs: 0, onMeasures: metrics.onBatch }),
    ).rejects.toThrow("could not be used");
    expect(listed(await read(), "kcidb_tests_total", ["origin"])).toEqual([]);
  });
});

describe("createIngestMetrics", () => {
  it("shows every series of known labels from the start", async () => {
    const samples = await (await exposed()).read();
    for (const [name, labels] of [
      ["kcidb_ingestions_total", { ingester: "django" }],
      ["kcidb_ingester_worker_failures_total", { ingester: "django", reason: "exception" }],
      ["kcidb_ingester_worker_failures_total", { ingester: "django", reason: "signal" }],
      ["aggregation_records_written_total", { table: "tree_listing" }],
      ["aggregation_records_written_total", { table: "hardware_status" }],
      ["aggregation_records_written_total", { table: "tree_tests_rollup" }],
      ["aggregation_deadlock_retries_total", { table: "tree_listing" }],
      ["kernelboard_ingest_retries_total", { reason: "resources" }],
      ["kernelboard_ingest_pending_retry_files_total", {}],
      ["kernelboard_log_excerpts_total", { result: "skipped" }],
    ] as [string, Record<string, string>][])
      expect([name, labels, valueOf(samples, name, labels)]).toEqual([name, labels, 0]);
  });

  it("adds up what several workers did", async () => {
    const { metrics, read } = await exposed();
    for (let worker = 0; worker < 3; worker++) {
      // As it comes out of another thread.
      metrics.onBatch(
        structuredClone({
          ...NOTHING,
          rows: 10,
          milliseconds: 400,
          retries: { connection: 2, other: 1 },
          excerpts: { uploaded: 3, cached: 2, failed: 1, skipped: 0 },
          aggregated: { tree_listing: 5, hardware_status: 1 },
          refusals: [{ rule: "unlisted", kind: "tests", count: 7 }],
        } satisfies BatchMeasures),
      );
    }
    metrics.onPendingRetry();
    metrics.onWorkerFailure("signal");
    const samples = await read();
    expect(valueOf(samples, "kernelboard_ingest_rows_total")).toBe(30);
    expect(valueOf(samples, "kernelboard_ingest_batch_seconds_sum")).toBeCloseTo(1.2);
    expect(listed(samples, "kernelboard_ingest_retries_total", ["reason"])).toEqual([
      "connection 6",
      "other 3",
    ]);
    expect(listed(samples, "kernelboard_log_excerpts_total", ["result"])).toEqual([
      "cached 6",
      "failed 3",
      "uploaded 9",
    ]);
    expect(listed(samples, "aggregation_records_written_total", ["table"])).toEqual([
      "hardware_status 3",
      "tree_listing 15",
    ]);
    expect(listed(samples, "kernelboard_ingest_refusals_total", ["scope", "rule"])).toEqual([
      "object,unlisted 21",
    ]);
    expect(valueOf(samples, "kernelboard_ingest_pending_retry_files_total")).toBe(1);
    expect(listed(samples, "kcidb_ingester_worker_failures_total", ["reason"])).toEqual(["signal 1"]);
  });

  it("bounds labels that submitters choose", async () => {
    const { metrics, read } = await exposed();
    const group = { kind: "tests", origin: "o", count: 1 } as const;
    const groups = Array.from({ length: 1500 }, (_, index) => ({
      ...group,
      lab: "l",
      platform: `p${index}`,
    }));
    metrics.onBatch({ ...NOTHING, groups });
    metrics.onBatch({
      ...NOTHING,
      groups: [...groups.slice(0, 2), { ...group, lab: "x".repeat(201), platform: "p0" }],
    });
    const samples = await read();
    expect(samples.get("kcidb_tests_total")).toHaveLength(1002);
    expect(valueOf(samples, "kcidb_tests_total", { lab: "l", platform: "other" })).toBe(500);
    expect(valueOf(samples, "kcidb_tests_total", { lab: "l", platform: "p0" })).toBe(2);
    expect(valueOf(samples, "kcidb_tests_total", { lab: "other", platform: "p0" })).toBe(1);
  });

  it("tells what waits, and since when", async () => {
    const { backlog, read } = await exposed();
    const spoolDir = await temporaryDirectory();
    await writeSubmissions(spoolDir, { "old.json": "{}", "new.json": "{}" });
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(join(spoolDir, "old.json"), hourAgo, hourAgo);
    await backlog.scanned(spoolDir, ["new.json", "old.json", "gone.json"], new Set());
    const both = await read();
    expect([
      valueOf(both, "kcidb_ingestion_queue"),
      valueOf(both, "kernelboard_ingest_backlog_files"),
      Math.floor((valueOf(both, "kernelboard_ingest_backlog_age_seconds") ?? 0) / 3600),
    ]).toEqual([2, 2, 1]);
    backlog.finished("old.json");
    const one = await read();
    expect(valueOf(one, "kernelboard_ingest_backlog_files")).toBe(1);
    expect(valueOf(one, "kernelboard_ingest_backlog_age_seconds")).toBeLessThan(3600);
    await backlog.scanned(spoolDir, [], new Set());
    expect(valueOf(await read(), "kernelboard_ingest_backlog_age_seconds")).toBe(0);
  });
});

describe("the listener", () => {
  it("answers any path, to read alone", async () => {
    const { url } = await exposed();
    for (const path of ["/", "/metrics", "/metrics/", "/x?y=z"])
      expect((await scrape(url + path)).has("kcidb_ingestions_total")).toBe(true);
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
  });

  it("warns when its port is taken, and does nothing else", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, resolve));
    atEndOfFile(() => new Promise((resolve) => taken.close(resolve)));
    const { port } = taken.address() as AddressInfo;
    const logged: string[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => logged.push(line) });
    expect(await openMetricsListener(port, new Registry(), log)).toBeUndefined();
    expect(logged.join()).toContain("EADDRINUSE");
  });
});

describe("/metrics of the web server", () => {
  it("is there where the process has metrics, and not found elsewhere", async () => {
    const { pool, connection } = await testDatabase();
    const without = await testServer(pool);
    expect(await without.get("/metrics")).toMatchObject({
      status: 404,
      body: { error: "Not found: /metrics" },
    });

    const registry = new Registry();
    createIngestMetrics(registry, new Backlog()).onPendingRetry();
    const { settings } = loadSettings({});
    const app = await createWebServer({
      pool,
      connection,
      settings,
      log: silent,
      pageFolder: "no page here",
      metrics: registry,
    });
    atEndOfFile(() => app.close());
    const base = await app.listen({ host: "127.0.0.1", port: 0 });
    expect(valueOf(await scrape(`${base}/metrics`), "kernelboard_ingest_pending_retry_files_total")).toBe(1);
  });
});
