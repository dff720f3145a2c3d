/** `prune_db` on random small worlds: what goes is what a plain reading of the rules says, and derived tables stay exact. */
import { describe, beforeAll, expect, it } from "vitest";
import { Chance, SEED } from "../../test/support/chance.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { times } from "../../test/support/faults.ts";
import { derivedDifferences, fillDerivedTables } from "../../test/support/derived.ts";
import { prune } from "./prune.ts";
import { PRUNED_TABLES, type PruneChoice, type PrunedTable } from "./prune_plan.ts";

/** All with KERNELBOARD_FAULTS=full. */
const WORLDS = times(8, 300);
const CUTOFF_DAY = 5;

interface Row {
  id: string;
  origin: string;
  /** Days old; null without a time. */
  age: number | null;
}
interface World {
  checkouts: (Row & { commit: string | null; tree: string })[];
  builds: (Row & { checkout: string; status: string | null })[];
  tests: (Row & { build: string; status: string | null; platform: string | null })[];
  incidents: { id: string; build: string | null; test: string | null }[];
}

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});

function randomWorld(chance: Chance): World {
  const list = <T>(count: number, make: (number: number) => T): T[] =>
    Array.from({ length: chance.below(count + 1) }, (_, number) => make(number));
  const row = (id: string): Row => ({
    id,
    origin: chance.pick(["a", "b"]),
    age: chance.hits(0.05) ? null : chance.below(10),
  });
  const one = (prefix: string, count: number): string => `${prefix}${chance.below(count)}`;
  const status = (): string | null => chance.pick(["PASS", "FAIL", "SKIP", null]);
  return {
    checkouts: list(6, (n) => ({
      ...row(`c${n}`),
      commit: chance.pick(["x", "y", null]),
      tree: chance.pick(["mainline", "next"]),
    })),
    builds: list(8, (n) => ({ ...row(`b${n}`), checkout: one("c", 7), status: status() })),
    tests: list(20, (n) => ({
      ...row(`t${n}`),
      build: one("b", 9),
      status: status(),
      platform: chance.pick(["p", "q", null]),
    })),
    incidents: list(4, (n) => ({
      id: `i${n}`,
      build: chance.hits(0.5) ? one("b", 9) : null,
      test: chance.hits(0.6) ? one("t", 22) : null,
    })),
  };
}

async function store({ checkouts, builds, tests, incidents }: World, now: number): Promise<void> {
  const time = ({ age }: Row): string | null =>
    age === null ? null : new Date(now - (age + 0.5) * 86_400_000).toISOString();
  const insert = (sql: string, rows: object[]): Promise<unknown> =>
    database.pool.query(sql, [JSON.stringify(rows)]);
  await database.pool.query(`truncate checkouts, builds, tests, incidents, latest_checkout, tree_listing,
    hardware_status, tree_tests_rollup, pending_test, pending_builds`);
  await insert(
    `insert into checkouts (id, origin, _timestamp, git_commit_hash, tree_name, start_time)
     select id, origin, time, commit, tree, time
     from jsonb_to_recordset($1::jsonb) r (id text, origin text, time timestamptz, commit text, tree text)`,
    checkouts.map((checkout) => ({ ...checkout, time: time(checkout) })),
  );
  await insert(
    `insert into builds (id, origin, _timestamp, checkout_id, status)
     select id, origin, time, checkout, status
     from jsonb_to_recordset($1::jsonb) r (id text, origin text, time timestamptz, checkout text, status text)`,
    builds.map((build) => ({ ...build, time: time(build) })),
  );
  await insert(
    `insert into tests (id, origin, _timestamp, build_id, status, path, environment_misc, environment_compatible)
     select id, origin, time, build, status, 'boot', jsonb_build_object('platform', platform), array['v,' || id]
     from jsonb_to_recordset($1::jsonb) r (id text, origin text, time timestamptz, build text, status text, platform text)`,
    tests.map((test) => ({ ...test, time: time(test) })),
  );
  await insert(
    `insert into incidents (id, origin, _timestamp, issue_id, issue_version, build_id, test_id)
     select id, 'a', now(), 'issue', 1, build, test from jsonb_to_recordset($1::jsonb) r (id text, build text, test text)`,
    incidents,
  );
  await fillDerivedTables(database.connection);
}

