import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { atEndOfFile } from "../../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { eventually, listenTo, type EventClient } from "../../../test/support/events.ts";
import { request, testServer, type TestServer } from "../../../test/support/server.ts";
import { ingestFiles, standingIngestion, submission } from "../../../test/support/spool.ts";
import { createPool } from "../../database/pool.ts";
import { ChangeFeed } from "../../changes/feed.ts";
import { parseQueryString } from "../../http/parameters.ts";
import { CHANGES_CHANNEL, KEPT_CHANGES } from "../../rollups/changes.ts";
import { eventRoutes } from "./routes.ts";
import { STREAM_LIMITS, type StreamLimits } from "./stream.ts";

const CHECKOUT = { id: "o:c", origin: "o", tree_name: "mainline", start_time: "2026-01-01T00:00:00Z" };
const BUILD = { id: "o:b", checkout_id: "o:c", origin: "o" };
const TREE = {
  origin: "o",
  tree_name: "mainline",
  git_repository_url: null,
  git_repository_branch: null,
  git_commit_hash: null,
};
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

let database: TestDatabase;
let server: TestServer;
beforeEach(async () => {
  database = await testDatabase();
  server = await testServer(database.pool);
});

const open = (query = "", lastId?: string): Promise<EventClient> =>
  listenTo(`${server.base}/api/events${query}`, lastId === undefined ? {} : { "last-event-id": lastId });

const change = (parts: object): object => ({ trees: [], hardware: [], issues: [], ...parts });

/** Writes changes as commits do. */
async function commit(changed: object, count = 1): Promise<void> {
  await database.pool.query(
    `with written as (
       insert into changes (changed_at, changed) select now(), $1 from generate_series(1, $2) returning id
     )
     select pg_notify('${CHANGES_CHANNEL}', id::text) from written`,
    [changed, count],
  );
}

