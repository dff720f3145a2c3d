import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { createDatabase, type TestDatabase } from "../../test/support/database.ts";
import { derivedDifferences } from "../../test/support/derived.ts";
import { ReferenceDatabase } from "../../test/support/reference_database.ts";
import { ingestFiles, submission } from "../../test/support/spool.ts";
import { refreshAdopted } from "../rollups/refresh.ts";
import { isMigrated, loadMigrations, migrate, migrationStatus } from "./migrate.ts";

const log = pino({ level: "silent" });

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase(inject("connection"));
});
afterEach(async () => {
  await database.drop();
});

function run(adoptForeign = false): ReturnType<typeof migrate> {
  return migrate(database.connection, log, {
    adoptForeign,
    onAdopted: (client, adoption) => refreshAdopted(client, adoption.derivedTablesAreEmpty, log),
  });
}

describe("migrate", () => {
  it("makes an empty database ready, once, however many call it at a time", async () => {
    const all = await loadMigrations();
    expect(await isMigrated(database.pool)).toBe(false);
    expect(
      (await migrationStatus(database.connection)).every(({ appliedAt }) => appliedAt === undefined),
    ).toBe(true);
    const done = await Promise.all([run(), run(), run()]);
    expect(done.flat().map(({ number }) => number)).toEqual(all.map(({ number }) => number));
    expect(await isMigrated(database.pool)).toBe(true);
    expect(
      (await migrationStatus(database.connection)).every(({ appliedAt }) => appliedAt !== undefined),
    ).toBe(true);
    expect(await run()).toEqual([]);
  });

  it("refuses a migration that was edited after it was applied", async () => {
    await run();
    await database.pool.query("update kernelboard_migrations set checksum = 'x' where number = 1");
    await expect(run()).rejects.toThrow(/migration 1 \(tables\) differs from the one that was applied/);
  });

  it("refuses a database of a newer version", async () => {
    await run();
    await database.pool.query(
      "insert into kernelboard_migrations (number, name, checksum, adopted) values (9999, 'future', 'x', false)",
    );
    await expect(run()).rejects.toThrow(
      /migration 9999 \(future\), which this version of kernelboard does not know/,
    );
  });

  it("leaves nothing behind when a migration fails", async () => {
    await database.pool.query("create table latest_checkout (x integer)");
    await expect(run()).rejects.toThrow(/latest_checkout/);
    expect(
      await database.rows("select relname from pg_class where relname in ('checkouts', 'builds')"),
    ).toEqual([]);
  });

  it("computes the generated column as the reference does", async () => {
    await run();
    await database.pool
      .query(`insert into builds (id, checkout_id, origin, config_name, compiler, architecture)
      values ('a', 'c', 'o', 'defconfig', 'gcc-12', 'x86_64'), ('b', 'c', 'o', null, null, null)`);
    expect(await database.rows("select series from builds order by id")).toEqual([
      { series: "818bcff3adf939c00255063d4874cdbe" },
      { series: "d41d8cd98f00b204e9800998ecf8427e" },
    ]);
  });
});

