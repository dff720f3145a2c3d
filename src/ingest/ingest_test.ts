import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { derivedDifferences } from "../../test/support/derived.ts";
import {
  ingestFiles,
  ingestOnce,
  spoolState,
  submission,
  temporaryDirectory,
  writeSubmissions,
} from "../../test/support/spool.ts";
import { ingest } from "./ingest.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(async () => {
  await database.pool
    .query(`truncate checkouts, builds, tests, issues, incidents, latest_checkout, tree_listing,
    hardware_status, tree_tests_rollup, pending_test, pending_builds`);
});

const CHECKOUT = {
  id: "o:c",
  origin: "o",
  tree_name: "mainline",
  git_commit_hash: "a".repeat(40),
  start_time: "2026-01-01T00:00:00Z",
};
const BUILD = { id: "o:b", checkout_id: "o:c", origin: "o" };
const test = (index: number, more: object = {}): object => ({
  id: `o:${index}`,
  build_id: "o:b",
  origin: "o",
  status: "PASS",
  ...more,
});

/** Many small files of tests of one build, whose checkout and build come last by name: in a scan of their own if scans are small. */
function manyFiles(count: number, testsPerFile: number): Record<string, object> {
  const files: Record<string, object> = { "zz.json": submission({ checkouts: [CHECKOUT], builds: [BUILD] }) };
  for (let file = 0; file < count; file++) {
    const tests = Array.from({ length: testsPerFile }, (_, index) => test(file * testsPerFile + index));
    files[`${String(file).padStart(5, "0")}.json`] = submission({ tests });
  }
  return files;
}

