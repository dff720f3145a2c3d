/** The head commits of a window: what the hardware endpoints look at (chapter 05, section 8, steps 1 and 2). */
import { raw, sql, type SqlFragment, type Statement } from "../../database/sql.ts";

/** A span of time, both ends in it, as ISO texts. */
export interface Window {
  start: string;
  end: string;
}

/** Time of the checkout with this alias, as index checkouts_time has it. */
export function checkoutTime(alias: string): SqlFragment {
  return raw(`coalesce(${alias}.start_time, ${alias}._timestamp)`);
}

/** Two rows are of one tree line: tree, branch, URL and checkout origin agree, NULL with NULL. */
export function sameLine(a: string, b: string): SqlFragment {
  return raw(`${a}.origin = ${b}.origin and ${a}.tree_name is not distinct from ${b}.tree_name
      and ${a}.git_repository_branch is not distinct from ${b}.git_repository_branch
      and ${a}.git_repository_url is not distinct from ${b}.git_repository_url`);
}

/** The line of the row with this alias, as one value: NULL is equal to NULL in it. */
export function lineOf(alias: string): SqlFragment {
  return raw(
    `array[${["origin", "tree_name", "git_repository_branch", "git_repository_url"].map((name) => `${alias}.${name}`).join(", ")}]`,
  );
}

const LINE = lineOf("c");
const HEAD_COLUMNS =
  raw(`c.origin, c.tree_name, c.git_repository_branch, c.git_repository_url, c.git_commit_hash,
        c.git_commit_name, c.git_commit_tags`);

/**
 * Common table expressions, to be placed behind `with`.
 *
 * `heads` has one row per tree line with a checkout inside the window, for its newest one there (of equal times the
 * smaller id). Columns: `head_checkout_id`, which also tells the lines apart, and that checkout's `head_time`,
 * `origin`, `tree_name`, `git_repository_branch`, `git_repository_url`, `git_commit_hash`, `git_commit_name`,
 * `git_commit_tags`. Nearly always that is the line's newest checkout of all, which `latest_checkout` knows; only for lines that
 * went on behind the end of the window, or whose newest checkout is not stored, are the checkouts of the window read.
 *
 * `head_checkouts` has one row per checkout of a head commit: all checkouts of the line with the head's hash, whatever
 * their times; for a head without hash itself alone. Columns: `head_checkout_id`, `checkout_id` and `checkout_time`
 * (NULL when the checkout has none). A checkout is in it once at most.
 *
 * The hash alone finds them, and only then they are held against the line: where the planner is left to choose, it may
 * take an index of trees, and read all checkouts of an origin for each line.
 *
 * @example sql`with ${headCommits(window)}, rows as (select ... from heads join head_checkouts ...) select ...`
 * @param lines SQL whose one column has lines as `lineOf` gives them: there are heads of these alone
 */
export function headCommits({ start, end }: Window, lines?: SqlFragment): Statement {
  // "is true", here and below, has lines looked up in a hash: else the planner may compare each with each, where it takes few for granted.
  const isWanted =
    lines === undefined ? raw("true") : raw(`(${lineOf("l").text} in (${lines.text})) is true`);
  return sql`
    newest as materialized (
      -- indexes latest_checkout_start_time, checkouts_pkey
      select l.origin, l.tree_name, l.git_repository_branch, l.git_repository_url, c.head_checkout_id, c.head_time,
        c.git_commit_hash, c.git_commit_name, c.git_commit_tags,
        coalesce(c.head_time <= ${end}::timestamptz, false) as is_head
      from latest_checkout l
      left join lateral (
        select c.id as head_checkout_id, ${checkoutTime("c")} as head_time, c.git_commit_hash, c.git_commit_name,
          c.git_commit_tags
        from checkouts c where c.id = l.checkout_id offset 0
      ) c on true
      where l.start_time >= ${start}::timestamptz and ${isWanted}
    ), heads as (
      select c.head_checkout_id, c.head_time, ${HEAD_COLUMNS}
      from newest c
      where c.is_head
      union all
      (
        -- index checkouts_time
        select distinct on (c.origin, c.tree_name, c.git_repository_branch, c.git_repository_url)
          c.id, ${checkoutTime("c")}, ${HEAD_COLUMNS}
        from checkouts c
        where ${checkoutTime("c")} between ${start}::timestamptz and ${end}::timestamptz
          and (select count(*) from newest c where not c.is_head) > 0
          and (${LINE} in (select ${LINE} from newest c where not c.is_head)) is true
        order by c.origin, c.tree_name, c.git_repository_branch, c.git_repository_url, ${checkoutTime("c")} desc,
          c.id collate "C"
      )
    ), head_checkouts as (
      -- index checkouts_commit_hash
      select h.head_checkout_id, c.checkout_id, c.checkout_time
      from heads h
      cross join lateral (
        select c.id as checkout_id, ${checkoutTime("c")} as checkout_time, c.origin, c.tree_name,
          c.git_repository_branch, c.git_repository_url
        from checkouts c
        where c.git_commit_hash = h.git_commit_hash
        offset 0
      ) c
      where ${sameLine("c", "h")}
      union all
      select head_checkout_id, head_checkout_id, head_time from heads where git_commit_hash is null
    )`;
}
