import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { atEndOfFile } from "../../test/support/cleanup.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/events.ts";
import type { Connection } from "../database/pool.ts";
import { CHANGES_CHANNEL } from "../rollups/changes.ts";
import { ChangeFeed, type Notice } from "./feed.ts";

const CHANGE = { trees: [], hardware: [], issues: [{ id: "o:i", version: 1 }] };

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
});

function newFeed(connection: Connection): ChangeFeed {
  const feed = new ChangeFeed({ connection, log: pino({ level: "silent" }) });
  atEndOfFile(() => feed.close());
  return feed;
}

/** Writes changes as a commit does, or without the notification. */
async function commit(count = 1, notified = true): Promise<void> {
  await database.pool.query(
    `with written as (
       insert into changes (changed_at, changed) select now(), $1 from generate_series(1, $2) returning id
     )
     select case when $3 then pg_notify('${CHANGES_CHANNEL}', id::text) end from written`,
    [CHANGE, count, notified],
  );
}

/** Ends the connections that listen. @returns how many there were */
async function terminateListeners(): Promise<number> {
  const rows = await database.rows(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'kernelboard events'`);
  return rows.length;
}

/** What a new subscriber is told. */
async function subscriber(
  feed: ChangeFeed,
): Promise<{ told: Notice[]; ids: () => number[]; end: () => void }> {
  const told: Notice[] = [];
  const end = await feed.subscribe((notice) => {
    told.push(notice);
  });
  const ids = (): number[] =>
    told.map((notice) => (notice.kind === "change" ? notice.change.id : -notice.newest));
  return { told, ids, end };
}

describe("the feed of changes", () => {
  it("tells all subscribers what is committed from then on", async () => {
    await commit(3);
    const feed = newFeed(database.connection);
    const first = await subscriber(feed);
    expect(feed.position).toBe(3);
    await commit();
    await eventually(first.ids).toEqual([4]);
    const second = await subscriber(feed);
    await commit(120);
    await eventually(() => second.told.length).toBe(120);
    expect(second.ids()).toEqual(Array.from({ length: 120 }, (_, index) => index + 5));
    expect(first.ids()).toEqual([4, ...second.ids()]);
    expect(first.told[0]).toMatchObject({
      kind: "change",
      change: { id: 4, changedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string, ...CHANGE },
    });
    second.end();
    await commit();
    await eventually(() => first.told.length).toBe(122);
    expect(second.told.length).toBe(120);
  });

  it("has one connection, whoever listens", async () => {
    const feed = newFeed(database.connection);
    await Promise.all([subscriber(feed), subscriber(feed), subscriber(feed)]);
    await subscriber(feed);
    expect(await terminateListeners()).toBe(1);
  });

  it("loses nothing when its connection is lost", async () => {
    const feed = newFeed(database.connection);
    const { ids } = await subscriber(feed);
    for (let round = 0; round < 3; round++) {
      await eventually(terminateListeners).toBe(1);
      await commit(2);
    }
    await eventually(ids).toEqual([1, 2, 3, 4, 5, 6]);
    await commit();
    await eventually(ids).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("finds changes whose notification it did not get with the next one", async () => {
    const feed = newFeed(database.connection);
    const { ids } = await subscriber(feed);
    await commit(2, false);
    await commit();
    await eventually(ids).toEqual([1, 2, 3]);
  });

  it("tells that it missed changes which the log has no more", async () => {
    const feed = newFeed(database.connection);
    const { ids } = await subscriber(feed);
    await commit();
    await eventually(ids).toEqual([1]);
    await commit(5, false);
    await database.pool.query("delete from changes where id < 5");
    await commit();
    await eventually(ids).toEqual([1, -7]);
    await commit();
    await eventually(ids).toEqual([1, -7, 8]);
    // Another log in its place.
    await database.pool.query("truncate changes restart identity");
    await commit();
    await eventually(ids).toEqual([1, -7, 8, -1]);
  });

  it("goes on when a subscriber fails", async () => {
    const feed = newFeed(database.connection);
    await feed.subscribe(() => {
      throw new Error("broken");
    });
    const { ids } = await subscriber(feed);
    await commit();
    await eventually(ids).toEqual([1]);
  });

  it("says when it cannot start, and starts when it can", async () => {
    const connection = { ...database.connection };
    const { database: name } = connection;
    connection.database = "no_such_database";
    const feed = newFeed(connection);
    await expect(subscriber(feed)).rejects.toThrow("no_such_database");
    connection.database = name;
    const { ids } = await subscriber(feed);
    await commit();
    await eventually(ids).toEqual([1]);
  });

  it("ends with its connection when it is closed", async () => {
    const feed = newFeed(database.connection);
    const { told } = await subscriber(feed);
    await feed.close();
    await commit();
    expect(await terminateListeners()).toBe(0);
    await expect(subscriber(feed)).rejects.toThrow("closed");
    expect(told).toEqual([]);
  });

  it("goes on for the next subscriber after the last one left", async () => {
    const feed = newFeed(database.connection);
    const first = await subscriber(feed);
    first.end();
    await commit(2);
    const second = await subscriber(feed);
    await commit();
    await eventually(() => second.ids().at(-1)).toBe(3);
    expect(first.told).toEqual([]);
    expect(await terminateListeners()).toBe(1);
  });
});
