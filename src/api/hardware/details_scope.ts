/**
 * The builds and tests that details of a piece of hardware are about: from the head commits of a window to trees, and
 * to the rows of their chosen commits (chapter 05, section 8).
 */
import { raw, sql, type Statement } from "../../database/sql.ts";
import type { Filters } from "../../filters/filters.ts";
import { COUNTED_VALUES, LISTED_VALUES } from "../items/tables.ts";
import { BUILD_LIST_VALUES, BUILD_VALUES, TEST_LIST_VALUES, testValues } from "../items/values.ts";
import { checkoutTime, headCommits, lineOf, sameLine, type Window } from "./heads.ts";

/** What is asked for. */
export interface HardwareRequest {
  /** A platform or a compatible. */
  hardware: string;
  /** Origin of the tests. */
  origin: string;
  window: Window;
  /** By the index of a tree: `head`, or empty, or a hash. Without any, all trees with their heads are selected. */
  selectedCommits: Record<string, string>;
  filters: Filters;
}

/** Chosen commits as JSON: null where the head is meant, and a list where no hash can be. */
function chosenCommits(selected: Record<string, string>): string {
  const chosen = Object.entries(selected)
    .filter(([index]) => isStorable(index))
    .map(([index, commit]) => [
      index,
      commit === "head" || commit === "" ? null : isStorable(commit) ? commit : [],
    ]);
  return JSON.stringify(Object.fromEntries(chosen));
}

/** PostgreSQL has no NUL, and half a surrogate pair is a syntax error in its JSON. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/**
 * Tests on the hardware that started inside the window or later, and those without a start: their time is that of
 * their checkout. Other conditions stay outside, so that the planner does not reach for other indexes.
 */
function testsOnHardware(hardware: string, origin: string, { start }: Window): Statement {
  const columns = raw("id, build_id, origin, start_time");
  return sql`
      -- index tests_platform_time
      select ${columns} from tests
      where environment_misc ->> 'platform' = ${hardware} and origin = ${origin} and start_time >= ${start}::timestamptz
      union all
      select ${columns} from tests
      where environment_misc ->> 'platform' = ${hardware} and origin = ${origin} and start_time is null
      union all
      -- index tests_environment_compatible
      select ${columns} from tests
      where environment_compatible @> array[${hardware}]::text[]
        and (environment_misc ->> 'platform') is distinct from ${hardware}
        and coalesce(start_time >= ${start}::timestamptz, true)
      offset 0`;
}

/** A head shows the hardware only when one of its own checkouts was tested on it. */
const LINES_OF_BUILDS = raw(`select distinct ${lineOf("b").text} from builds_on_hardware b`);

/**
 * Common table expressions of a request. Tests are gathered by build and not joined with builds: where the planner does not
 * know how many there are, it takes few for granted, and would compare each test with each build.
 *
 * - `trees`: the trees that the hardware was tested on, with their head commit; `place` is the index from 0 in the one
 *   order that input and output use; `selected`, and `chosen` (the hash that stands for it, NULL for the head)
 * - `build_values`, `test_values`: what ran on the hardware in the chosen commits of all trees, with `place` and
 *   `selected` of their tree, and tree_name, git_repository_url, git_repository_branch of their checkout
 *
 * @param wanted what is counted, what lists show, or both
 */
