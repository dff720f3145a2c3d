/** Requests are answered from a streaming replica while it has what it must have, and from the primary otherwise. */
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { ChangeFeed } from "../src/changes/feed.ts";
import { migrate } from "../src/database/migrate.ts";
import { createPool, type Connection, type Pool } from "../src/database/pool.ts";
import { openReads, type Reads } from "../src/database/reads.ts";
import { loadSettings } from "../src/settings.ts";
import { ingest } from "../src/ingest/ingest.ts";
import { atEndOfFile } from "./support/cleanup.ts";
import { startCluster, type Cluster } from "./support/cluster.ts";
import { createDatabase, type TestDatabase } from "./support/database.ts";
import { eventually, listenTo } from "./support/events.ts";
import { databaseEnvironment } from "./support/program.ts";
import { request } from "./support/server.ts";
import { ingestOnce, submission } from "./support/spool.ts";
import { submitServer, type SubmitServer } from "./support/submit.ts";

const silent = pino({ level: "silent" });
const started = await startCluster();
const problem = typeof started === "string" ? started : undefined;
const cluster = started as Cluster;

let database: TestDatabase;
let replica: Pool;
let environment: Record<string, string>;
let node: SubmitServer;

describe.skipIf(problem !== undefined)(
  `a primary and a replica${problem === undefined ? "" : `: ${problem}`}`,
  () => {
    beforeAll(async () => {
      database = await createDatabase(cluster.primary);
      atEndOfFile(() => database.pool.end());
      await migrate(database.connection, silent);
      replica = poolOf({ ...cluster.replica, database: database.connection.database });
      environment = {
        ...databaseEnvironment(database.connection),
        DB_REPLICA_URLS: `postgres://${cluster.replica.host}:${cluster.replica.port}`,
        // Machines that run tests are slow at times.
        DB_REPLICA_MAX_LAG_MS: "900",
      };
      node = await submitServer(database.pool, environment);
      const stop = new AbortController();
      const options = {
        ...ingestOnce(database.connection, node.spoolDir),
        once: false,
        intervalSeconds: 1,
        giveUpAfterMs: 120_000,
      };
      const ingestion = ingest({ ...options, signal: stop.signal });
      atEndOfFile(async () => {
        stop.abort();
        await ingestion;
      });
    });

    it("routes the statements of requests to the replica", async () => {
      const reads = await routed();
      await eventuallyOnReplica(reads);
      expect(await isOnReplica(reads.primary)).toBe(false);
      await eventually(async () => {
        await node.get("/api/tree/?origin=o");
        return (await sessions(replica)).filter((text) => text.includes("json_agg(")).length;
      }).toBeGreaterThan(0);
    });

    it("answers with what was announced, whether the replica has it or not", async () => {
      const reads = await routed();
      const events = await listenTo(`${node.base}/api/events`);
      // Where it begins.
      await events.has(1);
      await eventuallyOnReplica(reads);
      for (const isPaused of [false, true, false, true]) {
        if (isPaused) await replica.query("select pg_wal_replay_pause()");
        const before = events.events.length;
        const id = await submitCheckout();
        await events.has(before + 1);
        expect(await treesOf(node)).toContain(id);
        if (isPaused) {
          reads.demandNewest();
          expect(await isOnReplica(reads.pool)).toBe(false);
          await replica.query("select pg_wal_replay_resume()");
          await eventuallyOnReplica(reads);
        }
      }
      events.leave();
    });

    it("uses no replica before commits are announced", async () => {
      const { settings } = loadSettings(environment);
      const options = { pool: database.pool, connection: database.connection, settings, log: silent };
      const deaf = await openReads(options);
      atEndOfFile(() => deaf.close());
      const reads = await routed();
      await eventuallyOnReplica(reads);
      for (let round = 0; round < 20; round++) {
        expect(await isOnReplica(deaf.pool)).toBe(false);
        await sleep(20);
      }
      deaf.useReplicas();
      await eventuallyOnReplica(deaf);
    });

    it("keeps no answer that lacks what was announced", async () => {
      const caching = await submitServer(database.pool, { ...environment, CACHE_TIMEOUT: "180" });
      const events = await listenTo(`${caching.base}/api/events`);
      await events.has(1);
      for (const isPaused of [false, true, false, true]) {
        if (isPaused) await replica.query("select pg_wal_replay_pause()");
        // It was in the cache without the new one.
        await treesOf(caching);
        const before = events.events.length;
        const id = await submitCheckout();
        await events.has(before + 1);
        const { hits } = caching.cacheStats;
        expect(await treesOf(caching, { "cache-control": "no-cache" })).toContain(id);
        expect(await treesOf(caching)).toContain(id);
        expect(caching.cacheStats.hits).toBeGreaterThan(hits);
        if (isPaused) await replica.query("select pg_wal_replay_resume()");
      }
      events.leave();
    });

    it("does not use a replica that falls behind, though nothing was announced", async () => {
      const reads = await routed();
      await eventuallyOnReplica(reads);
      await replica.query("select pg_wal_replay_pause()");
      // An idle primary is not far away.
      await sleep(1500);
      expect(await isOnReplica(reads.pool)).toBe(true);
      await database.rows("create table something_new ()");
      await eventually(() => isOnReplica(reads.pool)).toBe(false);
      await replica.query("select pg_wal_replay_resume()");
      await eventuallyOnReplica(reads);
    });

    it("lets who has submitted read what was submitted, as soon as the status says so", async () => {
      for (let number = 0; number < 3; number++) {
        const id = checkoutId();
        const accepted = await node.submit(checkout(id));
        expect(accepted.status).toBe(200);
        const { id: submissionId } = accepted.body as { id: string };
        for (;;) {
          const { body } = await node.get(`/status?id=${submissionId}`);
          if (JSON.stringify(body).includes('"stored"')) break;
        }
        expect(await treesOf(node)).toContain(id);
      }
    });

    it("reads each of many writes as soon as it is told of it", async () => {
      const reads = await routed();
      await database.rows("create table numbers (n integer)");
      await eventuallyOnReplica(reads);
      let fromReplica = 0;
      for (let n = 1; n <= 100; n++) {
        await database.rows("insert into numbers values ($1)", [n]);
        reads.demandNewest();
        if (n % 2 === 0) await sleep(20);
        const { rows } = await reads.pool.query<{ newest: number; replica: boolean }>(
          "select max(n) as newest, pg_is_in_recovery() as replica from numbers",
        );
        expect(rows[0]?.newest).toBe(n);
        if (rows[0]?.replica === true) fromReplica++;
      }
      expect(fromReplica).toBeGreaterThan(0);
    });

    it("repeats what the replica could not finish on the primary", async () => {
      const reads = await routed();
      await eventuallyOnReplica(reads);
      const asked = reads.pool.query<{ replica: boolean }>(
        "select pg_is_in_recovery() as replica, pg_sleep(case when pg_is_in_recovery() then 60 else 0 end)",
      );
      await eventually(async () => {
        const { rows } = await replica.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(case%' and pid <> pg_backend_pid()",
        );
        return rows.length;
      }).toBe(1);
      expect((await asked).rows[0]?.replica).toBe(false);
      await expect(reads.pool.query("select 1 / 0")).rejects.toThrow("division by zero");
    });

    it("answers every request while the replica stops and returns", async () => {
      const reads = await routed();
      await eventuallyOnReplica(reads);
      const traffic = startTraffic();
      atEndOfFile(traffic.end);
      await cluster.stop("replica1");
      expect(await isOnReplica(reads.pool)).toBe(false);
      const id = await submitCheckout();
      await eventually(() => treesOf(node)).toContain(id);
      await cluster.start("replica1");
      await eventuallyOnReplica(reads);
      expect(await traffic.end()).toEqual([200]);
      expect(await treesOf(node)).toContain(id);
    });

    it("answers every request from the replica while the primary restarts, and what is new afterwards", async () => {
      const reads = await routed();
      await eventuallyOnReplica(reads);
      const traffic = startTraffic();
      atEndOfFile(traffic.end);
      const before = await treesOf(node);
      await cluster.stop("primary");
      expect(await treesOf(node)).toEqual(before);
      await cluster.start("primary");
      expect(await traffic.end()).toEqual([200]);
      const id = await submitCheckout();
      await eventually(() => treesOf(node)).toContain(id);
      await eventuallyOnReplica(reads);
    });

    it("does not keep what a replica answered in place of the primary", async () => {
      const caching = await submitServer(database.pool, { ...environment, CACHE_TIMEOUT: "180" });
      const reads = await routed();
      await eventuallyOnReplica(reads);
      const path = "/api/tree/?origin=o&interval_in_days=2";
      // The cache begins to follow the log.
      await treesOf(caching);
      await cluster.stop("primary");
      expect((await caching.get(path)).status).toBe(200);
      expect(await isOnReplica(reads.pool)).toBe(true);
      expect(reads.unsureAnswers).toBeGreaterThan(0);
      await cluster.start("primary");
      const hitsBy = async (ask: () => Promise<unknown>): Promise<number> => {
        const { hits } = caching.cacheStats;
        await ask();
        return caching.cacheStats.hits - hits;
      };
      // What was kept before is kept still, once the log is read again.
      await eventually(() => hitsBy(() => treesOf(caching))).toBe(1);
      await eventuallyOnReplica(reads);
      // Once this server knows, too, that the primary is back, it keeps what it reads.
      await eventually(() => hitsBy(() => caching.get("/api/tree/?origin=o&interval_in_days=3"))).toBe(1);
      expect(await hitsBy(() => caching.get(path))).toBe(0);
      expect(await hitsBy(() => caching.get(path))).toBe(1);
    });

    it("shows on a node what came in through another, as soon as it has told of it", async () => {
      const other = await submitServer(database.pool, environment);
      const events = await listenTo(`${other.base}/api/events`);
      // Where it begins.
      await events.has(1);
      for (let number = 0; number < 3; number++) {
        const before = events.events.length;
        const id = checkoutId();
        expect((await node.submit(checkout(id))).status).toBe(200);
        await events.has(before + 1);
        expect(await treesOf(other)).toContain(id);
      }
      events.leave();
    });

    it("does not take a server for a replica that is none", async () => {
      const lines: string[] = [];
      const reads = await routed(
        { DB_REPLICA_URLS: `postgres://${cluster.primary.host}:${cluster.primary.port}` },
        pino({ level: "warn" }, { write: (line: string) => lines.push(line) }),
      );
      await eventually(() => lines.join("")).toContain("it is no replica");
      expect(await isOnReplica(reads.pool)).toBe(false);
    });
  },
);

