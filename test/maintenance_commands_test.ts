/** The commands that check and mend, as the built program. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "./support/database.ts";
import { derivedDifferences } from "./support/derived.ts";
import { databaseEnvironment, run, start, type RunningProgram } from "./support/program.ts";
import { ingestSmallWorld } from "./support/small_world.ts";
import { spoolState, temporaryDirectory, writeSubmissions } from "./support/spool.ts";

let database: TestDatabase;
let environment: Record<string, string>;
const programs: RunningProgram[] = [];

beforeEach(async () => {
  database = await testDatabase();
  environment = databaseEnvironment(database.connection);
  await ingestSmallWorld(database.connection);
});
afterEach(async () => {
  for (const { child, ended } of programs.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
});

function started(args: string[], more: Record<string, string> = {}): RunningProgram {
  const program = start(args, { ...environment, ...more });
  programs.push(program);
  return program;
}

const waitingTests = async (): Promise<number> =>
  Number((await database.rows("select count(*)::integer as tests from pending_test"))[0]?.tests);

describe("rollups", () => {
  it("verify ends with 1 where something differs, and rebuild mends it", async () => {
    const clean = await run(["rollups", "verify"], environment);
    expect([clean.code, clean.stdout]).toEqual([0, expect.stringMatching(/^tree_listing +12 +0 +0 +0$/m)]);

    await database.pool.query("update tree_listing set test_pass = 77 where checkout_id = 'o:c02'");
    await database.pool.query("delete from pending_builds");
    const damaged = await run(["rollups", "verify"], environment);
    expect(damaged.code).toBe(1);
    expect(damaged.stdout).toMatch(/^tree_listing +12 +0 +0 +1$/m);
    expect(damaged.stdout).toMatch(/^ {2}test_pass is 77, not \d+$/m);
    expect(damaged.stdout).toMatch(/^2 rows differ|^3 rows differ/m);
    expect((await run(["rollups", "verify", "--table", "hardware_status"], environment)).code).toBe(0);
    const json = await run(["rollups", "verify", "--json", "--table", "tree_listing"], environment);
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
      1,
      { clean: false, tables: [{ table: "tree_listing", rows: 12, different: 1 }] },
    ]);

    const dry = await run(["rollups", "rebuild", "--dry-run"], environment);
    expect([dry.code, dry.stdout]).toEqual([0, damaged.stdout]);
    expect(await derivedDifferences(database.pool)).not.toEqual([]);
    const rebuilt = await run(["rollups", "rebuild", "--json"], environment);
    expect(rebuilt.code).toBe(0);
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({
      tables: expect.arrayContaining([
        { table: "tree_listing", inserted: 0, updated: 1, deleted: 0 },
        { table: "tree_tests_rollup", inserted: 0, updated: 0, deleted: 0 },
      ]) as unknown,
    });
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("says what is wrong with its arguments", async () => {
    const table = await run(["rollups", "verify", "--table", "tests"], environment);
    expect([table.code, table.stderr]).toEqual([
      2,
      expect.stringContaining("'tests' is none of latest_checkout, tree_listing"),
    ]);
    expect((await run(["rollups", "nosuch"], environment)).code).toBe(2);
    for (const command of ["verify", "rebuild"]) {
      const help = await run(["rollups", command, "--help"]);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("Examples:")]);
    }
  });
});

/** A build and its checkout that come without being submitted: eight tests and a build are ready then. */
async function copyByHand(): Promise<void> {
  await database.pool.query(`
    insert into checkouts (id, origin, tree_name, git_commit_hash, start_time, _timestamp)
      values ('o:missing', 'o', 'late', 'cccc', '2026-02-01', now());
    insert into builds (id, checkout_id, origin, status, _timestamp) values ('o:absent', 'o:missing', 'o', 'PASS', now())`);
}