describe("ingest", () => {
  it("takes files in byte order of their names, so that the first value wins", async () => {
    await ingestFiles(database.connection, {
      "a.json": submission({ tests: [test(1, { comment: "lower" })] }),
      "Z.json": submission({ tests: [test(1, { comment: "upper" })] }),
      "Z1.json": submission({ tests: [test(1, { comment: "later", log_url: "https://x/" })] }),
    });
    expect(await database.rows("select comment, log_url from tests")).toEqual([
      { comment: "upper", log_url: "https://x/" },
    ]);
  });

  it("takes files first that others wait for when several workers share them", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, {
      "a.json": submission({ tests: [test(1)] }),
      "b.json": submission({ builds: [BUILD], tests: [test(2)] }),
      "c.json": submission({ checkouts: [CHECKOUT], tests: [test(3)] }),
      "d.json": submission({ tests: [test(4)] }),
    });
    await ingest({ ...ingestOnce(database.connection, directory), maxWorkers: 2 });
    expect(await database.rows("select id from tests order by _timestamp")).toEqual(
      [3, 2, 1, 4].map((index) => ({ id: `o:${index}` })),
    );
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("takes regular *.json files of the inbox alone", async () => {
    const directory = await temporaryDirectory();
    const content = submission({ tests: [test(1)] });
    await writeSubmissions(directory, {
      "x.JSON": content,
      "x.json.temp": content,
      "x.json.error.json": content,
      ".dot.json": content,
    });
    await mkdir(join(directory, "folder.json"));
    await ingest(ingestOnce(database.connection, directory));
    expect(await spoolState(directory)).toMatchObject({
      inbox: ["x.JSON", "x.json.error.json", "x.json.temp"],
      archive: [".dot.json"],
      failed: [],
    });
  });

  it("counts what was stored and what was merged in the report of a refused file", async () => {
    await ingestFiles(database.connection, { "a.json": submission({ tests: [test(1)] }) });
    const { reports } = await ingestFiles(database.connection, {
      "b.json": submission({ checkouts: [CHECKOUT], tests: [test(1), test(2), test(2), test(3), { id: 7 }] }),
    });
    expect(reports["b.json"]).toMatchObject({
      stored: { checkouts: 1, tests: 2 },
      merged: { checkouts: 0, tests: 2 },
      refused: 1,
      refusals: [{ kind: "tests", id: null, pointer: "/tests/4", rule: "required" }],
    });
  });

  it("keeps a real misc over the lab that was put in its place, and the first of two real ones", async () => {
    await ingestFiles(database.connection, {
      "a.json": submission({ tests: [test(1), test(2, { misc: { runtime: "shell" } })], builds: [BUILD] }),
    });
    await ingestFiles(database.connection, {
      "b.json": submission({
        tests: [test(1, { misc: { a: 1 } }), test(2, { misc: { b: 1 } })],
        builds: [{ ...BUILD, misc: { lab: "real" } }],
      }),
      "c.json": submission({ tests: [test(1, { misc: { runtime: "late" } })] }),
    });
    expect(await database.rows("select misc from tests order by id")).toEqual([
      { misc: { a: 1, runtime: "o" } },
      { misc: { runtime: "o", automatic_lab: "shell" } },
    ]);
    expect(await database.rows("select misc from builds")).toEqual([{ misc: { lab: "real" } }]);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("keeps every version of an issue by itself", async () => {
    const issue = { id: "o:i", origin: "o" };
    await ingestFiles(database.connection, {
      "a.json": submission({ issues: [{ ...issue, version: 1, comment: "one", culprit: { code: true } }] }),
      "b.json": submission({
        issues: [
          { ...issue, version: 2, culprit: { tool: true } },
          { ...issue, version: 1, comment: "later", report_url: "https://x/" },
        ],
      }),
    });
    expect(
      await database.rows(
        "select version, comment, report_url, culprit_code, culprit_tool from issues order by version",
      ),
    ).toEqual([
      { version: 1, comment: "one", report_url: "https://x/", culprit_code: true, culprit_tool: null },
      { version: 2, comment: null, report_url: null, culprit_code: null, culprit_tool: true },
    ]);
  });

  it("rounds timestamps as PostgreSQL does, from the text that was sent", async () => {
    await ingestFiles(database.connection, {
      "a.json": submission({
        tests: [
          test(1, { start_time: "2026-01-01t02:00:00.123456789+02:00" }),
          test(2, { start_time: "2026-01-01T00:00:00.1234565z" }),
        ],
      }),
    });
    expect(await database.rows("select start_time::text as t from tests order by id")).toEqual([
      { t: "2026-01-01 00:00:00.123457+00" },
      { t: "2026-01-01 00:00:00.123456+00" },
    ]);
  });

  it("names trees by the operator's file, and reads it again when it changes", async () => {
    const directory = await temporaryDirectory();
    const url = "https://x/linux.git";
    const options = ingestOnce(database.connection, directory);
    const stop = new AbortController();
    await writeFile(options.treesFile, `trees:\n  first:\n    url: ${url}\n`);
    await writeSubmissions(directory, {
      "a.json": submission({ checkouts: [{ ...CHECKOUT, id: "o:1", git_repository_url: url }] }),
    });
    const running = ingest({ ...options, once: false, intervalSeconds: 0.05, signal: stop.signal });
    const named = async (id: string): Promise<unknown> => {
      for (;;) {
        const [row] = await database.rows("select tree_name from checkouts where id = $1", [id]);
        if (row) return row.tree_name;
        await sleep(20);
      }
    };
    expect(await named("o:1")).toBe("first");
    await writeFile(options.treesFile, `flat-name: ${url}\nother: https://x/y\n`);
    await writeSubmissions(directory, {
      "b.temp": submission({ checkouts: [{ ...CHECKOUT, id: "o:2", git_repository_url: url }] }),
    });
    await rename(join(directory, "b.temp"), join(directory, "b.json"));
    expect(await named("o:2")).toBe("flat-name");
    stop.abort();
    await running;
  });

  it("finishes the other files when one cannot be moved", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "archive", "a.json"), { recursive: true });
    await writeSubmissions(directory, {
      "a.json": submission({ tests: [test(1)] }),
      "b.json": submission({ tests: [test(2)] }),
    });
    await ingest(ingestOnce(database.connection, directory));
    expect(await spoolState(directory)).toMatchObject({ inbox: ["a.json"], archive: ["b.json"] });
    expect(await database.rows("select id from tests order by id")).toEqual([{ id: "o:1" }, { id: "o:2" }]);
  });

  it("says what is wrong with a spool that cannot be used", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "archive"), "");
    await expect(ingest(ingestOnce(database.connection, directory))).rejects.toThrow(
      `Directory ${join(directory, "archive")} is not a directory`,
    );
  });

  it("stops at once on a signal with everything read committed, and goes on later", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, manyFiles(200, 20));
    const stop = new AbortController();
    const options = {
      ...ingestOnce(database.connection, directory),
      batchSize: 100,
      filesBatchSize: 7,
      cycleBatchSize: 50,
      maxWorkers: 2,
    };
    await ingest({
      ...options,
      signal: stop.signal,
      onProgress: () => {
        stop.abort();
      },
    });
    const { inbox, archive } = await spoolState(directory);
    expect(inbox.length).toBeGreaterThan(0);
    const [stored] = await database.rows("select count(*)::integer as count from tests");
    expect(stored).toEqual({ count: 20 * archive.length });
    await ingest(options);
    expect(await database.rows("select count(*)::integer as count from tests")).toEqual([{ count: 4000 }]);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("tries again when its connections are cut, and refuses nothing for it", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, manyFiles(150, 20));
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => lines.push(line) });
    const ended = new AbortController();
    const cutting = (async () => {
      while (!ended.signal.aborted && lines.length < 6) {
        await sleep(100);
        await database.pool.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name like 'kernelboard ingest%' and datname = current_database()
             and random() < 0.3`,
        );
      }
    })();
    try {
      await ingest({
        ...ingestOnce(database.connection, directory),
        log,
        batchSize: 50,
        maxWorkers: 3,
        filesBatchSize: 5,
        cycleBatchSize: 50,
      });
    } finally {
      ended.abort();
      await cutting;
    }
    expect(lines.join("")).toContain("tried again");
    expect(await spoolState(directory)).toMatchObject({ inbox: [], failed: [] });
    expect(await database.rows("select count(*)::integer as count from tests")).toEqual([{ count: 3000 }]);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("leaves the files where they are when the database stays away", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, { "a.json": submission({ tests: [test(1)] }) });
    const nowhere = { ...database.connection, port: 1 };
    await expect(ingest({ ...ingestOnce(nowhere, directory), giveUpAfterMs: 300 })).rejects.toThrow(
      /could not be used/,
    );
    expect(await spoolState(directory)).toMatchObject({ inbox: ["a.json"], archive: [], failed: [] });
  });

  it("puts a file aside that the database refuses as a whole, but in none of its parts", async () => {
    await database.pool.query(`
      create function one_only() returns trigger language plpgsql as $$ begin
        if (select count(*) > 1 from added) then raise exception 'one only' using errcode = '23514'; end if;
        return null;
      end $$;
      create trigger one_only after insert on tests referencing new table as added
        for each statement execute function one_only()`);
    try {
      const directory = await temporaryDirectory();
      await writeSubmissions(directory, { "a.json": submission({ tests: [test(1), test(2)] }) });
      await ingest(ingestOnce(database.connection, directory));
      expect(await readdir(join(directory, "pending_retry"))).toEqual(["a.json"]);
      expect(await database.rows("select id from tests")).toEqual([]);
    } finally {
      await database.pool.query("drop function one_only cascade");
    }
  });

  it("goes on when a file vanishes", async () => {
    const directory = await temporaryDirectory();
    await writeSubmissions(directory, manyFiles(20, 1));
    const vanishing = join(directory, "00019.json");
    await ingest({
      ...ingestOnce(database.connection, directory),
      batchSize: 1,
      filesBatchSize: 1,
      onProgress: () => void rm(vanishing, { force: true }),
    });
    expect(await readdir(join(directory, "archive"))).toHaveLength(20);
  });
});