/** The routes alone, with limits that a test reaches. */
async function limited(limits: Partial<StreamLimits>): Promise<{ app: FastifyInstance; base: string }> {
  const app = fastify({ routerOptions: { querystringParser: parseQueryString } });
  const changes = new ChangeFeed({ connection: database.connection, log: pino({ level: "silent" }) });
  eventRoutes(app, { pool: database.pool, changes }, { ...STREAM_LIMITS, ...limits });
  app.addHook("onClose", () => changes.close());
  await app.listen({ port: 0, host: "127.0.0.1" });
  atEndOfFile(() => app.close());
  return { app, base: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/events` };
}

/** How many are open. */
const connections = (app: FastifyInstance): Promise<number> =>
  new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });

const ids = ({ events }: EventClient): string[] => events.map(({ id }) => id);
const upTo = (last: number, first = 1): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

describe("GET /api/events", () => {
  it("tells what ingestion changes, from where it says that it starts", async () => {
    await ingestFiles(database.connection, { "a.json": submission({ checkouts: [CHECKOUT] }) });
    const client = await open();
    expect(await client.has(1)).toEqual([{ id: "1", event: "hello", data: { id: 1 } }]);
    const test = { id: "o:t", build_id: "o:b", origin: "p", environment: { misc: { platform: "board" } } };
    const content = submission({
      builds: [BUILD],
      tests: [test],
      issues: [{ id: "o:i", version: 3, origin: "o" }],
    });
    await ingestFiles(database.connection, { "b.json": content });
    await ingestFiles(database.connection, { "again.json": content });
    await ingestFiles(database.connection, { "c.json": submission({ builds: [{ ...BUILD, id: "o:b2" }] }) });
    expect((await client.has(3)).slice(1)).toEqual([
      {
        id: "2",
        event: "change",
        data: {
          trees: [TREE],
          hardware: [{ origin: "p", platform: "board", compatibles: null }],
          issues: [{ id: "o:i", version: 3 }],
          changed_at: TIME,
        },
      },
      // The batch in between changed nothing.
      { id: "4", event: "change", data: { ...change({ trees: [TREE] }), changed_at: TIME } },
    ]);
  });

  it("is a stream that nobody stores, compresses or gathers, with the headers of every answer", async () => {
    const path = "/api/events/";
    const { status, headers } = await listenTo(`${server.base}${path}`, { "accept-encoding": "gzip" });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(headers["x-request-id"]).toBeDefined();
    expect(headers["content-encoding"]).toBeUndefined();
    const head = await request(`${server.base}${path}`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), head.body]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      "",
    ]);
    const post = await request(`${server.base}${path}`, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  it("may be read by pages of the allowed origins", async () => {
    const origin = "https://dashboard.example.org";
    const { base } = await testServer(database.pool, { CORS_ALLOWED_ORIGINS: JSON.stringify([origin]) });
    const { headers } = await listenTo(`${base}/api/events`, { origin });
    expect(headers["access-control-allow-origin"]).toBe(origin);
  });

  it("is narrowed by tree, hardware and origin", async () => {
    const clients = await Promise.all(
      ["?tree=next&tree=mainline&origin=o", "?hardware=v%2Cchip", "?origin=p", "?tree=other"].map((query) =>
        open(query),
      ),
    );
    const hardware = [{ origin: "p", platform: "board", compatibles: ["v,chip"] }];
    await commit(change({ trees: [TREE, { ...TREE, origin: "p" }], hardware }));
    await commit(change({ issues: [{ id: "o:i", version: 1 }] }));
    await commit(change({ trees: { all: true } }));
    const data = await Promise.all(
      [2, 1, 3, 1].map(async (count, index) => {
        const events = (await clients[index]?.has(count + 1)) ?? [];
        return events.slice(1).map((event) => [event.id, event.data]);
      }),
    );
    const of = (parts: object): object => ({ ...change(parts), changed_at: TIME });
    expect(data).toEqual([
      [
        ["1", of({ trees: [TREE] })],
        ["3", of({ trees: { all: true } })],
      ],
      [["1", of({ hardware })]],
      [
        ["1", of({ trees: [{ ...TREE, origin: "p" }], hardware })],
        ["2", of({ issues: [{ id: "o:i", version: 1 }] })],
        ["3", of({ trees: { all: true } })],
      ],
      [["3", of({ trees: { all: true } })]],
    ]);
  });

  it("refuses what it does not understand", async () => {
    const refused = async (query: string, headers: Record<string, string> = {}): Promise<unknown[]> => {
      const { status, body } = await server.get(`/api/events${query}`, headers);
      return [status, (body as { error: string }).error];
    };
    expect(await refused("?tree=")).toEqual([400, "Invalid parameter 'tree': it must not be empty"]);
    expect(await refused("?last_event_id=-1")).toEqual([
      400,
      "Invalid parameter 'last_event_id': must be the id of an event",
    ]);
    expect(await refused("", { "last-event-id": "abc" })).toEqual([
      400,
      "Invalid header 'Last-Event-ID': must be the id of an event",
    ]);
    expect((await refused("?last_event_id=1234567890123456"))[0]).toBe(400);
  });

  it("says when the database does not answer", async () => {
    const pool = createPool({ ...database.connection, database: "nosuch" }, pino({ level: "silent" }));
    const away = await testServer(pool);
    const answer = await away.get("/api/events");
    expect(answer).toMatchObject({
      status: 503,
      body: { error: "The database does not answer; try again later" },
    });
    expect(answer.headers.get("retry-after")).toBe("5");
  });
});

describe("a client that comes again", () => {
  it("gets what it missed, by header or by parameter, and then what comes", async () => {
    await commit(change({ trees: [TREE] }), 4);
    const byHeader = await open("", "2");
    const byParameter = await open("?last_event_id=3");
    const byBoth = await open("?last_event_id=1", "3");
    const first = await open("", "0");
    const upToDate = await open("", "4");
    await byHeader.has(2);
    await commit(change({ trees: [TREE] }));
    await Promise.all([first.has(5), byHeader.has(3), byParameter.has(2), byBoth.has(2), upToDate.has(1)]);
    expect([first, byHeader, byParameter, byBoth, upToDate].map(ids)).toEqual([
      upTo(5),
      upTo(5, 3),
      upTo(5, 4),
      upTo(5, 4),
      ["5"],
    ]);
  });

  it("gets more than the log gives at a time", async () => {
    await commit(change({ trees: [TREE] }), 230);
    const client = await open("?tree=mainline", "10");
    await client.has(220);
    expect(ids(client)).toEqual(upTo(230, 11));
  });

  it("loses nothing and gets nothing twice while writers go on, wherever it is cut off", async () => {
    const files = 25;
    const write = async (name: string): Promise<void> => {
      const take = await standingIngestion(database.connection);
      for (let file = 0; file < files; file++) {
        await take({
          "a.json": submission({
            tests: [{ id: `o:${name}${file}`, build_id: "o:b", origin: "o" }],
            builds: [BUILD],
          }),
        });
      }
    };
    // Builds without their checkout are of no tree: each batch has to have one.
    await ingestFiles(database.connection, {
      "a.json": submission({ checkouts: [CHECKOUT], builds: [BUILD] }),
    });
    const received: string[] = [];
    const total = 2 * files + 1;
    const writing = Promise.all([write("x"), write("y")]);
    let lastId = "0";
    for (let visit = 0; received.length < total; visit++) {
      const client = await open("", lastId);
      // Sometimes cut off at once, sometimes after a few events.
      await client.has(Math.min(visit % 4, total - received.length));
      client.leave();
      await client.ended;
      received.push(...ids(client));
      lastId = received.at(-1) ?? "0";
    }
    await writing;
    const log = await database.rows("select id::text as id from changes order by changes.id");
    expect(received).toEqual(log.map(({ id }) => id));
  });

  it("is told to read everything again when the log has no more what it missed", async () => {
    await commit(change({ trees: [TREE] }), 5);
    await database.pool.query("delete from changes where id < 3");
    const [pruned, gapless, foreign] = [await open("", "1"), await open("", "2"), await open("?tree=x", "6")];
    // Once there is an event 6, the one that comes with 6 is no stranger any more.
    await Promise.all([pruned.has(1), foreign.has(1)]);
    await commit(change({ trees: { all: true } }));
    await Promise.all([pruned.has(2), gapless.has(4), foreign.has(2)]);
    expect(pruned.events.map(({ id, event }) => [id, event])).toEqual([
      ["5", "reset"],
      ["6", "change"],
    ]);
    expect(pruned.events[0]?.data).toEqual({ id: 5 });
    expect(ids(gapless)).toEqual(upTo(6, 3));
    expect(foreign.events.map(({ id, event }) => [id, event])).toEqual([
      ["5", "reset"],
      ["6", "change"],
    ]);
  });

  it("is told so as well when a writer has pruned the log", async () => {
    await commit(change({ trees: [TREE] }), KEPT_CHANGES + 1);
    await ingestFiles(database.connection, { "a.json": submission({ checkouts: [CHECKOUT] }) });
    const client = await open("", "1");
    expect((await client.has(1))[0]).toEqual({
      id: String(KEPT_CHANGES + 2),
      event: "reset",
      data: { id: KEPT_CHANGES + 2 },
    });
  });
});

describe("streams of events", () => {
  it("go on when the connection that listens is lost", async () => {
    const client = await open();
    for (let round = 1; round <= 3; round++) {
      await eventually(async () => {
        const ended = await database.rows(`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'kernelboard events'`);
        return ended.length;
      }).toBe(1);
      await commit(change({ trees: [TREE] }), 2);
    }
    await client.has(7);
    expect(ids(client)).toEqual(["0", ...upTo(6)]);
  });

  it("show that they live, and let the client's id follow changes that are not for it", async () => {
    const { base } = await limited({ heartbeatMs: 20 });
    const client = await listenTo(`${base}?tree=other`);
    await client.has(1);
    await eventually(() => client.comments.length).toBeGreaterThan(1);
    expect(client.lastId()).toBe("0");
    await commit(change({ trees: [TREE] }), 3);
    await eventually(client.lastId).toBe("3");
    expect(client.events.length).toBe(1);
  });

  it("are no more than a process can serve", async () => {
    const { base } = await limited({ maxStreams: 2 });
    const [first] = await Promise.all([listenTo(base), listenTo(base)]);
    const refused = await fetch(base);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await refused.text()).toContain("There are too many listeners for events; try again later");
    first.leave();
    await eventually(async () => {
      const client = await listenTo(base);
      client.leave();
      return client.status;
    }).toBe(200);
  });

  it("wait for clients that read slowly, and end for those that do not read, which then go on where they were", async () => {
    const { app, base } = await limited({ maxUnsentBytes: 64 * 1024, drainMs: 1000 });
    const [stuck, quick] = await Promise.all([listenTo(base), listenTo(base)]);
    await Promise.all([stuck.has(1), quick.has(1)]);
    stuck.pause();
    const tree_name = "x".repeat(200_000);
    // More than the operating system buffers by itself, and than may wait.
    const count = 60;
    for (let index = 0; index < count; index += 10)
      await commit(change({ trees: [{ ...TREE, tree_name }] }), 10);
    await quick.has(count + 1);
    await eventually(() => connections(app)).toBe(1);
    stuck.resume();
    await stuck.ended;
    const read = ids(stuck).length - 1;
    expect(read).toBeLessThan(count);
    const again = await listenTo(base, { "last-event-id": stuck.lastId() });
    await again.has(count - read);
    expect([...ids(stuck), ...ids(again)]).toEqual(["0", ...upTo(count)]);
    expect(ids(quick)).toEqual(["0", ...upTo(count)]);
  });

  it("end at once when the server does, also for clients that do not read", async () => {
    const { app, base } = await limited({});
    const [first, second, idle] = await Promise.all([
      listenTo(base),
      listenTo(base, { "last-event-id": "0" }),
      listenTo(base),
    ]);
    await first.has(1);
    idle.pause();
    await commit(change({ trees: [{ ...TREE, tree_name: "x".repeat(200_000) }] }), 3);
    await Promise.all([first.has(4), second.has(3)]);
    await app.close();
    idle.resume();
    await Promise.all([first.ended, second.ended, idle.ended]);
    const [listeners] = await database.rows(`
      select count(*)::integer as count from pg_stat_activity
      where datname = current_database() and application_name = 'kernelboard events'`);
    expect(listeners).toEqual({ count: 0 });
  });

  it("leave nothing behind", async () => {
    const { base } = await limited({ maxStreams: 3 });
    for (let visit = 0; visit < 30; visit++) {
      const client = await listenTo(base, visit % 2 === 0 ? {} : { "last-event-id": "0" });
      client.leave();
      await client.ended;
      await eventually(async () => (await request(base, { method: "HEAD" })).status).toBe(200);
      if (client.status === 503) visit--;
    }
    await eventually(async () => {
      const clients = await Promise.all([listenTo(base), listenTo(base), listenTo(base)]);
      for (const client of clients) client.leave();
      return clients.map(({ status }) => status);
    }).toEqual([200, 200, 200]);
  });
});
