/** All builds, boots and tests of commits, where their totals are kept (chapter 04, sections 8 and 9). */
import { raw, sql, type Statement } from "../../database/sql.ts";
import { inScope, type Scope } from "./scope.ts";

const TOTALS = [
  ["builds", "build"],
  ["boots", "boot"],
  ["tests", "test"],
]
  .flatMap(([kind = "", what = ""]) =>
    [
      ["PASS", `${what}_pass`],
      ["FAIL", `${what}_failed`],
      ["ERROR", `${what}_error`],
      ["SKIP", `${what}_skip`],
      ["MISS", `${what}_miss`],
      ["DONE", `${what}_done`],
      ["NULL", `${what}_inc - ${what}_error - ${what}_skip - ${what}_miss - ${what}_done`],
    ].map(([status = "", items = ""]) => `json_build_array('${kind}', '${status}', sum(${items}))`),
  )
  .join(", ");

/**
 * Common table expression `totals`: label and `counts`, a JSON list of kind, status and items, of those rows of
 * `commits` (label) all of whose items are in `checkouts_of_commits` (label and identity) and kept in tree_listing.
 * They are not where rows of an adopted database lack them.
 */
export function totalsOfCommits(scope: Scope): Statement {
  return sql`totals as materialized (
    select m.label, kept.counts
    from commits m
    cross join lateral (
      -- index tree_listing_commit_hash
      select json_build_array(${raw(TOTALS)}) as counts, count(*) as identities, bool_and(c.test_error is not null) as known
      from tree_listing c
      where c.git_commit_hash = m.label and ${inScope(scope)}
    ) kept
    cross join lateral (
      select count(*) as checkouts, count(c.checkout_time) as dated,
        count(distinct jsonb_build_array(c.tree_name, c.git_repository_url, c.git_repository_branch)) as identities
      from checkouts_of_commits c
      where c.label = m.label
    ) used
    cross join lateral (
      -- index checkouts_commit_hash
      select count(*) as checkouts from checkouts c where c.git_commit_hash = m.label and ${inScope(scope)}
    ) existing
    where kept.known and kept.identities = used.identities
      and used.dated = used.checkouts and used.checkouts = existing.checkouts
  )`;
}