/** The ids that stay, by a plain reading of chapter 08, section 4.2. */
function remaining(world: World, choice: PruneChoice): Record<PrunedTable | "incidents", string[]> {
  const isOld = ({ age, origin }: Row): boolean =>
    age !== null && age >= CUTOFF_DAY && (choice.origins?.includes(origin) ?? true);
  const { checkouts, builds, tests, incidents } = world;
  const protects = choice.isProtected;
  const testIsProtected = (id: string): boolean => protects && incidents.some((i) => i.test === id);
  const buildIsProtected = (id: string): boolean =>
    protects &&
    (incidents.some((i) => i.build === id) || tests.some((t) => t.build === id && testIsProtected(t.id)));
  const checkoutIsProtected = (id: string): boolean =>
    builds.some((b) => b.checkout === id && buildIsProtected(b.id));
  const ids = (rows: Row[]): Set<string> => new Set(rows.map(({ id }) => id));
  const selected = (table: PrunedTable): boolean => choice.tables.includes(table);
  const doomedCheckouts = ids(
    checkouts.filter((c) => selected("checkouts") && isOld(c) && !checkoutIsProtected(c.id)),
  );
  const doomedBuilds = ids(
    builds.filter(
      (b) => selected("builds") && (isOld(b) || doomedCheckouts.has(b.checkout)) && !buildIsProtected(b.id),
    ),
  );
  const doomedTests = ids(
    tests.filter(
      (t) => selected("tests") && (isOld(t) || doomedBuilds.has(t.build)) && !testIsProtected(t.id),
    ),
  );
  const left = (rows: Row[], doomed: Set<string>): string[] =>
    rows.map(({ id }) => id).filter((id) => !doomed.has(id));
  const stays = {
    checkouts: left(checkouts, doomedCheckouts),
    builds: left(builds, doomedBuilds),
    tests: left(tests, doomedTests),
  };
  const refersToDoomed = (i: World["incidents"][number]): boolean =>
    doomedBuilds.has(i.build ?? "") || doomedTests.has(i.test ?? "");
  const refersToStored = (i: World["incidents"][number]): boolean =>
    stays.builds.includes(i.build ?? "") || stays.tests.includes(i.test ?? "");
  return {
    ...stays,
    incidents: incidents.filter((i) => !refersToDoomed(i) || refersToStored(i)).map(({ id }) => id),
  };
}

async function storedIds(): Promise<Record<string, string[]>> {
  const ids: Record<string, string[]> = {};
  for (const table of [...PRUNED_TABLES, "incidents"])
    ids[table] = (await database.rows(`select id from ${table}`)).map(({ id }) => String(id));
  return ids;
}

const sorted = (ids: Record<string, string[]>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(ids).map(([table, list]) => [table, list.toSorted()]));

function randomChoice(chance: Chance, now: number): PruneChoice {
  const some = PRUNED_TABLES.filter(() => chance.hits(0.7));
  return {
    cutoff: new Date(now - CUTOFF_DAY * 86_400_000).toISOString(),
    tables: chance.hits(0.5) || some.length === 0 ? PRUNED_TABLES : some,
    isProtected: chance.hits(0.6),
    ...(chance.hits(0.3) ? { origins: ["a"] } : {}),
  };
}

describe(`prune (TEST_SEED=${SEED})`, () => {
  it(`deletes what the rules doom in ${WORLDS} random worlds, and all derived tables stay exact`, async () => {
    const chance = new Chance(SEED);
    let deletedRows = 0;
    for (let number = 0; number < WORLDS; number++) {
      const now = Date.now();
      const world = randomWorld(chance);
      const choice = randomChoice(chance, now);
      await store(world, now);
      const before = await storedIds();
      const { plan, deleted } = await prune({
        connection: database.connection,
        choice,
        batchSize: 1 + chance.below(6),
        cascadeAggregates: chance.hits(0.3),
        confirm: () => Promise.resolve(true),
        onBatch: () => undefined,
      });
      const expected = remaining(world, choice);
      const described = JSON.stringify({ choice, world });
      const after = await storedIds();
      expect(sorted(after), described).toEqual(sorted(expected));
      expect(await derivedDifferences(database.pool), described).toEqual([]);
      for (const table of PRUNED_TABLES) {
        const gone = (before[table] ?? []).length - (after[table] ?? []).length;
        expect([plan.doomed[table], deleted?.[table]], described).toEqual([gone, gone]);
        deletedRows += gone;
      }
      const goneIncidents = (before.incidents ?? []).length - (after.incidents ?? []).length;
      expect([plan.incidents.doomed, deleted?.incidents], described).toEqual([goneIncidents, goneIncidents]);
    }
    expect(deletedRows).toBeGreaterThan(WORLDS);
  });
});
