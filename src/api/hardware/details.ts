/** What ran on a piece of hardware, and what it sums up to (chapter 05, sections 7 to 9). */
import type { Static } from "typebox";
import { textArray } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { named, raw, sql, type SqlFragment, type Statement } from "../../database/sql.ts";
import { COUNT_COLUMNS, countsOf, countTables, type CountColumns, type Kind } from "../items/counts.ts";
import { hardwareOptions, hardwareSummary, noItems, withoutZeros } from "../items/summary.ts";
import { buildItems, issuesOfItems, testItems, variant } from "../items/tables.ts";
import { HARDWARE_BUILD, hardwareTest, listOrder } from "../items/values.ts";
import type { ItemStatus } from "../shapes.ts";
import { hardwareScope, type HardwareRequest } from "./details_scope.ts";
import type { HardwareSummary, HardwareTree } from "./details_shapes.ts";

/** A tree line, by what tells it from others. */
export interface Line {
  origin: string;
  tree_name: string | null;
  git_repository_url: string | null;
  git_repository_branch: string | null;
}

/** Whether there is anything at all, whatever is filtered; and where it was looked for. */
export interface Found {
  /** All lines with a commit that was tested on the hardware inside the window: only a head of one of these can show it. */
  lines: Line[];
  /** A tree's head commit was tested on the hardware. */
  hasTrees: boolean;
  /** Inside the window, in the chosen commits. */
  hasRows: boolean;
}

const FOUND = raw(`exists (select from trees) as "hasTrees", exists (select from test_values) as "hasRows",
      (select coalesce(json_agg(line), '[]') from (
        select distinct origin, tree_name, git_repository_url, git_repository_branch from builds_on_hardware
      ) line) as lines`);

/** Items as lists and summaries see them: a build passes the global filters when one of its tests in selected trees does. */
function items(request: HardwareRequest, wanted: Parameters<typeof hardwareScope>[1]): Statement {
  const { filters } = request;
  const passesRecord = sql`b.id in (select build_id from test_items where passes_record and selected)`;
  return sql`${hardwareScope(request, wanted)}, ${issuesOfItems()}, ${testItems(filters)}, ${buildItems(filters, passesRecord)}`;
}

async function queryFound<T>(pool: Pool, name: string, statement: Statement): Promise<T & Found> {
  const { rows } = await pool.query<T & Found>(named(name, statement));
  const [row] = rows;
  if (row === undefined) throw new Error(`${name} gave no row`);
  return row;
}

interface TreeRow extends Omit<
  Static<typeof HardwareTree>,
  "index" | "selected_commit_status" | "is_selected"
> {
  place: number;
  counts: [kind: Kind, status: ItemStatus, items: number][] | null;
}

interface SummaryRow extends CountColumns {
  trees: TreeRow[];
  compatibles: string[];
}

const TREES = `(select coalesce(json_agg(json_build_object('place', t.place, 'origin', t.origin, 'tree_name', t.tree_name,
      'git_repository_branch', t.git_repository_branch, 'git_repository_url', t.git_repository_url,
      'head_git_commit_name', t.git_commit_name, 'head_git_commit_hash', t.git_commit_hash,
      'head_git_commit_tag', ${textArray("t.git_commit_tags")},
      'counts', (select json_agg(json_build_array(kind, status, items)) from counts_of_trees n where n.place = t.place))
      order by t.place), '[]') from trees t) as trees`;

/** What `summaryColumns` counts from. */
const COUNTED = raw(`${countTables("selected").text},
      counts_of_trees as (
        select place, case when is_boot then 'boots' else 'tests' end as kind, status, count(*) as items
        from test_values group by place, is_boot, status
        union all
        select place, 'builds', status, count(*) from build_values where not is_dummy group by place, status
      )`);

/** The columns of `SummaryRow`. */
function summaryColumns({ hardware }: HardwareRequest): Statement {
  return sql`${COUNT_COLUMNS}, ${raw(TREES)}, array(
        select distinct name collate "C" from test_values cross join unnest(compatible) name
        where name <> '' and name <> ${hardware} order by 1
      ) as compatibles`;
}

/** JSON text of the builds that the filters keep. */
const BUILD_LIST = raw(`coalesce((
        select json_agg(item order by ${listOrder("b")})
        from build_items b cross join lateral (select ${HARDWARE_BUILD}) item where b.selected and b.passes
      ), '[]')::text as builds`);

