/** Metrics of requests and statements, of a real server on a real database. */
import { Registry } from "prom-client";
import { beforeAll, describe, expect, it } from "vitest";
import { pino } from "pino";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { createDatabase, testDatabase } from "../../test/support/database.ts";
import { listed, parseSamples, valueOf, type Samples } from "../../test/support/metrics.ts";
import { request } from "../../test/support/server.ts";
import type { OwnPool } from "../database/pool.ts";
import { API_PATHS } from "../http/paths.ts";
import { createServer } from "../http/server.ts";
import { UNNAMED_VIEW, viewName } from "../http/view_names.ts";
import { loadSettings } from "../settings.ts";
import { createDatabaseMetrics, createPoolMetrics } from "./database_metrics.ts";
import { createHttpMetrics } from "./http_metrics.ts";

const registry = new Registry();
let base: string;
let pool: OwnPool;
let read: () => Promise<Samples>;

beforeAll(async () => {
  const database = await testDatabase();
  const { connection } = database;
  pool = database.pool;
  const stopCounting = createDatabaseMetrics(registry);
  atEndOfFile(() => {
    stopCounting();
    return Promise.resolve();
  });
  createPoolMetrics(registry, pool);
  const { settings } = loadSettings({});
  const app = await createServer({
    pool,
    connection,
    settings,
    log: pino({ level: "silent" }),
    pageFolder: "no page here",
    observers: [createHttpMetrics(registry)],
  });
  atEndOfFile(() => app.close());
  base = (await app.listen({ host: "127.0.0.1", port: 0 })).replace(/\/$/, "");
  read = async () => parseSamples(await registry.metrics());
});

describe("requests", () => {
  it("are counted and timed by the reference's names of routes", async () => {
    const head = "a".repeat(40);
    const json = { "content-type": "application/json" };
    await request(`${base}/api/tree/?origin=maestro`);
    // Branch `for`, commit `next`, as the reference reads it.
    await request(`${base}/api/tree/mainline/for/next/full`);
    await request(`${base}/api/tree/mainline/a/b/${head}/summary?git_url=x&origin=maestro`);
    await request(`${base}/api/hardware/board`, { method: "POST", headers: json, body: "{}" });
    await request(`${base}/api/test/o:1`, { method: "DELETE" });
    await request(`${base}/api/tree`);
    await request(`${base}/api/nothing/here`, { headers: { "x-requested-with": "XMLHttpRequest" } });
    await request(`${base}/readyz`);
    const samples = await read();
    const answers = "django_http_responses_total_by_status_view_method_total";
    expect(listed(samples, answers, ["status", "view", "method"])).toEqual(
      [
        "200,/readyz,GET 1",
        "200,tree,GET 1",
        "200,treeDetailsDirectView,GET 1",
        `301,${UNNAMED_VIEW},GET 1`,
        "400,hardwareDetails,POST 1",
        "404,<unnamed view>,GET 1",
        "405,testDetails,DELETE 1",
        "200,treeDetailsDirectSummaryView,GET 1",
      ].sort(),
    );
    const latency = "django_http_requests_latency_seconds_by_view_method";
    expect(listed(samples, `${latency}_count`, ["view", "method"])).toContain("treeDetailsDirectView,GET 1");
    const buckets = (samples.get(`${latency}_bucket`) ?? []).filter(({ labels }) => labels.view === "tree");
    expect(buckets.map(({ labels }) => labels.le)).toEqual(
      "0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 25 50 75 +Inf".split(" "),
    );
    const byView = "django_http_requests_total_by_view_transport_method_total";
    expect(valueOf(samples, byView, { view: "tree", transport: "http", method: "GET" })).toBe(1);
    expect(valueOf(samples, "django_http_requests_total_by_method_total", { method: "GET" })).toBe(6);
    expect(valueOf(samples, "django_http_requests_before_middlewares_total")).toBe(8);
    expect(valueOf(samples, "django_http_responses_before_middlewares_total")).toBe(8);
    expect(valueOf(samples, "django_http_requests_latency_including_middlewares_seconds_count")).toBe(8);
    expect(valueOf(samples, "django_http_ajax_requests_total")).toBe(1);
    expect(valueOf(samples, "django_http_requests_body_total_bytes_sum")).toBe(2);
    expect(valueOf(samples, "django_http_responses_body_total_bytes_sum")).toBeGreaterThan(8);
  });

  it("that listen to events are counted, and leave the times of others alone", async () => {
    const before = valueOf(await read(), "django_http_requests_latency_including_middlewares_seconds_count");
    const stop = new AbortController();
    const { body } = await fetch(`${base}/api/events`, { signal: stop.signal });
    await body?.getReader().read();
    stop.abort();
    await expect.poll(async () => valueOf(await read(), "django_http_responses_streaming_total")).toBe(1);
    const samples = await read();
    expect(valueOf(samples, "django_http_requests_latency_including_middlewares_seconds_count")).toBe(before);
    expect(valueOf(samples, "django_http_requests_unknown_latency_total")).toBe(1);
  });

  it("make no more series than there are routes, whatever their paths", async () => {
    const seriesOf = (samples: Samples): number =>
      samples.get("django_http_responses_total_by_status_view_method_total")?.length ?? 0;
    await request(`${base}/api/test/first`);
    await request(`${base}/first`);
    const before = seriesOf(await read());
    for (let index = 0; index < 20; index++) {
      await request(`${base}/api/test/o:${index}`);
      await request(`${base}/${index}`);
    }
    expect(seriesOf(await read())).toBe(before);
  });
});

describe("names of routes", () => {
  it("are the reference's, one for each of its paths", () => {
    const names = API_PATHS.filter(({ pattern }) => !pattern.startsWith("events")).map(({ pattern }) =>
      viewName(`/api/${pattern.replace(/<(\w+)(?::path)?>/g, ":$1")}`),
    );
    expect(names.filter((name) => /[/:]/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("statements", () => {
  it("are counted with their time, their errors and the connections they take", async () => {
    const { pool: other, drop } = await createDatabase((await testDatabase()).connection);
    try {
      const before = await read();
      await other.query("select 1");
      await expect(other.query("select 1 / 0")).rejects.toThrow("division by zero");
      await expect(other.query({ text: "select nothing" })).rejects.toThrow("nothing");
      await Promise.all([1, 2, 3].map(() => other.query("select pg_sleep(0.01)")));
      const after = await read();
      const more = (name: string, labels = {}): number =>
        (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0);
      expect(more("django_db_execute_total")).toBe(6);
      expect(more("django_db_query_duration_seconds_count", { alias: "default", vendor: "postgresql" })).toBe(
        6,
      );
      expect(more("django_db_errors_total", { type: "DataError" })).toBe(1);
      expect(more("django_db_errors_total", { type: "ProgrammingError" })).toBe(1);
      // The pool gives up a connection whose statement failed.
      expect(more("django_db_new_connections_total")).toBe(5);
      expect(more("kernelboard_db_pool_wait_seconds_count")).toBe(6);
    } finally {
      await drop();
    }
  });

  it("that wait for the pool are seen", async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => pool.connect()));
    const waiting = pool.query("select 1");
    const samples = await read();
    for (const client of clients) client.release();
    await waiting;
    expect(valueOf(samples, "kernelboard_db_pool_max_connections")).toBe(4);
    expect(valueOf(samples, "kernelboard_db_pool_waiting")).toBe(1);
    expect(valueOf(samples, "kernelboard_db_pool_connections", { state: "busy" })).toBe(4);
    expect(valueOf(samples, "kernelboard_db_pool_connections", { state: "idle" })).toBe(0);
  });
});
