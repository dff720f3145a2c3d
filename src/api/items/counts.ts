/**
 * What a summary is made of, counted by PostgreSQL: items by one attribute and status, in scope and kept by the
 * filters (chapter 03, sections 2.4 and 2.6).
 */
import { raw, sql, type SqlFragment, type Statement } from "../../database/sql.ts";
import type { Filters } from "../../filters/filters.ts";
import type { ItemStatus } from "../shapes.ts";
import { FAILING, HARDWARE_KEY } from "./values.ts";

export type Kind = "builds" | "boots" | "tests";

/**
 * By what items are counted: `build` by architecture, compiler and config, `hardware` by what tests are counted under
 * on trees and their platform, `lab` only builds that have `misc`, `reason` only tests that failed.
 */
export type Block = "origin" | "build" | "lab" | "hardware" | "reason";

/** Items of one kind with the same keys and status: in scope, and kept. */
export type CountRow = [
  kind: Kind,
  block: Block,
  keys: string[],
  status: ItemStatus,
  inScope: number,
  kept: number,
];

/** Items of one kind on which an issue is known. */
export type IssueRow = [
  kind: Kind,
  id: string,
  version: number,
  /** Microseconds since 1970. */
  time: number | null,
  comment: string | null,
  reportUrl: string | null,
  status: ItemStatus,
  inScope: number,
  kept: number,
];

/** Failed items of one kind without a known issue. */
export type UnknownRow = [kind: Kind, inScope: number, kept: number];

/** The columns that `COUNT_COLUMNS` gives. Those of two halves can be put together: equal rows add up. */
export interface Counts {
  counts: CountRow[];
  issues: IssueRow[];
  unknown: UnknownRow[];
}

const KIND = "case when is_boot then 'boots' else 'tests' end";

/**
 * Common table expressions that count `test_items` and `build_items`.
 *
 * @param selected SQL over an item: it is in scope at all
 */
export function countTables(filters: Filters, selected = "true"): Statement {
  return sql`counted as (
    select ${raw(KIND)} as kind,
      case when grouping(origin) = 0 then 'origin' when grouping(architecture) = 0 then 'build'
        when grouping(lab) = 0 then 'lab' else 'hardware' end as block,
      case when grouping(origin) = 0 then array[origin]
        when grouping(architecture) = 0 then array[architecture, compiler, config]
        when grouping(lab) = 0 then array[lab] else array[hardware_key, platform] end as keys,
      status, count(*) as in_scope, count(*) filter (where passes) as kept
    from (select t.*, ${raw(HARDWARE_KEY)} as hardware_key from test_items t where ${raw(selected)}) t
    group by is_boot, status,
      grouping sets (origin, (architecture, compiler, config), lab, (hardware_key, platform))
    union all
    select ${raw(KIND)}, 'reason', array[fail_reason], status, count(*), count(*) filter (where passes)
    from test_items t
    where status in ${raw(FAILING)} and ${raw(selected)}
    group by is_boot, status, fail_reason
    union all
    select 'builds',
      case when grouping(origin) = 0 then 'origin' when grouping(architecture) = 0 then 'build' else 'lab' end,
      case when grouping(origin) = 0 then array[origin]
        when grouping(architecture) = 0 then array[architecture, compiler, config] else array[lab_of_misc] end,
      status, count(*), count(*) filter (where passes)
    from (select b.*, case when has_misc then lab end as lab_of_misc from build_items b where ${raw(selected)}) b
    group by status, grouping sets (origin, (architecture, compiler, config), lab_of_misc)
    having grouping(lab_of_misc) = 1 or lab_of_misc is not null
  ), issues_of_kinds as (
    select ${raw(KIND)} as kind, k.issue_id, k.issue_version, t.status, count(*) as in_scope,
      count(*) filter (where passes and ${isAskedFor(filters, raw("t.is_boot"))}) as kept
    from test_issues k
    join test_items t using (id)
    where ${raw(selected)}
    group by 1, 2, 3, 4
    union all
    select 'builds', k.issue_id, k.issue_version, b.status, count(*),
      count(*) filter (where passes and ${isVersionOf(filters.builds.issues?.versions)})
    from build_issues k
    join build_items b using (id)
    where ${raw(selected)} and b.status in ('FAIL', 'NULL')
    group by 2, 3, 4
  ), unknown_of_kinds as (
    select ${raw(KIND)} as kind, count(*) as in_scope, count(*) filter (where passes) as kept
    from test_items t
    where status = 'FAIL' and known is null and ${raw(selected)}
    group by 1
    union all
    select 'builds', count(*), count(*) filter (where passes)
    from build_items b
    where status = 'FAIL' and known is null and ${raw(selected)}
  )`;
}

/** With an issue filter on a kind only the issues in it are counted. */
function isVersionOf(versions: string[] | undefined): Statement {
  return sql`coalesce(k.issue_id || ',' || k.issue_version = any(${versions ?? null}::text[]), true)`;
}

function isAskedFor({ boots, tests }: Filters, isBoot: SqlFragment): Statement {
  return sql`case when ${isBoot} then ${isVersionOf(boots.issues?.versions)} else ${isVersionOf(tests.issues?.versions)} end`;
}

/** The columns of `Counts`, from the tables above. */
export const COUNT_COLUMNS = raw(`
    (select coalesce(json_agg(json_build_array(kind, block, keys, status, in_scope, kept)), '[]') from counted) as counts,
    (select coalesce(json_agg(json_build_array(kind, k.issue_id, k.issue_version,
        case when isfinite(i._timestamp) then (extract(epoch from i._timestamp) * 1000000)::bigint end, i.comment, i.report_url, status, in_scope, kept)), '[]')
      from issues_of_kinds k join issues i on i.id = k.issue_id and i.version = k.issue_version) as issues,
    (select coalesce(json_agg(json_build_array(kind, in_scope, kept)), '[]') from unknown_of_kinds) as unknown`);

/** Counts of two halves as one. */
export function together(a: Counts, b: Counts): Counts {
  return {
    counts: [...a.counts, ...b.counts],
    issues: [...a.issues, ...b.issues],
    unknown: [...a.unknown, ...b.unknown],
  };
}
