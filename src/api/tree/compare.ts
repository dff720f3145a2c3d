/** Two commits of a branch side by side (chapter 04, section 10). */
import type { Static } from "typebox";
import type { Pool } from "../../database/pool.ts";
import { named, raw, sql, type Statement } from "../../database/sql.ts";
import { noFilters, type Filters } from "../../filters/filters.ts";
import {
  buildOutcomePredicate,
  buildPairPredicate,
  groupedStatus,
  testOutcomePredicate,
  testPairPredicate,
} from "../../filters/sql.ts";
import type { Kind } from "../items/counts.ts";
import { asksBuildsForTests, itemsOfCheckouts, variant, type Half, type Wanted } from "../items/tables.ts";
import { queryBody } from "../query.ts";
import type { TreeCompare } from "./shapes.ts";

/** Which commits are compared: A is the older one, usually. */
export interface Sides {
  tree: string;
  branch: string;
  origin: string;
  /** Full hashes. */
  hashA: string;
  hashB: string;
}

/**
 * Common table expression `scope_checkouts`, labelled `a` and `b`. A side's repository is that of its checkout which
 * was taken in last.
 */
function checkoutsOfSides({ tree, branch, origin, hashA, hashB }: Sides): Statement {
  // index checkouts_commit_hash
  return sql`sides (label, git_commit_hash) as (values ('a', ${hashA}::text), ('b', ${hashB}::text)),
  scope_checkouts as materialized (
    select c.*, s.label
    from sides s
    cross join lateral (
      select c.id, c.tree_name, c.git_repository_url, c.git_repository_branch
      from checkouts c
      where c.git_commit_hash = s.git_commit_hash and c.origin = ${origin}
        and c.tree_name = ${tree} and c.git_repository_branch = ${branch}
        and c.git_repository_url is not distinct from (
          select newest.git_repository_url from checkouts newest
          where newest.git_commit_hash = s.git_commit_hash and newest.origin = ${origin}
            and newest.tree_name = ${tree} and newest.git_repository_branch = ${branch}
          order by newest._timestamp desc nulls last, newest.id collate "C" desc limit 1)
      offset 0
    ) c
  )`;
}

/** Of several items with one identity on a side the newest stands for them. */
const NEWEST = `start_time desc nulls last, _timestamp desc nulls last, id collate "C" desc`;

/**
 * What makes two tests the same one: `series` numbers their configs and architectures. Rows are sorted by a hash of path
 * and platform, which is a lot faster than by texts; these follow, so that nothing depends on the hash but the speed.
 */
const TEST_IDENTITY = "hash, series, is_boot, path, platform, config, architecture";

/** Common table expression `test_pairs`. */
function testPairs(filters: Filters): Statement {
  return sql`test_sides as (
    select distinct on (${raw(TEST_IDENTITY)}, label)
      ${raw(TEST_IDENTITY)}, label, ${raw(groupedStatus("t.status"))} as status, ${testOutcomePredicate(filters)} as passes
    from (
      select t.*, hashtextextended(path, hashtextextended(platform, 0)) as hash
      from test_items t
      where passes_record and ${testPairPredicate(filters)}
    ) t
    order by ${raw(TEST_IDENTITY)}, label, ${raw(NEWEST)}
  ), test_pairs as (
    select is_boot, path, config, architecture, platform,
      max(status) filter (where label = 'a') as status_a, max(status) filter (where label = 'b') as status_b
    from test_sides
    group by ${raw(TEST_IDENTITY)}
    having bool_or(passes)
  )`;
}

/** Common table expression `build_pairs`. */
function buildPairs(filters: Filters): Statement {
  return sql`build_sides as (
    select distinct on (config, architecture, compiler, label)
      config, architecture, compiler, label, ${raw(groupedStatus("b.status"))} as status,
      ${buildOutcomePredicate(filters)} as passes
    from build_items b
    where passes_record and ${buildPairPredicate(filters)}
    order by config, architecture, compiler, label, ${raw(NEWEST)}
  ), build_pairs as (
    select config, architecture, compiler,
      max(status) filter (where label = 'a') as status_a, max(status) filter (where label = 'b') as status_b
    from build_sides
    group by config, architecture, compiler
    having bool_or(passes)
  )`;
}

