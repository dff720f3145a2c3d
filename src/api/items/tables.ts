/**
 * From the builds and tests in scope to items that are filtered: common table expressions that all statements over
 * items share, so that lists, summaries and histories agree.
 *
 * A statement begins with its scope, which gives `build_values` (columns `BUILD_VALUES`, and those of the checkout that
 * it needs) and `test_values` (columns of `testValues` and architecture, compiler and config of the build).
 */
import { raw, sql, type Statement } from "../../database/sql.ts";
import { letsAllPass, type Filters } from "../../filters/filters.ts";
import {
  buildPredicate,
  buildRecordPredicate,
  testInLab,
  testOnHardware,
  testPredicate,
  testRecordPredicate,
} from "../../filters/sql.ts";
import { BUILD_LIST_VALUES, BUILD_VALUES, TEST_LIST_VALUES, testValues, type TestValue } from "./values.ts";

/** What a statement needs of the builds and tests in its scope. */
export interface Wanted {
  shown: readonly TestValue[];
  /** Known issues are shown; else they are looked up only where a filter asks for them. */
  issues?: boolean;
  /** Also the columns that only lists show. */
  lists?: boolean;
  /** Only boots, or only tests. */
  boots?: boolean;
  /** SQL that says, without looking at rows, whether tests are needed at all. */
  testsWhen?: Statement;
  /** SQL over `b`: gives builds and their tests a number, `series`, the same where it is equal. */
  series?: string;
  /** Only a part of the builds. */
  half?: HalfOf;
}

/** One half of the builds: statements on both run at once, and their counts add up. */
export type Half = 0 | 1;

export interface HalfOf {
  half: Half;
  /** Columns of `b`: builds for which they are equal are in one half. */
  by: readonly string[];
}

/**
 * SQL that tells the half of a row by a hash. It looks at the row alone: the statements on the halves see the database a
 * moment apart, and a row that arrives in between must not move others from one half to the other.
 */
export function halfBy(columns: readonly string[]): string {
  return `${columns.reduce((hash, column) => `hashtextextended(${column}, ${hash})`, "0")} & 1`;
}

/** What a summary counts tests by. */
export const COUNTED_VALUES: readonly TestValue[] = ["hardware", "platform", "lab", "reason"];
/** What lists show of tests. */
export const LISTED_VALUES: readonly TestValue[] = ["compatible", "duration", "path", "platform", "lab"];

/** Filters ask builds for the hardware or lab of their tests. */
export function asksBuildsForTests({ hardware, labs }: Filters): Statement {
  return sql`(${hardware ?? null}::text[] is not null or ${labs ?? null}::text[] is not null)`;
}

/**
 * `test_items` and `build_items` of whole checkouts: a build has its own platform and lab and those of all its tests.
 *
 * Needs `scope_checkouts`: id, label (whatever the statement tells them apart by), tree_name, git_repository_url and
 * git_repository_branch. Rows are looked up one by one, by indexes builds_checkout_id and tests_build_id: the planner
 * cannot know how few there are.
 */
export function itemsOfCheckouts(filters: Filters, wanted: Wanted): Statement {
  const { shown, issues = false, lists = false, boots, testsWhen = ALWAYS, series, half } = wanted;
  // Nothing to look up and to filter: items are the values, and need not be written down before they are counted.
  const plain = letsAllPass(filters) && !issues;
  const values = sql`build_values as materialized (
    select b.*
    from (
      select b.*, c.label, c.tree_name, c.git_repository_url, c.git_repository_branch,
        ${raw(series === undefined ? "0" : `dense_rank() over (order by ${series})`)} as series
      from scope_checkouts c
      cross join lateral (
        select ${raw(BUILD_VALUES + (lists ? `, ${BUILD_LIST_VALUES}` : ""))}
        from builds b where b.checkout_id = c.id offset 0
      ) b
    ) b
    where ${half === undefined ? ALWAYS : sql`${raw(halfBy(half.by))} = ${half.half}::integer`}
  ), test_values as ${raw(plain ? "" : "materialized")} (
    select t.*, b.label, b.series, b.architecture, b.compiler, b.config
    from build_values b
    cross join lateral (
      select ${testValues(filters, shown)} ${raw(lists ? `, ${TEST_LIST_VALUES}` : "")}
      from tests t where t.build_id = b.id offset 0
    ) t
    where ${testsWhen} ${raw(boots === undefined ? "" : `and t.is_boot = ${boots}`)}
  )`;
  if (plain) {
    return sql`${values}, test_items as (
      select t.*, null::text[] as known, true as passes_record, true as passes from test_values t
    ), build_items as (
      select b.*, null::text[] as known, true as passes_record, true as passes from build_values b where not b.is_dummy
    )`;
  }
  const passesRecord = buildRecordPredicate(
    filters,
    "b.id in (select build_id from names_of_builds where on_hardware)",
    "b.id in (select build_id from names_of_builds where in_lab)",
  );
  return sql`${values}, ${issuesOfItems(issues ? ALWAYS : asksForIssues(filters))}, names_of_builds as materialized (
    select build_id, bool_or(${testOnHardware(filters)}) as on_hardware, bool_or(${testInLab(filters)}) as in_lab
    from test_values t
    where ${asksBuildsForTests(filters)}
    group by build_id
  ), ${testItems(filters)}, ${buildItems(filters, passesRecord)}`;
}