function poolOf(connection: Connection): Pool {
  const pool = createPool(connection, silent, 2);
  atEndOfFile(() => pool.end());
  return pool;
}

/** What a server chooses with, apart from one. */
async function routed(more: Record<string, string> = {}, log = silent): Promise<Reads> {
  const { settings } = loadSettings({ ...environment, ...more });
  const options = { pool: database.pool, connection: database.connection, settings, log };
  const reads = await openReads(options);
  const feed = new ChangeFeed(options);
  await feed.subscribe(reads.demandNewest);
  reads.useReplicas();
  atEndOfFile(async () => {
    await feed.close();
    await reads.close();
  });
  return reads;
}

async function isOnReplica(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ replica: boolean }>("select pg_is_in_recovery() as replica");
  return rows[0]?.replica === true;
}

function eventuallyOnReplica({ pool }: Reads): Promise<void> {
  return eventually(() => isOnReplica(pool)).toBe(true);
}

/** The last statements of a server's other sessions that answer requests. */
async function sessions(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ query: string }>(
    "select query from pg_stat_activity where application_name = 'kernelboard' and pid <> pg_backend_pid()",
  );
  return rows.map(({ query }) => query);
}

let checkouts = 0;
function checkoutId(): string {
  return `o:c${++checkouts}`;
}

