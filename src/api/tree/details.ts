/** Builds, boots and tests of a tree's commit, and what they sum up to (chapter 04, section 6). */
import type { Static } from "typebox";
import type { Pool } from "../../database/pool.ts";
import { named, raw, sql, type Statement } from "../../database/sql.ts";
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
      ${itemsOfCheckouts(filters, { shown: COUNTED_VALUES, issues: true, series: "b.id", half })},
      ${countTables()}
      select ${FOUND}, ${COUNT_COLUMNS},
        coalesce((select git_repository_url from scope_checkouts where git_repository_url is not null
          order by _timestamp desc nulls last, id collate "C" limit 1), '') as tree_url,
        (select ${raw(textArray("git_commit_tags"))} from scope_checkouts
          order by coalesce(cardinality(git_commit_tags), 0) > 0 desc, _timestamp desc nulls last, id collate "C" limit 1
        ) as git_commit_tags`,
  );
}

/** JSON text of the builds of a commit that the filters keep. */
export function commitBuilds(
  pool: Pool,
  { scope, commit, filters }: CommitRequest,
): Promise<Found & { builds: string }> {
  return queryFound(
    pool,
    variant("tree_builds", filters),
    sql`
      with ${commitCheckouts(scope, commit)},
      ${itemsOfCheckouts(filters, { shown: LISTED_VALUES, issues: true, lists: true, testsWhen: asksBuildsForTests(filters) })}
      select ${FOUND}, coalesce((
        select json_agg(item order by ${raw(listOrder("b"))}) from build_items b cross join lateral (select ${raw(TREE_BUILD)}) item where b.passes
      ), '[]')::text as builds`,
  );
}

/**
 * JSON texts of the boots and tests of a commit that the filters keep.
 *
 * @param kind only one of the two; the other list is empty
 * @param fullEnvironment show all of `environment_misc`, not the platform alone
 */
export function commitTests(
  pool: Pool,
  { scope, commit, filters }: CommitRequest,
  kind: "boots" | "tests" | "both",
  fullEnvironment = false,
): Promise<Found & { boots: string; tests: string }> {
  const wanted = kind === "both" ? {} : { boots: kind === "boots" };
  const list = (of: string): string =>
    `coalesce(json_agg(item order by ${listOrder("t")}) filter (where ${of}), '[]')::text`;
  return queryFound(
    pool,
    variant(`tree_${kind}${fullEnvironment ? "_full" : ""}`, filters),
    sql`
      with ${commitCheckouts(scope, commit)},
      ${itemsOfCheckouts(filters, { shown: LISTED_VALUES, issues: true, lists: true, ...wanted })}
      select ${FOUND}, lists.*
      from (
        select ${raw(list("t.is_boot"))} as boots, ${raw(list("not t.is_boot"))} as tests
        from test_items t
        ${raw(treeTest(fullEnvironment))}
        where t.passes
      ) lists`,
  );
}
