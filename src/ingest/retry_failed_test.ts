import { link, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ingest } from "./ingest.ts";
import { retryFailed } from "./retry_failed.ts";
import { openSpool } from "./spool.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import {
  ingestOnce,
  spoolState,
  submission,
  temporaryDirectory,
  writeSubmissions,
} from "../../test/support/spool.ts";

let database: TestDatabase;
let spoolDir: string;
beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(async () => {
  spoolDir = await temporaryDirectory();
  await openSpool(spoolDir);
});

const test = (id: string, more: object = {}): object => ({ id, build_id: "o:b", origin: "o", ...more });

describe("retry-failed", () => {
  it("puts refused files back without their reports, and they are taken in again", async () => {
    await writeSubmissions(spoolDir, {
      "a.json": submission({ tests: [test("o:1"), test("o:2", { status: "ODD" })] }),
      "b.json": "{",
      "c.json": submission({ tests: [test("o:3")] }),
    });
    await ingest(ingestOnce(database.connection, spoolDir));
    expect(await spoolState(spoolDir)).toMatchObject({ inbox: [], failed: ["a.json", "b.json"] });
    // an operator mends one of them
    await writeSubmissions(join(spoolDir, "failed"), {
      "a.json": submission({ tests: [test("o:1"), test("o:2", { status: "PASS" })] }),
    });
    expect(await retryFailed({ spoolDir, dryRun: false })).toEqual({
      moved: ["failed/a.json", "failed/b.json"],
      skipped: [],
      errors: [],
    });
    expect(await spoolState(spoolDir)).toMatchObject({
      inbox: ["a.json", "b.json"],
      failed: [],
      reports: {},
    });
    await ingest(ingestOnce(database.connection, spoolDir));
    expect(await spoolState(spoolDir)).toMatchObject({ archive: ["a.json", "c.json"], failed: ["b.json"] });
    expect(await database.rows("select id, status from tests order by id")).toEqual([
      { id: "o:1", status: null },
      { id: "o:2", status: "PASS" },
      { id: "o:3", status: null },
    ]);
  });

  it("takes pending_retry too, and overwrites neither a waiting file nor one that is being ingested", async () => {
    await writeSubmissions(join(spoolDir, "pending_retry"), { "p.json": "{}", "q.json": "{}" });
    await writeSubmissions(join(spoolDir, "failed"), { "w.json": "old", "c.json": "old", "p.json": "{}" });
    await writeSubmissions(spoolDir, { "w.json": "new" });
    await mkdir(join(spoolDir, "claimed", "owner-1"), { recursive: true });
    await writeFile(join(spoolDir, "claimed", "owner-1", "c.json"), "new");
    const reason = "a file of that name waits or is being ingested";
    expect(await retryFailed({ spoolDir, dryRun: false })).toEqual({
      moved: ["failed/p.json", "pending_retry/q.json"],
      skipped: [
        { file: "failed/c.json", reason },
        { file: "failed/w.json", reason },
        { file: "pending_retry/p.json", reason },
      ],
      errors: [],
    });
    expect(await readFile(join(spoolDir, "w.json"), "utf8")).toBe("new");
    expect(await readFile(join(spoolDir, "failed", "w.json"), "utf8")).toBe("old");
  });

  it("chooses by the time at which files failed", async () => {
    const failed = join(spoolDir, "failed");
    await writeSubmissions(failed, {
      "old.json": "{}",
      "old.json.error.json": "{}",
      "new.json": "{}",
      "new.json.error.json": "{}",
      "bare.json": "{}",
    });
    // What a file itself says of its age is when it was written, long before.
    for (const name of ["old.json", "new.json", "bare.json"])
      await utimes(join(failed, name), new Date("2020-01-01"), new Date("2020-01-01"));
    await utimes(join(failed, "old.json.error.json"), new Date("2026-01-01"), new Date("2026-01-01"));
    await utimes(join(failed, "new.json.error.json"), new Date("2026-01-03"), new Date("2026-01-03"));
    const since = new Date("2026-01-02");
    const { moved } = await retryFailed({ spoolDir, since, dryRun: true });
    expect(moved).toEqual(["failed/bare.json", "failed/new.json"]);
    expect(await spoolState(spoolDir)).toMatchObject({ inbox: [] });
    await retryFailed({ spoolDir, since, dryRun: false });
    expect(await spoolState(spoolDir)).toMatchObject({
      inbox: ["bare.json", "new.json"],
      failed: ["old.json"],
    });
  });

  it("finishes a move that was cut off between its two steps", async () => {
    await writeSubmissions(join(spoolDir, "failed"), { "a.json": "{}" });
    await link(join(spoolDir, "failed", "a.json"), join(spoolDir, "a.json"));
    expect((await retryFailed({ spoolDir, dryRun: false })).skipped).toHaveLength(1);
    expect(await spoolState(spoolDir)).toMatchObject({ inbox: ["a.json"], failed: ["a.json"] });
  });

  it("does not make a spool where there is none", async () => {
    const nowhere = join(spoolDir, "nowhere");
    await expect(retryFailed({ spoolDir: nowhere, dryRun: false })).rejects.toThrow(
      `Directory ${nowhere} is not a directory`,
    );
  });
});