/** The name of a statement, which has another text when something is filtered. */
export function variant(name: string, filters: Filters): string {
  return letsAllPass(filters) ? name : `${name}_filtered`;
}

const ALWAYS = sql`true`;

function asksForIssues({ builds, boots, tests }: Filters): Statement {
  return sql`${[builds, boots, tests].some(({ issues }) => issues !== undefined)}::boolean`;
}

const ISSUE = raw("i.id as issue_id, i.version as issue_version, i._timestamp as issue_time");

/** The issue of the incident `n`, when it exists. */
const ISSUE_OF_INCIDENT = raw(`cross join lateral (
      select i.id, i.version, i._timestamp from issues i
      where i.id = n.issue_id and i.version = n.issue_version offset 0
    ) i`);

/**
 * `test_issues` and `build_issues`: one row per item and known issue. Incidents of a build that name a test belong to
 * the test. Indexes incidents_of_test, incidents_build_id_dfa49727, issues_pkey.
 *
 * @param when SQL that says, without looking at rows, whether issues are needed at all
 */
export function issuesOfItems(when = ALWAYS): Statement {
  return sql`test_issues as materialized (
    select distinct t.id, ${ISSUE}
    from test_values t
    cross join lateral (
      select n.issue_id, n.issue_version from incidents n
      where n.test_id = t.id and n.present is not false offset 0
    ) n
    ${ISSUE_OF_INCIDENT}
    where ${when}
  ), known_of_tests as (
    select id, array_agg(issue_id || ',' || issue_version) as known, max(issue_time) as newest_issue
    from test_issues group by id
  ), build_issues as materialized (
    select distinct b.id, ${ISSUE}
    from build_values b
    cross join lateral (
      select n.issue_id, n.issue_version from incidents n
      where n.build_id = b.id and n.test_id is null and n.present is not false offset 0
    ) n
    ${ISSUE_OF_INCIDENT}
    where ${when}
  ), known_of_builds as (
    select id, array_agg(issue_id || ',' || issue_version) as known, max(issue_time) as newest_issue,
      (array_agg(issue_id order by issue_time desc nulls last, issue_version desc, issue_id collate "C" desc))[1] as newest_issue_id,
      (array_agg(issue_version order by issue_time desc nulls last, issue_version desc, issue_id collate "C" desc))[1] as newest_issue_version
    from build_issues group by id
  )`;
}

/** `test_items`: the boots and tests in scope, whether the global filters pass them, and whether all filters do. */
export function testItems(filters: Filters): Statement {
  // Predicates are looked at once; without any, nothing is gained by writing the rows down again.
  return sql`test_items as ${raw(letsAllPass(filters) ? "not materialized" : "materialized")} (
    select t.*, passes_record and ${testPredicate(filters)} as passes
    from (
      select t.*, k.known, k.newest_issue, ${testRecordPredicate(filters)} as passes_record
      from test_values t
      left join known_of_tests k using (id)
    ) t
  )`;
}

/**
 * `build_items`: the builds in scope, whether the global filters pass them, and whether all filters do.
 *
 * @param passesRecord the global filters on `b`
 */
export function buildItems(filters: Filters, passesRecord: Statement): Statement {
  return sql`build_items as materialized (
    select b.*, passes_record and ${buildPredicate(filters)} as passes
    from (
      select b.*, k.known, k.newest_issue, k.newest_issue_id, k.newest_issue_version, ${passesRecord} as passes_record
      from build_values b
      left join known_of_builds k using (id)
      where not b.is_dummy
    ) b
  )`;
}