/** Pairs that are worth showing: something changed, or still fails. */
const CHANGED = raw("status_a is distinct from status_b or status_a = 'FAIL'");

function pairs(sides: Sides, filters: Filters, wanted: Omit<Wanted, "shown">): Statement {
  return sql`${checkoutsOfSides(sides)}, ${itemsOfCheckouts(filters, { shown: ["path", "platform"], series: "config, architecture", ...wanted })}`;
}

/** JSON text of the builds that changed between two commits, or still fail. */
export async function comparedBuilds(pool: Pool, sides: Sides, filters: Filters): Promise<string> {
  const body = await queryBody(
    pool,
    variant("tree_compare_builds", filters),
    sql`
      with ${pairs(sides, filters, { testsWhen: asksBuildsForTests(filters) })}, ${buildPairs(filters)}
      select coalesce(json_agg(json_build_object('config_name', config, 'architecture', architecture,
          'compiler', compiler, 'status_a', status_a, 'status_b', status_b)
          order by config collate "C", architecture collate "C", compiler collate "C"), '[]')::text as body
      from build_pairs
      where ${CHANGED}`,
  );
  return body ?? "[]";
}

/** JSON text of the boots, or tests, that changed between two commits, or still fail. */
export async function comparedTests(
  pool: Pool,
  sides: Sides,
  filters: Filters,
  kind: "boots" | "tests",
): Promise<string> {
  const body = await queryBody(
    pool,
    variant(`tree_compare_${kind}`, filters),
    sql`
      with ${pairs(sides, filters, { boots: kind === "boots" })}, ${testPairs(filters)}
      select coalesce(json_agg(json_build_object('path', path, 'config_name', config, 'architecture', architecture,
          'platform', platform, 'status_a', status_a, 'status_b', status_b)
          order by path collate "C", config collate "C", architecture collate "C", platform collate "C"), '[]')::text as body
      from test_pairs
      where ${CHANGED}`,
  );
  return body ?? "[]";
}

type Group = "PASS" | "FAIL" | "INCONCLUSIVE";
type Entity = Static<typeof TreeCompare>["summary"]["builds"];

type Side = "a" | "b";
type SideTotal = [kind: Kind, label: Side, status: Group, items: number];
type PairCount = [kind: Kind, statusA: Group | null, statusB: Group | null, pairs: number];

/** What changed between two commits, in numbers. */
export async function compare(pool: Pool, sides: Sides): Promise<Static<typeof TreeCompare>> {
  const [{ urls, totals }, one, other] = await Promise.all([
    sideTotals(pool, sides),
    pairsOfHalf(pool, sides, 0),
    pairsOfHalf(pool, sides, 1),
  ]);
  const counts = { totals, pairs: [...one, ...other] };
  return {
    treeName: sides.tree,
    branch: sides.branch,
    gitUrl: (urls.a === undefined ? urls.b : urls.a) ?? "",
    summary: {
      builds: entity(counts, "builds"),
      boots: entity(counts, "boots"),
      tests: entity(counts, "tests"),
    },
  };
}

async function oneRow<T extends object>(pool: Pool, name: string, statement: Statement): Promise<T> {
  const { rows } = await pool.query<T>(named(name, statement));
  const [row] = rows;
  if (row === undefined) throw new Error(`${name} gave no row`);
  return row;
}

/** Pairs by their statuses. Items that make a pair are of builds with one config and architecture, so in one half. */
async function pairsOfHalf(pool: Pool, sides: Sides, half: Half): Promise<PairCount[]> {
  const all = noFilters();
  const { pairs: counted } = await oneRow<{ pairs: PairCount[] }>(
    pool,
    "tree_compare",
    sql`
      with ${pairs(sides, all, { half: { half, by: ["b.config", "b.architecture"] } })}, ${testPairs(all)}, ${buildPairs(all)}
      select coalesce(json_agg(json_build_array(kind, status_a, status_b, pairs)), '[]') as pairs
      from (
        select case when is_boot then 'boots' else 'tests' end as kind, status_a, status_b, count(*) as pairs
        from test_pairs group by is_boot, status_a, status_b
        union all
        select 'builds', status_a, status_b, count(*) from build_pairs group by status_a, status_b
      ) pairs`,
  );
  return counted;
}

