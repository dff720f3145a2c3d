/** `rollups verify` and `rollups rebuild`: damage of every kind is found, named and mended. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { derivedDifferences } from "../../test/support/derived.ts";
import { ingestSmallWorld } from "../../test/support/small_world.ts";
import { rebuildDerived, type RebuildOptions } from "./rebuild.ts";
import { COUNTED_TABLES, QUEUES, type DerivedTableName } from "./refresh.ts";
import { differences, verifyDerived, type TableReport } from "./verify.ts";

const ALL: DerivedTableName[] = [...COUNTED_TABLES, ...QUEUES];

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
  await ingestSmallWorld(database.connection);
});

const verify = (tables = ALL): Promise<TableReport[]> =>
  verifyDerived({ connection: database.connection, tables, examples: 10 });
const rebuild = (options: Partial<RebuildOptions> = {}): ReturnType<typeof rebuildDerived> =>
  rebuildDerived({ connection: database.connection, tables: ALL, ...options });

/** A column whose value nothing else depends on, and the columns of the primary key. */
const TABLES: Record<DerivedTableName, { value: string; key: string }> = {
  latest_checkout: { value: "start_time = start_time + '1 second'", key: "id" },
  tree_listing: { value: "test_pass = test_pass + 1, boot_skip = 77", key: "id" },
  hardware_status: {
    value: "build_failed = build_failed - 3",
    key: "test_origin, platform, checkout_id",
  },
  tree_tests_rollup: { value: "total_tests = 0", key: "id" },
  pending_test: { value: "status = 'X', lab = null", key: "test_id" },
  pending_builds: { value: "origin = 'other'", key: "build_id" },
};

/** Rows that stand for nothing that is stored. */
const PHANTOMS: Record<DerivedTableName, string[]> = {
  latest_checkout: [
    "insert into latest_checkout (checkout_id, start_time, origin) values ('gone', now(), 'gone')",
  ],
  tree_listing: [
    `insert into tree_listing select (jsonb_populate_record(l, '{"id": 900001, "git_commit_hash": "gone"}')).* from tree_listing l limit 1`,
    `insert into tree_listing select (jsonb_populate_record(l, '{"id": 900002, "origin": "gone"}')).* from tree_listing l
     where git_commit_hash is null limit 1`,
  ],
  hardware_status: [
    `insert into hardware_status select (jsonb_populate_record(h, '{"checkout_id": "gone"}')).* from hardware_status h limit 1`,
    `insert into hardware_status select (jsonb_populate_record(h, '{"platform": "gone"}')).* from hardware_status h limit 1`,
  ],
  tree_tests_rollup: [
    `insert into tree_tests_rollup select (jsonb_populate_record(r, '{"id": 900001, "git_commit_hash": "gone"}')).* from tree_tests_rollup r limit 1`,
    `insert into tree_tests_rollup select (jsonb_populate_record(r, '{"id": 900002, "test_lab": "gone"}')).* from tree_tests_rollup r limit 1`,
  ],
  pending_test: [
    `insert into pending_test select (jsonb_populate_record(p, '{"test_id": "gone"}')).* from pending_test p limit 1`,
    // one that is counted
    `insert into pending_test (test_id, origin, build_id, is_boot) values ('o:t0_0', 'o', 'o:b0_0', true)`,
  ],
  pending_builds: ["insert into pending_builds (build_id, origin, checkout_id) values ('gone', 'o', 'gone')"],
};

interface Damage {
  table: DerivedTableName;
  /** Rows in the order of the key that are changed, and deleted. */
  changed: number;
  deleted: number;
  phantoms: boolean;
}

async function inflict({ table, changed, deleted, phantoms }: Damage): Promise<void> {
  const { value, key } = TABLES[table];
  const some = (count: number, offset: number): string =>
    `(${key}) in (select ${key} from ${table} order by ${key} limit ${count} offset ${offset})`;
  await database.pool.query(`update ${table} set ${value} where ${some(changed, 0)}`);
  await database.pool.query(`delete from ${table} where ${some(deleted, changed)}`);
  if (phantoms) for (const statement of PHANTOMS[table]) await database.pool.query(statement);
}

const CLEAN = { missing: 0, extra: 0, different: 0, unknown: 0, pruned: 0, examples: [] };

describe("verify", () => {
  it("finds an ingested database clean, and counts its rows", async () => {
    const reports = await verify();
    for (const report of reports) {
      const [row] = await database.rows(`select count(*)::integer as rows from ${report.table}`);
      expect(report).toEqual({ table: report.table, rows: row?.rows, ...CLEAN });
      expect(report.rows).toBeGreaterThan(0);
    }
    expect(reports.map(({ table }) => table)).toEqual(ALL);
  });

  it("names the rows that differ, with the columns that do", async () => {
    await database.pool.query(
      "update hardware_status set boot_pass = 40, compatibles = null where checkout_id = 'o:c00' and platform = 'platform-0' and test_origin = 'o'",
    );
    await database.pool.query("delete from pending_builds where build_id = 'o:b16_0'");
    await database.pool.query(PHANTOMS.pending_test[1] ?? "");
    const [hardware, test, build] = await verify(["hardware_status", "pending_test", "pending_builds"]);
    expect(hardware).toMatchObject({ different: 1, missing: 0, extra: 0 });
    expect(hardware?.examples).toEqual([
      {
        verdict: "different",
        key: { checkout_id: "o:c00", test_origin: "o", platform: "platform-0" },
        columns: {
          boot_pass: { expected: 1, found: 40 },
          compatibles: { expected: ["v,board", "v,soc"], found: null },
        },
      },
    ]);
    expect(test).toMatchObject({ extra: 1, missing: 0, different: 0 });
    expect(test?.examples).toMatchObject([{ verdict: "extra", key: { test_id: "o:t0_0" } }]);
    expect(build).toMatchObject({ missing: 1, extra: 0, different: 0 });
    expect(build?.examples).toMatchObject([
      { verdict: "missing", columns: { checkout_id: { expected: "o:missing" } } },
    ]);
  });

  it("gives no more examples than asked for, and counts all", async () => {
    await database.pool.query("delete from tree_tests_rollup");
    const [report] = await verifyDerived({
      connection: database.connection,
      tables: ["tree_tests_rollup"],
      examples: 3,
    });
    expect(report?.examples).toHaveLength(3);
    expect(report?.missing).toBeGreaterThan(3);
  });

  it("tells counters that are not known yet from wrong ones", async () => {
    await database.pool.query("update tree_listing set build_skip = null, test_done = null");
    await database.pool.query("update hardware_status set compatibles_test_id = null");
    const reports = await verify(["tree_listing", "hardware_status"]);
    expect(reports.map(differences)).toEqual([0, 0]);
    for (const { unknown } of reports) expect(unknown).toBeGreaterThan(0);
    await database.pool.query(
      "update tree_listing set test_pass = test_pass + 1 where checkout_id = 'o:c00'",
    );
    await rebuild();
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });
});

