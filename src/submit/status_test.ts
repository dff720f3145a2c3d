/** What became of a submission, from its receipt to the end, and a repetition at each of its places. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { testServer } from "../../test/support/server.ts";
import { ingestOnce, submission } from "../../test/support/spool.ts";
import { oneTest, submitServer, type SubmitServer } from "../../test/support/submit.ts";
import { createPool } from "../database/pool.ts";
import { ingest } from "../ingest/ingest.ts";

let database: TestDatabase;
let server: SubmitServer;
beforeAll(async () => {
  database = await testDatabase();
  server = await submitServer(database.pool);
});

interface Row {
  id: string;
  state: "partial" | "committed" | "done";
  stored?: number;
  merged?: number;
  refused?: number;
}

const REFUSAL = {
  kind: "tests",
  id: "o:t",
  pointer: "/tests/3/path",
  rule: "type",
  message: "must be string",
};

/** The account of a submission, as ingestion keeps it. */
async function insertAccount({ id, state, stored = 3, merged = 2, refused = 0 }: Row): Promise<void> {
  await database.rows("delete from submissions where id = $1", [id]);
  await database.rows(
    `insert into submissions (id, file_name, fingerprint, run, state, elements_done, bytes, objects, stored, merged,
       refused, counts, refusals, received_at, stored_at)
     values ($1, $2, 'x', 1, $3, 5, 100, $4, $5, $6, $7, $8, $9, '2026-11-01T10:00:00Z', '2026-11-01T10:00:01.5Z')`,
    [
      id,
      `submission-${id}.json`,
      state,
      stored + merged + refused,
      stored,
      merged,
      refused,
      JSON.stringify({ stored: { tests: stored }, merged: { tests: merged } }),
      JSON.stringify(Array.from({ length: refused }, () => REFUSAL)),
    ],
  );
}

const path = (id: string, folder = "."): string => join(server.spoolDir, folder, `submission-${id}.json`);
const statusOf = async (id: string): Promise<Record<string, unknown>> => {
  const { status, body } = await server.get(`/status?id=${id}`);
  expect(status).toBe(200);
  return body as Record<string, unknown>;
};
const submitted = async (content: object): Promise<string> => {
  const { status, body } = await server.submit(content);
  expect(status).toBe(200);
  return (body as { id: string }).id;
};