/** Each of a tree of its own. */
function checkout(id: string): object {
  return submission({
    checkouts: [
      {
        id,
        origin: "o",
        tree_name: `tree ${id}`,
        git_repository_url: "https://example.org/tree.git",
        git_repository_branch: "main",
        git_commit_hash: checkouts.toString(16).padStart(40, "0"),
        start_time: new Date().toISOString(),
      },
    ],
  });
}

/** It is ingested some time later. */
async function submitCheckout(): Promise<string> {
  const id = checkoutId();
  expect((await node.submit(checkout(id))).status).toBe(200);
  return id;
}

async function treesOf(server: SubmitServer, headers?: Record<string, string>): Promise<string[]> {
  const { status, body } = await server.get("/api/tree/?origin=o&interval_in_days=1", headers);
  expect(status).toBe(200);
  return Array.isArray(body) ? body.map((tree: { id: string }) => tree.id) : [];
}

/** Requests one after the other, two at a time. @returns ends them, and gives the statuses that there were */
function startTraffic(): { end: () => Promise<number[]> } {
  const statuses = new Set<number>();
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      const { status } = await request(`${node.base}/api/tree/?origin=o&interval_in_days=1`);
      statuses.add(status);
    }
  };
  const asking = [ask(), ask()];
  return {
    end: async () => {
      isOver = true;
      await Promise.all(asking);
      return [...statuses];
    },
  };
}