describe("rebuild", () => {
  it("mends whatever was damaged, and nothing else", async () => {
    const damage = fc.record({
      table: fc.constantFrom(...ALL),
      changed: fc.nat(5),
      deleted: fc.nat(5),
      phantoms: fc.boolean(),
    });
    const damages = fc.uniqueArray(damage, { selector: ({ table }) => table, minLength: 1 });
    await fc.assert(
      fc.asyncProperty(damages, async (inflicted) => {
        const sizes = new Map<string, number>();
        for (const { table } of inflicted) {
          const [row] = await database.rows(`select count(*)::integer as rows from ${table}`);
          sizes.set(table, Number(row?.rows));
        }
        for (const one of inflicted) await inflict(one);
        const found = await verify();
        for (const report of found) {
          const one = inflicted.find(({ table }) => table === report.table);
          const rows = sizes.get(report.table) ?? 0;
          const expected = {
            different: Math.min(one?.changed ?? 0, rows),
            missing: Math.max(0, Math.min(one?.deleted ?? 0, rows - (one?.changed ?? 0))),
            extra: one?.phantoms === true ? PHANTOMS[report.table].length : 0,
          };
          expect([report.table, report]).toMatchObject([report.table, expected]);
        }
        const mended = await rebuild();
        for (const report of found) {
          const { different, missing, extra } = report;
          expect([report.table, mended.get(report.table)]).toEqual([
            report.table,
            { updated: different, inserted: missing, deleted: extra },
          ]);
        }
        expect(await derivedDifferences(database.pool)).toEqual([]);
        expect((await verify()).map(differences)).toEqual(ALL.map(() => 0));
      }),
      { numRuns: 12 },
    );
  });

  it("comes to the same in slices, also when it is interrupted and run again", async () => {
    for (const table of ALL) await inflict({ table, changed: 30, deleted: 30, phantoms: true });
    const stop = new AbortController();
    const interrupted = rebuild({
      sliceSize: 1,
      signal: stop.signal,
      onProgress: (done, slices) => {
        expect(slices).toBeGreaterThan(5);
        if (done === 3) stop.abort(new Error("stopped here"));
      },
    });
    await expect(interrupted).rejects.toThrow("stopped here");
    expect(await derivedDifferences(database.pool)).not.toEqual([]);
    await rebuild({ sliceSize: 1 });
    expect(await derivedDifferences(database.pool)).toEqual([]);
    const reports = await verifyDerived({
      connection: database.connection,
      tables: ALL,
      examples: 1,
      sliceSize: 1,
    });
    expect(reports.map(differences)).toEqual(ALL.map(() => 0));
  });

  it("shows readers no row less, and leaves what is ingested meanwhile exact", async () => {
    const counts = `select ${ALL.map((table) => `(select count(*) from ${table})::integer as ${table}`).join(", ")}`;
    const [right] = await database.rows(counts);
    for (const table of ALL) await inflict({ table, changed: 1000, deleted: 0, phantoms: true });
    const rebuilding = { ended: false };
    let seen = 0;
    const reader = (async () => {
      while (!rebuilding.ended) {
        const [now] = await database.rows(counts);
        for (const table of ALL) expect(Number(now?.[table])).toBeGreaterThanOrEqual(Number(right?.[table]));
        seen++;
      }
    })();
    const writer = (async () => {
      for (const part of ["x", "y", "z"]) await ingestSmallWorld(database.connection, part);
    })();
    await Promise.all([rebuild({ sliceSize: 2 }), rebuild({ sliceSize: 3 }), writer]);
    rebuilding.ended = true;
    await reader;
    expect(seen).toBeGreaterThan(0);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("keeps what an adopted database knows of checkouts that are not stored", async () => {
    await database.pool.query("update kernelboard_migrations set adopted = true where number = 1");
    for (const table of COUNTED_TABLES) await database.pool.query(PHANTOMS[table][0] ?? "");
    await database.pool.query("update tree_listing set build_pass = 99 where checkout_id = 'o:c00'");
    const before = await verify();
    expect(before.map(({ pruned }) => pruned)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(before.map(differences).reduce((a, b) => a + b)).toBeLessThanOrEqual(1);
    expect(before[1]?.examples.map(({ verdict }) => verdict)).toContain("pruned");
    await rebuild();
    const after = await verify();
    expect(after.map(({ pruned }) => pruned)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(after.map(differences)).toEqual(ALL.map(() => 0));
  });
});