describe("adoption", () => {
  it("upgrades a database of the reference implementation in place and keeps every row", async () => {
    const reference = new ReferenceDatabase(database);
    await reference.create();
    await reference.fill();
    const before = await reference.rawRows();
    const history = await database.rows("select * from django_migrations order by id");
    await run();
    expect(await reference.rawRows()).toEqual(before);
    expect(await database.rows("select * from django_migrations order by id")).toEqual(history);
    expect(await database.rows("select adopted from kernelboard_migrations where number = 1")).toEqual([
      { adopted: true },
    ]);
    expect(await derivedDifferences(database.pool)).toEqual([]);
    expect(
      await database.rows(
        "select pg_get_constraintdef(oid) as key from pg_constraint where conname = 'issues_pkey'",
      ),
    ).toEqual([{ key: "PRIMARY KEY (id, version)" }]);
    expect(
      await database.rows(
        "select relname from pg_class where relname ~ '_like$' and relname !~ '^hardware_registry'",
      ),
    ).toEqual([]);
    expect(
      await database.rows(
        "select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'hardware_status'::regclass and attname = 'platform'",
      ),
    ).toEqual([{ type: "text" }]);
  });

  it("goes on counting where the reference stopped", async () => {
    const reference = new ReferenceDatabase(database);
    await reference.create();
    await reference.fill();
    await run();
    await ingestFiles(database.connection, {
      "a.json": submission({
        issues: [{ id: "o:i", version: 2, origin: "o" }],
        tests: [
          { id: "o:t1", build_id: "o:b1", origin: "o", status: "PASS" },
          {
            id: "o:t9",
            build_id: "o:b1",
            origin: "o",
            status: "FAIL",
            environment: { compatible: ["a,b"], misc: { platform: "board" } },
          },
        ],
        builds: [{ id: "o:missing", checkout_id: "o:c1", origin: "o", status: "FAIL" }],
      }),
    });
    expect(await database.rows("select version from issues where id = 'o:i' order by 1")).toEqual([
      { version: 1 },
      { version: 2 },
    ]);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it("names the newest checkout of each tree where the reference did not", async () => {
    const reference = new ReferenceDatabase(database);
    await reference.create();
    await reference.fill();
    const tree = "'o', 'quiet', 'https://x/z.git', 'master', repeat('d', 40)";
    await database.pool.query(`
      insert into checkouts (_timestamp, start_time, id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash)
      values ('2026-01-04', '2026-01-04', 'o:quiet', ${tree});
      insert into tree_listing (start_time, checkout_id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash,
        build_pass, build_failed, build_inc, boot_pass, boot_failed, boot_inc, test_pass, test_failed, test_inc)
      values ('2026-01-04', 'o:quiet', ${tree}, 0, 0, 0, 0, 0, 0, 0, 0, 0)`);
    await run();
    expect(await database.rows("select checkout_id from latest_checkout where tree_name = 'quiet'")).toEqual([
      { checkout_id: "o:quiet" },
    ]);
    expect(await derivedDifferences(database.pool)).toEqual([]);
  });

  it.each([1, 2, 5, 9, 10, 12, 13, 15, 16, 17])(
    "takes a database of level %i, whose derived tables are older or missing",
    async (level) => {
      const reference = new ReferenceDatabase(database);
      await reference.create(level);
      await reference.fill();
      const before = await reference.rawRows();
      await run();
      expect(await reference.rawRows()).toEqual(before);
      expect(await derivedDifferences(database.pool)).toEqual([]);
    },
  );

  it("mends indexes that an interrupted build left invalid", async () => {
    const reference = new ReferenceDatabase(database);
    await reference.create();
    await database.pool.query(
      "update pg_index set indisvalid = false where indexrelid = 'tests_path'::regclass",
    );
    await run();
    expect(
      await database.rows("select indisvalid from pg_index where indexrelid = 'tests_path'::regclass"),
    ).toEqual([{ indisvalid: true }]);
  });

  it("refuses tables of another program until it is told to adopt them", async () => {
    const reference = new ReferenceDatabase(database);
    await reference.create();
    await database.pool.query("drop table django_migrations");
    await expect(run()).rejects.toThrow(
      /no history of the reference implementation; run `kernelboard migrate --adopt`/,
    );
    await run(true);
    expect(await isMigrated(database.pool)).toBe(true);
  });

  it("refuses columns of another type, and changes nothing", async () => {
    const reference = new ReferenceDatabase(database);
    await reference.create();
    await database.pool.query("alter table tests alter column duration type text");
    await expect(run()).rejects.toThrow("column tests.duration has type text, not double precision");
    expect(
      await database.rows(
        "select to_regclass('kernelboard_migrations') as t, count(*)::integer as n from kernelboard_migrations",
      ),
    ).toEqual([{ t: "kernelboard_migrations", n: 0 }]);
  });
});
