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
import { asksBuildsForTests, itemsOfCheckouts, variant, type Wanted } from "../items/tables.ts";
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
const TEST_IDENTITY = `path collate "C", config collate "C", architecture collate "C", platform collate "C"`;
const BUILD_IDENTITY = `config collate "C", architecture collate "C", compiler collate "C"`;

/** Common table expression `test_pairs`. */
function testPairs(filters: Filters): Statement {
  return sql`test_sides as materialized (
    select distinct on (label, is_boot, ${raw(TEST_IDENTITY)})
      label, is_boot, path, config, architecture, platform, ${raw(groupedStatus("t.status"))} as status,
      ${testOutcomePredicate(filters)} as passes
    from test_items t
    where passes_record and ${testPairPredicate(filters)}
    order by label, is_boot, ${raw(TEST_IDENTITY)}, ${raw(NEWEST)}
  ), test_pairs as (
    select is_boot, path, config, architecture, platform, a.status as status_a, b.status as status_b
    from (select * from test_sides where label = 'a') a
    full join (select * from test_sides where label = 'b') b
      using (is_boot, path, config, architecture, platform)
    where a.passes or b.passes
  )`;
}

/** Common table expression `build_pairs`. */
function buildPairs(filters: Filters): Statement {
  return sql`build_sides as materialized (
    select distinct on (label, ${raw(BUILD_IDENTITY)})
      label, config, architecture, compiler, ${raw(groupedStatus("b.status"))} as status,
      ${buildOutcomePredicate(filters)} as passes
    from build_items b
    where passes_record and ${buildPairPredicate(filters)}
    order by label, ${raw(BUILD_IDENTITY)}, ${raw(NEWEST)}
  ), build_pairs as (
    select config, architecture, compiler, a.status as status_a, b.status as status_b
    from (select * from build_sides where label = 'a') a
    full join (select * from build_sides where label = 'b') b using (config, architecture, compiler)
    where a.passes or b.passes
  )`;
}

/** Pairs that are worth showing: something changed, or still fails. */
const CHANGED = raw("status_a is distinct from status_b or status_a = 'FAIL'");

function pairs(sides: Sides, filters: Filters, wanted: Omit<Wanted, "shown">): Statement {
  return sql`${checkoutsOfSides(sides)}, ${itemsOfCheckouts(filters, { shown: ["path", "platform"], ...wanted })}`;
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

interface CompareRow {
  /** Of the sides that have builds. */
  urls: Partial<Record<"a" | "b", string | null>>;
  totals: [kind: Kind, label: "a" | "b", status: Group, items: number][];
  pairs: [kind: Kind, statusA: Group | null, statusB: Group | null, pairs: number][];
}

/** What changed between two commits, in numbers. */
export async function compare(pool: Pool, sides: Sides): Promise<Static<typeof TreeCompare>> {
  const all = noFilters();
  const { rows } = await pool.query<CompareRow>(
    named(
      "tree_compare",
      sql`
        with ${pairs(sides, all, {})}, ${testPairs(all)}, ${buildPairs(all)}
        select
          (select coalesce(json_object_agg(label, git_repository_url), '{}') from (
            select label, max(git_repository_url) as git_repository_url from build_items group by label) urls) as urls,
          (select coalesce(json_agg(json_build_array(kind, label, status, items)), '[]') from (
            select case when is_boot then 'boots' else 'tests' end as kind, label,
              ${raw(groupedStatus("status"))} as status, count(*) as items
            from test_items group by 1, 2, 3
            union all
            select 'builds', label, ${raw(groupedStatus("status"))}, count(*) from build_items group by 1, 2, 3
          ) totals) as totals,
          (select coalesce(json_agg(json_build_array(kind, status_a, status_b, pairs)), '[]') from (
            select case when is_boot then 'boots' else 'tests' end as kind, status_a, status_b, count(*) as pairs
            from test_pairs group by 1, 2, 3
            union all
            select 'builds', status_a, status_b, count(*) from build_pairs group by 1, 2, 3
          ) pairs) as pairs`,
    ),
  );
  const [row] = rows;
  if (row === undefined) throw new Error("tree_compare gave no row");
  return {
    treeName: sides.tree,
    branch: sides.branch,
    gitUrl: (row.urls.a === undefined ? row.urls.b : row.urls.a) ?? "",
    summary: { builds: entity(row, "builds"), boots: entity(row, "boots"), tests: entity(row, "tests") },
  };
}

function entity({ totals, pairs: counted }: CompareRow, kind: Kind): Entity {
  const side = (of: "a" | "b"): Entity["sideA"] => {
    const items = (group: Group): number =>
      totals.find(([k, label, status]) => k === kind && label === of && status === group)?.[3] ?? 0;
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