export function hardwareScope(
  { hardware, origin, window, selectedCommits, filters }: HardwareRequest,
  wanted: "counts" | "lists" | "both",
): Statement {
  const lists = wanted !== "counts";
  const shown = [
    ...(lists ? LISTED_VALUES : []),
    ...(wanted === "lists" ? [] : [...COUNTED_VALUES, "compatible" as const]),
  ];
  const hasSelection = Object.keys(selectedCommits).length > 0;
  return sql`tests_on_hardware as materialized (
    select * from (${testsOnHardware(hardware, origin, window)}) t where t.origin = ${origin}
  ), builds_on_hardware as materialized (
    -- each with its tests inside the window; it counts with any since the start of it
    select g.build_id, c.*, g.test_ids || case when c.checkout_time between ${window.start}::timestamptz and ${window.end}::timestamptz
      then g.ids_without_start end as test_ids
    from (
      select build_id, array_agg(id) filter (where start_time <= ${window.end}::timestamptz) as test_ids,
        array_agg(id) filter (where start_time is null) as ids_without_start, count(start_time) as started
      from tests_on_hardware group by build_id
    ) g
    -- index builds_pkey
    cross join lateral (select b.checkout_id from builds b where b.id = g.build_id offset 0) b
    -- index checkouts_pkey
    cross join lateral (
      select c.id as checkout_id, ${checkoutTime("c")} as checkout_time, c.origin, c.tree_name, c.git_repository_url,
        c.git_repository_branch, c.git_commit_hash
      from checkouts c where c.id = b.checkout_id offset 0
    ) c
    where g.started > 0 or c.checkout_time >= ${window.start}::timestamptz
  ), ${headCommits(window, LINES_OF_BUILDS)}, lines_of_hardware as materialized (
    select h.*
    from heads h
    where h.head_checkout_id in (
      select c.head_checkout_id from head_checkouts c where c.checkout_id in (select checkout_id from builds_on_hardware))
  ), trees as materialized (
    select heads_of_trees.*, row_number() over (
        order by coalesce(tree_name, '') collate "C", coalesce(git_repository_branch, '') collate "C",
          coalesce(git_repository_url, '') collate "C", coalesce(git_commit_hash, '') collate "C",
          head_checkout_id collate "C") - 1 as place
    from (
      select distinct on (tree_name, git_repository_branch, git_repository_url, git_commit_hash) *
      from lines_of_hardware
      order by tree_name, git_repository_branch, git_repository_url, git_commit_hash, head_time desc,
        head_checkout_id collate "C"
    ) heads_of_trees
  ), choices as materialized (
    select t.*, not ${hasSelection}::boolean or chosen.commits ? t.place::text as selected,
      chosen.commits -> t.place::text as choice
    from trees t
    cross join (select ${chosenCommits(selectedCommits)}::jsonb as commits) chosen
  ), chosen_checkouts as materialized (
    select c.*, t.place, t.selected
    from (
      select distinct on (checkout_id) checkout_id, origin, tree_name, git_repository_url, git_repository_branch,
        git_commit_hash
      from builds_on_hardware
    ) c
    join lines_of_hardware l on ${sameLine("l", "c")}
    join choices t on t.tree_name is not distinct from l.tree_name
      and t.git_repository_branch is not distinct from l.git_repository_branch
      and t.git_repository_url is not distinct from l.git_repository_url
      and t.git_commit_hash is not distinct from l.git_commit_hash
    where case when jsonb_typeof(t.choice) = 'string' then c.git_commit_hash = t.choice #>> '{}'
      when jsonb_typeof(t.choice) = 'array' then false
      else c.checkout_id in (
        select h.checkout_id from head_checkouts h where h.head_checkout_id = l.head_checkout_id) end
  ), build_values as materialized (
    select b.*, t.test_ids, c.place, c.selected, c.tree_name, c.git_repository_url, c.git_repository_branch
    from chosen_checkouts c
    join builds_on_hardware t on t.checkout_id = c.checkout_id and t.test_ids is not null
    cross join lateral (
      select ${raw(BUILD_VALUES + (lists ? `, ${BUILD_LIST_VALUES}` : ""))}
      from builds b where b.id = t.build_id offset 0
    ) b
  ), test_values as materialized (
    select t.*, b.architecture, b.compiler, b.config, b.place, b.selected, b.tree_name, b.git_repository_branch
    from build_values b
    cross join lateral unnest(b.test_ids) as c(id)
    -- index tests_pkey
    cross join lateral (
      select ${testValues(filters, shown)} ${raw(lists ? `, ${TEST_LIST_VALUES}` : "")}
      from tests t where t.id = c.id offset 0
    ) t
  )`;
}
