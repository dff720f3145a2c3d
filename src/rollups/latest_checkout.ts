/** latest_checkout: the newest checkout of each tree (chapter 02, section 19). */
import { CHECKOUT_TIME, lookup, sameTree } from "./facts.ts";

export const LATEST_CHECKOUT_TABLES: Record<string, string> = {
  repaired_trees: "origin text, tree_name text, git_repository_url text, git_repository_branch text",
};

/** A column of the checkout has the value that the tree `k` has; or there is none in both. */
const SAME = (column: string): string => `c.${column} = k.${column}`;
const BOTH_NULL = (column: string): string => `k.${column} is null and c.${column} is null`;

/**
 * The newest checkout of the tree that `k` names; an equal time goes to the smallest id. One of the four parts gives
 * it, the others ask for nothing, so that each can use the index.
 */
export const NEWEST_OF_TREE = `(
    select c.* from (
      ${[SAME, BOTH_NULL]
        .flatMap((branch) => [SAME, BOTH_NULL].map((name) => [branch, name] as const))
        .map(
          ([branch, name]) => `(
        -- index checkouts_tree_head
        select c.id, ${CHECKOUT_TIME} as checkout_time
        from checkouts c
        where c.origin = k.origin and ${branch("git_repository_branch")} and ${name("tree_name")}
          and c.git_repository_url is not distinct from k.git_repository_url and ${CHECKOUT_TIME} is not null
        order by ${CHECKOUT_TIME} desc nulls last, c.id collate "C"
        limit 1
      )`,
        )
        .join(" union all ")}
    ) c
    limit 1
  )`;

/**
 * A checkout that is new or became newer replaces the stored one. Where the stored one left its tree (a missing name
 * was filled) or went back in time (a missing start time was), which is rare, the tree is searched again.
 */
export const CHANGE_LATEST_CHECKOUT = `
  with lowered as (
    select before.*
    from before_checkouts before
    ${lookup("checkouts", "c", "c.id = before.id")}
    where not (${sameTree("before", "c")}) or ${CHECKOUT_TIME} < before.checkout_time
  ), removed as (
    delete from latest_checkout l using lowered
    where l.checkout_id = lowered.id and ${sameTree("l", "lowered")}
    returning l.origin, l.tree_name, l.git_repository_url, l.git_repository_branch
  )
  insert into repaired_trees select * from removed;

  insert into latest_checkout (checkout_id, start_time, origin, tree_name, git_repository_url, git_repository_branch)
  select c.id, c.checkout_time, k.origin, k.tree_name, k.git_repository_url, k.git_repository_branch
  from repaired_trees k
  cross join lateral ${NEWEST_OF_TREE} c;

  insert into latest_checkout (checkout_id, start_time, origin, tree_name, git_repository_url, git_repository_branch)
  select distinct on (c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch)
    c.id, ${CHECKOUT_TIME}, c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch
  from touched_checkouts x
  ${lookup("checkouts", "c", "c.id = x.id")}
  where ${CHECKOUT_TIME} is not null
  order by c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch, ${CHECKOUT_TIME} desc, c.id collate "C"
  on conflict on constraint latest_checkout_unique do update
    set checkout_id = excluded.checkout_id, start_time = excluded.start_time
    where latest_checkout.start_time < excluded.start_time
      or (latest_checkout.start_time = excluded.start_time
        and latest_checkout.checkout_id collate "C" > excluded.checkout_id collate "C")`;

/** The whole table for the checkouts of `scope`, a query that gives ids. */
export function expectedLatestCheckout(scope: string): string {
  return `
  select c.id as checkout_id, c.checkout_time as start_time, k.origin, k.tree_name, k.git_repository_url, k.git_repository_branch
  from (
    select distinct c.origin, c.tree_name, c.git_repository_url, c.git_repository_branch
    from checkouts c where c.id in (${scope})
  ) k
  cross join lateral ${NEWEST_OF_TREE} c`;
}
