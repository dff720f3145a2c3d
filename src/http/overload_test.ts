/** Too many requests, through a server and a database that are made to be slow by locks. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import pg from "pg";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { clientOptions, createPool } from "../database/pool.ts";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { testServer, type Answer, type TestServer } from "../../test/support/server.ts";
import { Gate, GateBusy } from "./gate.ts";
import { statementsOf } from "./overload.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});

const FULL = "/api/tree/t/b/c/full";
const CHEAP = "/api/tree/";
const NEVER = new AbortController().signal;

/** Makes every statement on a table wait. @returns ends that */
async function lock(table: string): Promise<() => Promise<void>> {
  const client = new pg.Client(clientOptions(database.connection, "kernelboard test lock"));
  await client.connect();
  await client.query(`begin; lock table ${table} in access exclusive mode`);
  return () => client.end();
}

/** Waits until so many statements wait for a lock. */
async function blocked(count: number): Promise<void> {
  for (;;) {
    const rows = await database.rows(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rows.length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function expectBusy({ status, headers, body }: Answer): void {
  expect([status, body]).toEqual([503, { error: expect.stringContaining("The server is busy") as string }]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
}

function statuses(answers: Answer[]): number[] {
  return answers.map(({ status }) => status).sort();
}

describe("many requests of one client", () => {
  const from = (address: string): Record<string, string> => ({ "x-forwarded-for": address });

  it("get 429 with Retry-After, others and health checks do not", async () => {
    const { get } = await testServer(database.pool, { KERNELBOARD_RATE_LIMIT: "3" });
    for (let n = 0; n < 3; n++) expect((await get(CHEAP, from("203.0.113.5"))).status).toBe(200);
    const { status, headers, body } = await get(CHEAP, from("203.0.113.5"));
    expect([status, body]).toEqual([
      429,
      { error: expect.stringContaining("too many requests from this address") as string },
    ]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await get("/healthz", from("203.0.113.5"))).status).toBe(200);
    expect((await get("/readyz", from("203.0.113.5"))).status).toBe(200);
    expect((await get(CHEAP, from("203.0.113.6"))).status).toBe(200);
    for (let n = 0; n < 5; n++) expect((await get(CHEAP)).status).toBe(200);
  });

  it("are those of the proxy when it is not trusted", async () => {
    const { get } = await testServer(database.pool, {
      KERNELBOARD_RATE_LIMIT: "1",
      KERNELBOARD_TRUSTED_PROXIES: '["192.0.2.1"]',
    });
    for (let n = 0; n < 3; n++) expect((await get(CHEAP, from("203.0.113.5"))).status).toBe(200);
  });
});

describe("many requests in total", () => {
  it("get 503 with Retry-After, health checks do not", async () => {
    const { get } = await testServer(database.pool, { KERNELBOARD_MAX_REQUESTS: "1" });
    const unlock = await lock("tree_listing");
    const first = get(CHEAP);
    await blocked(1);
    expectBusy(await get(CHEAP));
    expect((await get("/readyz")).status).toBe(200);
    await unlock();
    expect((await first).status).toBe(200);
    expect((await get(CHEAP)).status).toBe(200);
  });

  it("get 503 when too many wait for a connection", async () => {
    const pool = createPool(database.connection, pino({ level: "silent" }), 1);
    const { get } = await testServer(pool, { KERNELBOARD_MAX_POOL_WAITING: "1" });
    atEndOfFile(() => pool.end());
    const unlock = await lock("tree_listing");
    const first = get(CHEAP);
    await blocked(1);
    const second = get(CHEAP);
    while (pool.waitingCount < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expectBusy(await get(CHEAP));
    await unlock();
    expect(statuses(await Promise.all([first, second]))).toEqual([200, 200]);
  });
});

describe("a statement that takes too long", () => {
  it("gives 503 with Retry-After", async () => {
    const pool = createPool(database.connection, pino({ level: "silent" }), 2, 100);
    const { get, log } = await testServer(pool);
    atEndOfFile(() => pool.end());
    const unlock = await lock("tree_listing");
    expectBusy(await get(CHEAP));
    await unlock();
    expect(log.join("\n")).toContain("canceling statement due to statement timeout");
    expect((await get(CHEAP)).status).toBe(200);
  });
});

describe("a flood of expensive requests", () => {
  const ONE_PLACE = { KERNELBOARD_POOL_SIZE: "4" };
  let server: TestServer;

  it("leaves the cheap routes answering, and has a bounded queue that who goes away leaves", async () => {
    server = await testServer(database.pool, { ...ONE_PLACE, KERNELBOARD_EXPENSIVE_QUEUE: "2" });
    const unlock = await lock("builds");
    const inside = server.get(FULL);
    await blocked(3);
    const leaver = new AbortController();
    const left = fetch(server.base + FULL, { signal: leaver.signal }).catch(() => "left");
    const waits = server.get(FULL);
    // Two wait by now, or soon; from then on everybody is sent away.
    for (let refused = 0; refused < 3;) {
      const answer = await Promise.race([server.get(FULL), timeOut()]);
      if (answer === undefined) break;
      expectBusy(answer);
      refused++;
    }
    expect(await server.get(CHEAP)).toMatchObject({ status: 200 });
    leaver.abort();
    expect(await left).toBe("left");
    // There is room for one again, who is not answered before the lock is gone.
    let next: Promise<Answer>;
    do {
      next = server.get(FULL);
    } while ((await Promise.race([next, timeOut()])) !== undefined);
    await unlock();
    expect(statuses(await Promise.all([inside, waits, next]))).toEqual([200, 200, 200]);
  });

  it("waits for some time only", async () => {
    const { get } = await testServer(database.pool, { ...ONE_PLACE, KERNELBOARD_EXPENSIVE_WAIT_MS: "50" });
    const unlock = await lock("builds");
    const inside = get(FULL);
    await blocked(3);
    expectBusy(await get(FULL));
    await unlock();
    expect((await inside).status).toBe(200);
  });

  it("runs statements at once, but one after the other while somebody waits for them", async () => {
    const { get } = await testServer(database.pool, ONE_PLACE, undefined, (app) => {
      app.get("/twice", { config: { cost: "expensive" } }, async (request) => {
        let running = 0;
        let most = 0;
        const statements = statementsOf(request, {
          query: async <Row extends pg.QueryResultRow>(statement: pg.QueryConfig | string) => {
            most = Math.max(most, ++running);
            const result = await database.pool.query<Row>(statement);
            running--;
            return result;
          },
        });
        await Promise.all([
          statements.query("select pg_sleep(0.3)"),
          statements.query("select pg_sleep(0.3)"),
        ]);
        return { most };
      });
    });
    const answers = await Promise.all([get("/twice"), get("/twice"), get("/twice")]);
    // Nobody waits when the first begins, and when the last does.
    expect(answers.map(({ body }) => (body as { most: number }).most)).toEqual([2, 1, 2]);
  });

  it("gives its place back when its client goes away", async () => {
    const { get, base } = await testServer(database.pool, ONE_PLACE);
    const unlock = await lock("builds");
    const leaver = new AbortController();
    const left = fetch(base + FULL, { signal: leaver.signal }).catch(() => "left");
    await blocked(3);
    leaver.abort();
    await left;
    const next = get(FULL);
    await unlock();
    expect((await next).status).toBe(200);
  });

  function timeOut(): Promise<undefined> {
    return new Promise((resolve) => {
      setTimeout(() => {
        resolve(undefined);
      }, 500);
    });
  }
});

describe("a client that does not take its answer", () => {
  const BIG = 32 * 1024 * 1024;

  function stuckReader(base: string): Socket {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined).pause();
    socket.write("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return socket;
  }

  async function bigServer(environment: Record<string, string>): Promise<TestServer> {
    return testServer(
      database.pool,
      { KERNELBOARD_MAX_UNSENT_BYTES: String(1024 * 1024), ...environment },
      undefined,
      (app) => {
        app.get("/big", { config: { cost: "expensive" } }, (_request, reply) =>
          reply.send(Buffer.alloc(BIG)),
        );
      },
    );
  }

  it("keeps others from filling the memory", async () => {
    const { base } = await bigServer({ KERNELBOARD_EXPENSIVE_WAIT_MS: "300" });
    const reader = stuckReader(base);
    const identity = { headers: { "accept-encoding": "identity" } };
    // Once its answer waits there is no room for another one.
    let status: number;
    do {
      const answer = await fetch(`${base}/big`, identity);
      await answer.arrayBuffer();
      ({ status } = answer);
    } while (status === 200);
    expect(status).toBe(503);
    reader.destroy();
    const answer = await fetch(`${base}/big`, identity);
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, BIG]);
  });

  it("is cut off in the end", async () => {
    const { base } = await bigServer({ KERNELBOARD_SEND_TIMEOUT_SECONDS: "1" });
    const reader = stuckReader(base);
    await once(reader, "connect");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    let received = 0;
    reader.on("data", (chunk: Buffer) => (received += chunk.length)).resume();
    await once(reader, "close");
    expect(received).toBeLessThan(BIG);
  });
});

describe("Gate", () => {
  const LIMITS = { places: 1, maxWaiting: 4, maxWaitMs: 10_000 };

  it("lets clients take turns", async () => {
    const gate = new Gate(LIMITS);
    const leave = await gate.enter("a", NEVER);
    const order: string[] = [];
    const visits = ["a", "a", "a", "b"].map(async (client) => {
      const done = await gate.enter(client, NEVER);
      order.push(client);
      done();
    });
    leave();
    await Promise.all(visits);
    expect(order).toEqual(["a", "b", "a", "a"]);
    expect([gate.inside, gate.waiting]).toEqual([0, 0]);
  });

  it("sends away who asks for most when it is full", async () => {
    const gate = new Gate(LIMITS);
    const leave = await gate.enter("a", NEVER);
    const greedy = Array.from({ length: 4 }, () =>
      gate.enter("a", NEVER).then(
        (done) => {
          done();
          return "in";
        },
        (error: unknown) => error,
      ),
    );
    const modest = gate.enter("b", NEVER);
    expect(await greedy[3]).toBeInstanceOf(GateBusy);
    await expect(gate.enter("a", NEVER)).rejects.toBeInstanceOf(GateBusy);
    leave();
    (await modest)();
    expect(await Promise.all(greedy.slice(0, 3))).toEqual(["in", "in", "in"]);
  });
});