describe("process_pending_aggregations", () => {
  it("counts what waits although its parents are there, and leaves the rest", async () => {
    const before = await waitingTests();
    await copyByHand();
    await database.pool.query(
      "insert into pending_test (test_id, origin, build_id, is_boot) values ('o:nobody', 'o', 'o:absent', false)",
    );
    await database.pool.query(
      "insert into tests (id, build_id, origin) values ('o:orphan', 'o:nowhere', 'o'); insert into pending_test (test_id, origin, build_id, is_boot) values ('o:orphan', 'o', 'o:nowhere', false)",
    );
    const { code, stderr } = await run(["process_pending_aggregations", "--batch-size", "2"], environment);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /Starting batch processing \(last_processed_test_id=, last_processed_build_id=, batch_size=2\)\.\.\./,
    );
    expect(stderr).toContain("No pending items found, exiting batch loop");
    expect(stderr).toMatch(/Batch processed: \d+ tests aggregated; 2 builds aggregated; in/);
    expect(await database.rows("select test_id from pending_test")).toEqual([{ test_id: "o:orphan" }]);
    expect(before).toBeGreaterThan(1);
    // the queue's row of the orphan was written by hand, with less than it should have
    expect((await run(["rollups", "rebuild", "--table", "pending_test"], environment)).code).toBe(0);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("goes on in a loop until it is stopped, one process at a time", async () => {
    const args = ["process_pending_aggregations", "--loop", "--interval", "0"];
    const debug = { KERNELBOARD_LOG_LEVEL: "debug" };
    const first = started(args, debug);
    await first.shows(/Sleeping for/);
    const second = started(args, debug);
    await second.shows(/Another process_pending_aggregations --loop is at work/);
    await copyByHand();
    await first.shows(/Batch processed/);
    first.child.kill("SIGTERM");
    const { code, stderr } = await first.ended;
    expect(code).toBe(0);
    expect(stderr).toContain("Received signal 15, initiating graceful shutdown...");
    expect(stderr).toContain("Pending aggregation processor shutdown complete");
    await second.shows(/Sleeping for/);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("goes on after its connection is lost", async () => {
    const program = started(["process_pending_aggregations", "--loop", "--interval", "0"], {
      KERNELBOARD_LOG_LEVEL: "debug",
    });
    await program.shows(/Sleeping for/);
    const { rowCount } = await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kernelboard pending' and datname = current_database()",
    );
    expect(rowCount).toBe(1);
    await program.shows(/tried again/);
    await copyByHand();
    await program.shows(/Batch processed/);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("makes at least one attempt at a database that is away", async () => {
    const away = { ...environment, DB_PORT: "1", PROCESS_PENDING_MAX_RETRIES: "0" };
    const { code, stderr } = await run(["process_pending_aggregations"], away);
    expect([code, stderr]).toEqual([1, expect.stringContaining("ECONNREFUSED")]);
  });
});

describe("populate_tree_tests_rollup", () => {
  it("computes whole commits, names each once, and mends what was wrong", async () => {
    const right = await database.rows(
      "select total_tests, checkouts.commits from (select sum(total_tests)::integer as total_tests from tree_tests_rollup) rollup, (select count(distinct (tree_name, git_repository_url, git_commit_hash))::integer as commits from checkouts) checkouts",
    );
    await database.pool.query(
      "update tree_tests_rollup set total_tests = total_tests + 5 where git_commit_hash like 'a%'",
    );
    await database.pool.query("delete from tree_tests_rollup where git_commit_hash like 'b%'");
    const dry = await run(["populate_tree_tests_rollup", "--dry-run"], environment);
    expect([dry.code, dry.stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringMatching(/^DRY-RUN checkout=o:c\d3 buckets=\d+ tests=\d+$/),
    ]);
    expect(await derivedDifferences(database.pool)).not.toEqual([]);
    const { code, stdout } = await run(["populate_tree_tests_rollup", "--batch-size", "10"], environment);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^checkout=o:c01 buckets=\d+ tests=16 elapsed=\d+\.\d\ds$/m);
    expect(stdout).not.toContain("checkout=o:c00 ");
    const { total_tests: tests, commits } = right[0] ?? {};
    expect(stdout).toMatch(
      new RegExp(
        `^Summary: ok=${String(commits)}, empty=0, failed=0, buckets=\\d+, rows=${String(tests)}$`,
        "m",
      ),
    );
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("takes one checkout, or some", async () => {
    const missing = await run(["populate_tree_tests_rollup", "--checkout-id", "o:nobody"], environment);
    expect(missing).toMatchObject({ code: 1, stderr: "CommandError: Checkout with id=o:nobody not found\n" });
    const one = await run(["populate_tree_tests_rollup", "--checkout-id", "o:c00"], environment);
    expect(one.stdout).toMatch(/^checkout=o:c00 buckets=\d+ tests=16 elapsed=.*\nSummary: ok=1, empty=0,/);
    await database.pool.query(
      "insert into checkouts (id, origin, start_time) values ('o:new', 'new', now())",
    );
    const since = await run(["populate_tree_tests_rollup", "--since-days", "1"], environment);
    expect(since.stdout).toBe("Summary: ok=0, empty=1, failed=0, buckets=0, rows=0\n");
    const two = await run(["populate_tree_tests_rollup", "--limit", "2"], environment);
    expect(two.stdout).toMatch(/^checkout=.*\nSummary: ok=1, empty=1,/);
  });

  it("goes on behind a commit that fails", async () => {
    await database.pool.query("update tree_tests_rollup set total_tests = 1000");
    await database.pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
      create trigger refuse before update on tree_tests_rollup for each row when (new.tree_name = 'next') execute function refuse()`);
    const { code, stdout } = await run(["populate_tree_tests_rollup"], environment);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ERROR checkout=o:c1\d: not this one$/m);
    expect(stdout).toMatch(/^Summary: ok=9, empty=0, failed=3,/m);
  });
});

describe("backfill_hardware_aggregations", () => {
  it("mends what hangs on the checkouts of the last days, and loses nothing of others", async () => {
    await database.pool.query(
      "update checkouts set start_time = now() - interval '1 hour' where id like 'o:c%3'; update hardware_status set start_time = now() where checkout_id like 'o:c%3'",
    );
    await database.pool.query("update hardware_status set boot_pass = 50");
    await database.pool.query("delete from latest_checkout where git_repository_url like '%0.git'");
    const args = ["backfill_hardware_aggregations", "--days", "2", "--batch-size", "1"];
    const { code, stdout } = await run(args, environment);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^latest_checkout +1 +3 +0$/m)]);
    const wrong = await database.rows(
      "select distinct checkout_id like 'o:c%3' as recent from hardware_status where boot_pass = 50",
    );
    expect(wrong).toEqual([{ recent: false }]);

    await database.pool.query("delete from latest_checkout; delete from pending_test");
    const all = await run([...args, "--truncate"], environment);
    expect([all.code, all.stdout]).toEqual([0, expect.stringMatching(/^latest_checkout +4 +0 +0$/m)]);
    const left = await run(
      ["rollups", "verify", "--table", "latest_checkout", "--table", "pending_test"],
      environment,
    );
    expect(left.code).toBe(0);
  });

  it("tries a failing batch again commit by commit, and names those that fail", async () => {
    await database.pool.query("update hardware_status set boot_pass = 50");
    await database.pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
      create trigger refuse before update on hardware_status for each row when (new.checkout_id = 'o:c02') execute function refuse()`);
    const { code, stdout, stderr } = await run(
      ["backfill_hardware_aggregations", "--days", "90000"],
      environment,
    );
    expect(code).toBe(1);
    expect(stdout).toContain("Error processing checkout=o:c02: not this one\n");
    expect(stderr).toBe("CommandError: 1 commits could not be processed\n");
    expect(
      await database.rows("select distinct checkout_id from hardware_status where boot_pass = 50"),
    ).toEqual([{ checkout_id: "o:c02" }]);
  });
});

describe("treeproof", () => {
  it("writes the file of tree names, and says what it added", async () => {
    const directory = await temporaryDirectory();
    const more = { ...environment, BACKEND_VOLUME_DIR: directory };
    const path = join(directory, "tree-names.yaml");
    const { code, stdout } = await run(["treeproof"], more);
    expect([code, stdout]).toEqual([
      0,
      "added mainline: https://example.org/0.git\nadded next: https://example.org/1.git\n" +
        "added 2: https://example.org/2.git\nadded 3: https://example.org/3.git\n" +
        `${path}: 4 trees, 4 added, 0 skipped\n`,
    ]);
    expect(await readFile(path, "utf8")).toBe(
      'trees:\n  "2":\n    url: https://example.org/2.git\n  "3":\n    url: https://example.org/3.git\n' +
        "  mainline:\n    url: https://example.org/0.git\n  next:\n    url: https://example.org/1.git\n",
    );
    expect((await run(["treeproof", "--dry-run"], more)).stdout).toBe(
      `DRY-RUN ${path}: 4 trees, 0 added, 0 skipped\n`,
    );
    const nowhere = await run(["treeproof", "--file", join(directory, "no", "file")], environment);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/^CommandError: .*ENOENT/)]);
  });
});

describe("retry-failed", () => {
  it("puts failed files back into the spool", async () => {
    const spool = await temporaryDirectory();
    await mkdir(join(spool, "failed"));
    await writeSubmissions(join(spool, "failed"), { "a.json": "{}", "a.json.error.json": "{}" });
    const before = await run(["retry-failed", "--spool-dir", spool, "--since", "2030-01-01"]);
    expect(before).toMatchObject({ code: 0, stdout: "0 files put back, 0 skipped\n" });
    const dry = await run(["retry-failed", "--spool-dir", spool, "--since", "2d", "--dry-run", "--json"]);
    expect(JSON.parse(dry.stdout)).toEqual({
      dry_run: true,
      moved: ["failed/a.json"],
      skipped: [],
      errors: [],
    });
    const done = await run(["retry-failed", "--spool-dir", spool, "--since", "1h"]);
    expect(done).toMatchObject({ code: 0, stdout: "failed/a.json\n1 file put back, 0 skipped\n" });
    expect(await spoolState(spool)).toMatchObject({ inbox: ["a.json"], failed: [], reports: {} });
  });

  it("says what is wrong with its arguments", async () => {
    expect((await run(["retry-failed"])).code).toBe(2);
    for (const since of ["soon", "2026-02-30", "2w", "2026-13-01", ""]) {
      const odd = await run(["retry-failed", "--spool-dir", ".", "--since", since]);
      expect([since, odd.code, odd.stderr]).toEqual([
        since,
        2,
        expect.stringContaining("is neither an age such as 2d nor a date such as 2026-11-01"),
      ]);
    }
    const nowhere = await run(["retry-failed", "--spool-dir", "/no/such/spool"]);
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: "CommandError: Directory /no/such/spool is not a directory\n",
    });
  });
});