describe("GET /status", () => {
  it("follows a submission through the places of its file, and takes it once at each of them", async () => {
    const id = await submitted(oneTest("moving"));
    const elsewhere: [string, string][] = [
      [".", "ready"],
      ["claimed/node-1", "ready"],
      ["pending_retry", "ready"],
      ["archive", "processed"],
      ["failed", "failed"],
    ];
    await mkdir(join(server.spoolDir, "claimed/node-0"), { recursive: true });
    await mkdir(join(server.spoolDir, "claimed/node-1"));
    let from = ".";
    for (const [folder, status] of elsewhere) {
      await rename(path(id, from), path(id, folder));
      from = folder;
      expect(await statusOf(id)).toEqual({ id, status, message: expect.any(String) as string });
      expect(await submitted(oneTest("moving"))).toBe(id);
    }
    expect(await server.files()).toEqual([]);
    await rm(path(id, "failed"));
    expect(await statusOf(id)).toEqual({
      id,
      status: "notfound",
      message: "No submission with this id is known",
    });
    expect(await submitted(oneTest("moving"))).toBe(id);
    expect(await server.files()).toHaveLength(1);
  });

  it("tells what ingestion made of it", async () => {
    const good = await submitted(oneTest("good"));
    const bad = await submitted(
      submission({ tests: [{ id: "o:x", build_id: "o:b", origin: "o" }, { id: "o:y", origin: "o" }, 5] }),
    );
    await ingest(ingestOnce(database.connection, server.spoolDir));
    expect(await statusOf(good)).toMatchObject({ id: good, status: "processed" });
    expect(await statusOf(bad)).toMatchObject({
      id: bad,
      status: "failed",
      message: "2 of 3 objects were refused, the others are stored: see refusals",
      objects: 3,
      stored: 1,
      merged: 0,
      refused: 2,
      counts: { stored: { tests: 1 }, merged: { tests: 0 } },
      refusals: [
        { kind: "tests", id: "o:y", pointer: "/tests/1", rule: "required" },
        { kind: "tests", pointer: "/tests/2", rule: "type" },
      ],
    });
  });

  it("goes by the account in the database, whatever is left of the file", async () => {
    const id = "a".repeat(32);
    const times = { received_at: "2026-11-01T10:00:00Z", stored_at: "2026-11-01T10:00:01.500000Z" };
    for (const state of ["committed", "done"] as const) {
      await insertAccount({ id, state });
      expect(await statusOf(id)).toEqual({
        id,
        status: "processed",
        message: "Of 5 objects 3 were new and 2 were merged into known ones",
        objects: 5,
        stored: 3,
        merged: 2,
        refused: 0,
        counts: { stored: { tests: 3 }, merged: { tests: 2 } },
        refusals: [],
        ...times,
      });
    }
    await insertAccount({ id, state: "done", refused: 1 });
    expect(await statusOf(id)).toMatchObject({
      status: "failed",
      objects: 6,
      refused: 1,
      refusals: [REFUSAL],
    });
    await insertAccount({ id, state: "done", stored: 0, merged: 0, refused: 150 });
    const failed = await statusOf(id);
    expect([failed.message, failed.refused]).toEqual(["Nothing of it is stored: see refusals", 150]);
    expect(failed.refusals).toHaveLength(100);
  });

  it("calls ready what is still being taken in, or is to be taken in again", async () => {
    const id = "b".repeat(32);
    await insertAccount({ id, state: "partial", stored: 2, merged: 0 });
    expect(await statusOf(id)).toMatchObject({ status: "ready", objects: 2, stored: 2 });
    // Its objects are committed, and the file is only still to be moved.
    await writeFile(path(id), "{}");
    await insertAccount({ id, state: "committed" });
    expect(await statusOf(id)).toMatchObject({ status: "processed" });
    await insertAccount({ id, state: "done", refused: 2 });
    expect(await statusOf(id)).toMatchObject({
      status: "ready",
      message: "It waits to be ingested again; these are the objects of the last time",
      refused: 2,
    });
    await rm(path(id));
  });

  it("takes a submission again that was begun and lost, and not one that is accounted for", async () => {
    const id = await submitted(oneTest("lost"));
    const waiting = (): Promise<boolean> =>
      server.files().then((names) => names.includes(`submission-${id}.json`));
    await rm(path(id));
    await insertAccount({ id, state: "done" });
    expect([await submitted(oneTest("lost")), await waiting()]).toEqual([id, false]);
    await insertAccount({ id, state: "partial" });
    expect([await submitted(oneTest("lost")), await waiting()]).toEqual([id, true]);
  });

  it("knows files that others write into the spool, also while they write", async () => {
    await writeFile(path("aB9").concat(".temp"), "{");
    expect(await statusOf("aB9")).toMatchObject({ status: "inprogress" });
    await writeFile(join(server.spoolDir, "by-hand.json"), "{}");
    expect(await statusOf("by-hand")).toMatchObject({ status: "ready" });
    await writeFile(join(server.spoolDir, "failed/old.json"), "{");
    await writeFile(join(server.spoolDir, "failed/old.json.error.json"), "no report");
    expect(await statusOf("old")).toEqual({
      id: "old",
      status: "failed",
      message: "Something of it was refused",
    });
    // The report beside it is no submission.
    expect(await statusOf("old.json.error")).toMatchObject({ status: "notfound" });
    await rm(path("aB9").concat(".temp"));
    await rm(join(server.spoolDir, "by-hand.json"));
  });

  it("asks for an id that can be one", async () => {
    for (const query of ["", "?id=", "?id=../x", "?id=a%2Fb", "?id=a%00", `?id=${"x".repeat(201)}`, "?x=1"])
      expect(await server.get(`/status${query}`)).toMatchObject({
        status: 400,
        body: {
          id: "0",
          status: "error",
          message: "Invalid parameter 'id': must be 1 to 200 characters, letters, digits, '.', '_' or '-'",
        },
      });
    expect(await server.get(`/status/?id=${"x".repeat(200)}`)).toMatchObject({
      status: 200,
      body: { status: "notfound" },
    });
    for (const id of ["..", ".", "claimed", "archive"])
      expect(await server.get(`/status?id=${id}`)).toMatchObject({
        status: 200,
        body: { status: "notfound" },
      });
  });

  it("goes by the spool while the database is away, and says when that is not enough", async () => {
    const nowhere = createPool({ ...database.connection, port: 1 }, pino({ level: "silent" }));
    const own = await submitServer(nowhere);
    const { id } = (await own.submit(oneTest())).body as { id: string };
    expect(await own.get(`/status?id=${id}`)).toMatchObject({ status: 200, body: { status: "ready" } });
    const unknown = await own.get("/status?id=nobody");
    expect(unknown).toMatchObject({ status: 503, body: { id: "0", status: "error" } });
    expect(unknown.headers.get("retry-after")).toBe("30");
    await nowhere.end();
  });

  it("goes by the database alone where there is no spool", async () => {
    const bare = await testServer(database.pool);
    const id = "c".repeat(32);
    await insertAccount({ id, state: "done" });
    expect(await bare.get(`/status?id=${id}`)).toMatchObject({ status: 200, body: { status: "processed" } });
    expect(await bare.get("/status?id=nobody")).toMatchObject({ status: 200, body: { status: "notfound" } });
  });
});