interface SideTotals {
  /** Of the sides that have builds. */
  urls: Partial<Record<Side, string | null>>;
  totals: SideTotal[];
}

/** All items of the sides by their statuses. Tests are only read where the totals of a side's commit are not kept. */
function sideTotals(pool: Pool, sides: Sides): Promise<SideTotals> {
  const all = noFilters();
  return oneRow(
    pool,
    "tree_compare_totals",
    sql`
      with ${checkoutsOfSides(sides)}, kept as materialized (
        -- index tree_listing_commit_hash
        select c.label, l.*
        from (select distinct label, git_repository_url from scope_checkouts) c
        join sides s using (label)
        cross join lateral (
          select l.boot_pass, l.boot_failed, l.boot_inc, l.test_pass, l.test_failed, l.test_inc
          from tree_listing l
          where l.git_commit_hash = s.git_commit_hash and l.origin = ${sides.origin} and l.tree_name = ${sides.tree}
            and l.git_repository_branch = ${sides.branch} and l.test_error is not null
            and l.git_repository_url is not distinct from c.git_repository_url
          offset 0
        ) l
      ), ${itemsOfCheckouts(all, {
        shown: [],
        testsWhen: sql`(select count(distinct label) from scope_checkouts) > (select count(*) from kept)`,
      })}, totals as (
        select 'builds' as kind, label, ${raw(groupedStatus("status"))} as status, count(*) as items
        from build_items group by label, status
        union all
        select kind, label, status, items
        from kept
        cross join lateral (values
          ('boots', 'PASS', boot_pass), ('boots', 'FAIL', boot_failed), ('boots', 'INCONCLUSIVE', boot_inc),
          ('tests', 'PASS', test_pass), ('tests', 'FAIL', test_failed), ('tests', 'INCONCLUSIVE', test_inc)
        ) counters (kind, status, items)
        where (select count(distinct label) from scope_checkouts) = (select count(*) from kept)
        union all
        select case when is_boot then 'boots' else 'tests' end, label, ${raw(groupedStatus("status"))}, count(*)
        from test_items group by is_boot, label, status
      )
      select
        (select coalesce(json_object_agg(label, git_repository_url), '{}') from (
          select label, max(git_repository_url) as git_repository_url from build_items group by label) urls) as urls,
        (select coalesce(json_agg(json_build_array(kind, label, status, items)), '[]') from totals) as totals`,
  );
}

function entity({ totals, pairs: counted }: { totals: SideTotal[]; pairs: PairCount[] }, kind: Kind): Entity {
  const side = (of: Side): Entity["sideA"] => {
    const items = (group: Group): number =>
      totals.reduce(
        (sum, [k, label, status, count]) =>
          k === kind && label === of && status === group ? sum + count : sum,
        0,
      );
    return { pass: items("PASS"), fail: items("FAIL"), inconclusive: items("INCONCLUSIVE") };
  };
  const changes = {
    regression: 0,
    fixed: 0,
    newFailure: 0,
    stillFailing: 0,
    newPass: 0,
    appeared: 0,
    disappeared: 0,
  };
  for (const [of, a, b, items] of counted) {
    const change = of === kind ? changeOf(a, b) : undefined;
    if (change !== undefined) changes[change] += items;
  }
  const [sideA, sideB] = [side("a"), side("b")];
  return { sideA, sideB, delta: { pass: sideB.pass - sideA.pass, fail: sideB.fail - sideA.fail }, changes };
}

/** What a pair is called; nothing when both passed or neither says anything. */
function changeOf(a: Group | null, b: Group | null): keyof Entity["changes"] | undefined {
  if (b === null) return "disappeared";
  if (a === "PASS") return b === "PASS" ? undefined : "regression";
  if (a === "FAIL") return b === "FAIL" ? "stillFailing" : "fixed";
  if (b === "FAIL") return "newFailure";
  if (b === "PASS") return "newPass";
  return a === null ? "appeared" : undefined;
}