/** JSON texts of the boots and tests that the filters keep, as the row `lists`. */
function testLists(fullEnvironment: boolean): SqlFragment {
  const list = (of: string): string =>
    `coalesce(json_agg(item order by ${listOrder("t")}) filter (where ${of}), '[]')::text`;
  return raw(`(
        select ${list("t.is_boot")} as boots, ${list("not t.is_boot")} as tests
        from test_items t
        ${hardwareTest(fullEnvironment)}
        where t.selected and t.passes
      ) lists`);
}

/** Counts on a piece of hardware, the options of its filters, and its trees. */
export async function hardwareDetailsSummary(
  pool: Pool,
  request: HardwareRequest,
): Promise<Found & { summary: Static<typeof HardwareSummary> }> {
  const row = await queryFound<SummaryRow>(
    pool,
    variant("hardware_summary", request.filters),
    sql`
      with ${items(request, "counts")}, ${COUNTED}
      select ${FOUND}, ${summaryColumns(request)}`,
  );
  return { ...row, summary: summaryOf(row, request, false) };
}

/** The same and all lists as JSON texts, in one statement: what is on the hardware takes as long to be found as to be listed. */
export async function hardwareFull(
  pool: Pool,
  request: HardwareRequest,
): Promise<
  Found & { summary: Static<typeof HardwareSummary>; builds: string; boots: string; tests: string }
> {
  const row = await queryFound<SummaryRow & { builds: string; boots: string; tests: string }>(
    pool,
    variant("hardware_full", request.filters),
    sql`
      with ${items(request, "both")}, ${COUNTED}
      select ${FOUND}, ${summaryColumns(request)}, ${BUILD_LIST}, lists.*
      from ${testLists(false)}`,
  );
  return { ...row, summary: summaryOf(row, request, true) };
}

/** @param sparse as the full details show it: counts of trees without zeros, and null where there is nothing */
function summaryOf(
  { trees, compatibles, ...columns }: SummaryRow,
  { filters }: HardwareRequest,
  sparse: boolean,
): Static<typeof HardwareSummary> {
  const counts = countsOf(columns);
  const summary = hardwareSummary(counts, filters);
  if (sparse) for (const kind of [summary.boots, summary.tests]) kind.platforms = nullIfEmpty(kind.platforms);
  return {
    summary,
    filters: hardwareOptions(counts),
    common: { trees: trees.map((tree) => hardwareTree(tree, sparse)), compatibles },
  };
}

function nullIfEmpty<T extends object>(map: T | null): T | null {
  return map === null || Object.keys(map).length === 0 ? null : map;
}

function hardwareTree({ place, counts, ...tree }: TreeRow, sparse: boolean): Static<typeof HardwareTree> {
  const counted = (kind: Kind): ReturnType<typeof noItems> => {
    const sum = noItems();
    for (const [of, status, count] of counts ?? []) if (of === kind) sum[status] += count;
    return sum;
  };
  const all = { builds: counted("builds"), boots: counted("boots"), tests: counted("tests") };
  const seen = {
    builds: withoutZeros(all.builds),
    boots: withoutZeros(all.boots),
    tests: withoutZeros(all.tests),
  };
  return {
    ...tree,
    index: String(place),
    selected_commit_status: sparse ? (counts === null ? null : seen) : all,
    is_selected: null,
  };
}

/** The builds that the filters keep, as JSON text. */
export function hardwareBuilds(pool: Pool, request: HardwareRequest): Promise<Found & { builds: string }> {
  return queryFound(
    pool,
    variant("hardware_builds", request.filters),
    sql`
      with ${items(request, "lists")}
      select ${FOUND}, ${BUILD_LIST}`,
  );
}

/**
 * The boots and tests that the filters keep, as JSON texts.
 *
 * @param fullEnvironment show all of `environment_misc`, not the platform alone
 */
export function hardwareTests(
  pool: Pool,
  request: HardwareRequest,
  fullEnvironment: boolean,
): Promise<Found & { boots: string; tests: string }> {
  return queryFound(
    pool,
    variant(fullEnvironment ? "hardware_tests_full" : "hardware_tests", request.filters),
    sql`
      with ${items(request, "lists")}
      select ${FOUND}, lists.*
      from ${testLists(fullEnvironment)}`,
  );
}
