/** Builds, boots and tests of a tree's commit, and what they sum up to (chapter 04, section 6). */
import type { Static } from "typebox";
import type { Pool } from "../../database/pool.ts";
import { named, raw, sql, type SqlFragment, type Statement } from "../../database/sql.ts";
import type { Filters } from "../../filters/filters.ts";
import { textArray } from "../../database/json.ts";
import { COUNT_COLUMNS, countsOf, countTables, type CountColumns } from "../items/counts.ts";
import { hardwareKeys, treeOptions, treeSummary } from "../items/summary.ts";
import {
  asksBuildsForTests,
  COUNTED_VALUES,
  itemsOfCheckouts,
  LISTED_VALUES,
  variant,
  type Half,
} from "../items/tables.ts";
import { listOrder, TREE_BUILD, treeTest } from "../items/values.ts";
import { commitCheckouts, type Scope } from "./scope.ts";
import type { TreeSummary } from "./shapes.ts";

/** What is asked for. */
export interface CommitRequest {
  scope: Scope;
  /** Hash or tag. */
  commit: string;
  filters: Filters;
}

/** Whether there is anything at all, whatever is filtered. */
export interface Found {
  hasCheckouts: boolean;
  /** Dummies included. */
  hasBuilds: boolean;
}

const FOUND = raw(
  `exists (select from scope_checkouts) as "hasCheckouts", exists (select from build_values) as "hasBuilds"`,
);

async function queryFound<T>(pool: Pool, name: string, statement: Statement): Promise<T & Found> {
  const { rows } = await pool.query<T & Found>(named(name, statement));
  const [row] = rows;
  if (row === undefined) throw new Error(`${name} gave no row`);
  return row;
}

interface SummaryRow extends CountColumns {
  tree_url: string;
  git_commit_tags: string[] | null;
}

/** Counts of a commit, and the options of its filters. */
export async function commitSummary(
  pool: Pool,
  request: CommitRequest,
): Promise<Found & { summary: Static<typeof TreeSummary> }> {
  const [one, other] = await Promise.all([summaryOfHalf(pool, request, 0), summaryOfHalf(pool, request, 1)]);
  const counts = countsOf(one, other);
  const { hasCheckouts, tree_url, git_commit_tags } = one;
  return {
    hasCheckouts,
    hasBuilds: one.hasBuilds || other.hasBuilds,
    summary: {
      common: { hardware: hardwareKeys(counts), tree_url, git_commit_tags },
      summary: treeSummary(counts, request.filters),
      filters: treeOptions(counts),
    },
  };
}

function summaryOfHalf(
  pool: Pool,
  { scope, commit, filters }: CommitRequest,
  half: Half,
): Promise<SummaryRow & Found> {
  return queryFound<SummaryRow>(
    pool,
    variant("tree_summary", filters),
    sql`
      with ${commitCheckouts(scope, commit)},
      ${itemsOfCheckouts(filters, { shown: COUNTED_VALUES, issues: true, half: { half, by: ["b.id"] } })},
      ${countTables()}
      select ${FOUND}, ${COUNT_COLUMNS},
        coalesce((select git_repository_url from scope_checkouts where git_repository_url is not null
          order by _timestamp desc nulls last, id collate "C" limit 1), '') as tree_url,
        (select ${raw(textArray("git_commit_tags"))} from scope_checkouts
          order by coalesce(cardinality(git_commit_tags), 0) > 0 desc, _timestamp desc nulls last, id collate "C" limit 1
        ) as git_commit_tags`,
  );
}

/** The kept builds as JSON text. */
const BUILD_LIST = raw(`coalesce((
        select json_agg(item order by ${listOrder("b")})
        from build_items b cross join lateral (select ${TREE_BUILD}) item
        where b.passes
      ), '[]')::text`);

/** The kept boots or tests as JSON text. */
function testList(kind: "boots" | "tests", fullEnvironment: boolean): SqlFragment {
  return raw(`coalesce((
        select json_agg(item order by ${listOrder("t")})
        from test_items t ${treeTest(fullEnvironment)}
        where t.passes and t.is_boot = ${kind === "boots"}
      ), '[]')::text`);
}

/** JSON text of the builds of a commit that the filters keep. */
export function commitBuilds(
  pool: Pool,
  { scope, commit, filters }: CommitRequest,
): Promise<Found & { builds: string }> {
  const testsWhen = asksBuildsForTests(filters);
  return queryFound(
    pool,
    variant("tree_builds", filters),
    sql`
      with ${commitCheckouts(scope, commit)},
      ${itemsOfCheckouts(filters, { shown: LISTED_VALUES, issues: true, lists: true, testsWhen })}
      select ${FOUND}, ${BUILD_LIST} as builds`,
  );
}

/**
 * JSON text of the boots, or tests, of a commit that the filters keep.
 *
 * @param fullEnvironment show all of `environment_misc`, not the platform alone
 */
export function commitTests(
  pool: Pool,
  { scope, commit, filters }: CommitRequest,
  kind: "boots" | "tests",
  fullEnvironment: boolean,
): Promise<Found & { items: string }> {
  return queryFound(
    pool,
    variant(`tree_${kind}${fullEnvironment ? "_full" : ""}`, filters),
    sql`
      with ${commitCheckouts(scope, commit)},
      ${itemsOfCheckouts(filters, { shown: LISTED_VALUES, issues: true, lists: true, boots: kind === "boots" })}
      select ${FOUND}, ${testList(kind, fullEnvironment)} as items`,
  );
}

/** JSON texts of all three lists of a commit. */
export function commitLists(
  pool: Pool,
  { scope, commit, filters }: CommitRequest,
): Promise<Found & { builds: string; boots: string; tests: string }> {
  return queryFound(
    pool,
    variant("tree_lists", filters),
    sql`
      with ${commitCheckouts(scope, commit)},
      ${itemsOfCheckouts(filters, { shown: LISTED_VALUES, issues: true, lists: true })}
      select ${FOUND}, ${BUILD_LIST} as builds, ${testList("boots", false)} as boots, ${testList("tests", false)} as tests`,
  );
}
