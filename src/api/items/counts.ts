/**
 * What a summary is made of, counted by PostgreSQL: items by one attribute and status, in scope and kept by the
 * filters (chapter 03, sections 2.4 and 2.6).
 */
import { raw } from "../../database/sql.ts";
import type { ItemStatus } from "../shapes.ts";

export type Kind = "builds" | "boots" | "tests";

/**
 * By what items are counted: `build` by architecture, compiler and config, `hardware` by what tests are counted under
 * on trees and their platform, `lab` only builds that have `misc`, `reason` only tests that failed, `known` by all known
 * issues of an item, each `<id>,<version>`.
 */
export type Block = "origin" | "build" | "lab" | "hardware" | "reason" | "known";

/** Items of one kind with the same keys and status: in scope, and kept. */
export type CountRow = [
  kind: Kind,
  block: Block,
  keys: string[],
  status: ItemStatus,
  inScope: number,
  kept: number,
];

/** An issue that is known of an item in scope. */
export type IssueRow = [
  id: string,
  version: number,
  /** Microseconds since 1970. */
  time: number | null,
  comment: string | null,
  reportUrl: string | null,
];

/** The columns that `COUNT_COLUMNS` gives. */
export interface CountColumns {
  counts: CountRow[];
  issues: IssueRow[];
}

/** What was counted. */
export interface Counts {
  rows: (kind: Kind, block: Block) => readonly CountRow[];
  issues: readonly IssueRow[];
}

/** What a grouping set is by, told from which columns are grouped. */
const TEST_BLOCKS = `case when grouping(origin) = 0 then 'origin' when grouping(architecture) = 0 then 'build'
        when grouping(lab) = 0 then 'lab' when grouping(hardware_key) = 0 then 'hardware'
        when grouping(fail_reason) = 0 then 'reason' else 'known' end`;
const TEST_KEYS = `case when grouping(origin) = 0 then array[origin]
        when grouping(architecture) = 0 then array[architecture, compiler, config]
        when grouping(lab) = 0 then array[lab] when grouping(hardware_key) = 0 then array[hardware_key, platform]
        when grouping(fail_reason) = 0 then array[fail_reason] else coalesce(known, '{}') end`;
const BUILD_BLOCKS = `case when grouping(origin) = 0 then 'origin' when grouping(architecture) = 0 then 'build'
        when grouping(lab_of_misc) = 0 then 'lab' else 'known' end`;
const BUILD_KEYS = `case when grouping(origin) = 0 then array[origin]
        when grouping(architecture) = 0 then array[architecture, compiler, config]
        when grouping(lab_of_misc) = 0 then array[lab_of_misc] else coalesce(known, '{}') end`;

/**
 * Common table expression `counted` over `test_items` and `build_items`: each is looked at once.
 *
 * @param selected SQL over an item: it is in scope at all
 */
export function countTables(selected = "true"): ReturnType<typeof raw> {
  return raw(`counted as (
    select case when is_boot then 'boots' else 'tests' end as kind, ${TEST_BLOCKS} as block, ${TEST_KEYS} as keys,
      status, count(*) as in_scope, count(*) filter (where passes) as kept
    from test_items t
    where ${selected}
    group by is_boot, status,
      grouping sets (origin, (architecture, compiler, config), lab, (hardware_key, platform), fail_reason, known)
    having grouping(fail_reason) = 1 or fail_reason is not null
    union all
    select 'builds', ${BUILD_BLOCKS}, ${BUILD_KEYS}, status, count(*), count(*) filter (where passes)
    from (select b.*, case when has_misc then lab end as lab_of_misc from build_items b where ${selected}) b
    group by status, grouping sets (origin, (architecture, compiler, config), lab_of_misc, known)
    having grouping(lab_of_misc) = 1 or lab_of_misc is not null
  )`);
}

/** The columns of `Counts`. Index issues_pkey. */
export const COUNT_COLUMNS = raw(`
    (select coalesce(json_agg(json_build_array(kind, block, keys, status, in_scope, kept)), '[]') from counted) as counts,
    (select coalesce(json_agg(json_build_array(i.id, i.version,
        case when isfinite(i._timestamp) then (extract(epoch from i._timestamp) * 1000000)::bigint end,
        i.comment, i.report_url)), '[]')
      from (select issue_id, issue_version from test_issues union select issue_id, issue_version from build_issues) k
      cross join lateral (
        select i.* from issues i where i.id = k.issue_id and i.version = k.issue_version offset 0
      ) i) as issues`);

/** What was counted, in one or more parts: equal rows add up. */
export function countsOf(...parts: CountColumns[]): Counts {
  const blocks = new Map<string, CountRow[]>();
  for (const { counts } of parts) {
    for (const row of counts) {
      const name = `${row[0]} ${row[1]}`;
      const block = blocks.get(name);
      if (block === undefined) blocks.set(name, [row]);
      else block.push(row);
    }
  }
  return {
    rows: (kind, block) => blocks.get(`${kind} ${block}`) ?? [],
    issues: parts.flatMap(({ issues }) => issues),
  };
}
