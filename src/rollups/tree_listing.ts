/**
 * tree_listing: a row per tree and commit, with its newest checkout and nine counters (chapter 02, section 19), and
 * with what the inconclusive ones consist of, which is our own.
 */
import {
  CHECKOUT_TIME,
  COUNTED_TESTS,
  COUNTERS,
  COUNTER_SUMS,
  countedBuilds,
  commitKey,
  lookup,
  OWN_TEST_KEY,
  sameTree,
} from "./facts.ts";
import { TEST_MOVES } from "./touched.ts";

/** The columns that say which commit of which tree. */
export const COMMIT = "origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash";

export const TREE_LISTING_TABLES: Record<string, string> = {
  touched_commits:
    "origin text, tree_name text, git_repository_url text, git_repository_branch text, git_commit_hash text",
};

/** The newest checkout of the commit that `k` names. Index checkouts_commit_hash. */
const NEWEST_OF_COMMIT = `(
    select c.* from (
      select c.id, ${CHECKOUT_TIME} as checkout_time, c.git_commit_name, c.git_commit_tags
      from checkouts c
      where c.git_commit_hash = k.git_commit_hash and ${sameTree("c", "k")}
      union all
      select c.id, ${CHECKOUT_TIME}, c.git_commit_name, c.git_commit_tags
      from checkouts c
      where k.git_commit_hash is null and c.git_commit_hash is null and ${sameTree("c", "k")}
    ) c
    where c.checkout_time is not null
    order by c.checkout_time desc, c.id collate "C"
    limit 1
  )`;

/** Of the inconclusive items, those of each status; upper case, as readers see them. */
export const STATUS_COUNTERS = ["build", "boot", "test"].flatMap((what) =>
  ["error", "skip", "miss", "done"].map((status) => ({
    name: `${what}_${status}`,
    sum: `coalesce(sum(sign) filter (where what = '${what}' and status = '${status.toUpperCase()}'), 0) as ${what}_${status}`,
  })),
);
/** The counters of a row: the nine of listings, and those of single statuses. */
export const COMMIT_COUNTERS = [...COUNTERS, ...STATUS_COUNTERS.map(({ name }) => name)];
const ALL_SUMS = [COUNTER_SUMS, ...STATUS_COUNTERS.map(({ sum }) => sum)].join(",\n      ");

const ZEROES = COMMIT_COUNTERS.map(() => "0").join(", ");

/** Signed facts of builds and tests, summed into the counters of each commit. */
function countersByCommit(buildMoves: string, testMoves: string): string {
  return `
    select ${COMMIT}, min(checkout_id) as checkout_id, min(checkout_time) as checkout_time,
      ${ALL_SUMS}
    from (
      select 'build' as what, sign, status, checkout_id, checkout_time, ${COMMIT} from ${buildMoves} builds
      union all
      select case when is_boot then 'boot' else 'test' end, sign, status, checkout_id, checkout_time, ${COMMIT}
      from ${testMoves} tests
    ) moves
    where checkout_time is not null
    group by ${COMMIT}`;
}

/** The batch's tests, those that count alike as one with their number in `sign`. */
const COUNTED_TEST_MOVES = `(
      select t.sign * t.tests as sign, t.status, t.is_boot, b.checkout_id, b.checkout_time, ${COMMIT}
      from (
        select sign, build_id, status, is_boot, count(*)::integer as tests
        from (select t.sign, t.build_id, ${OWN_TEST_KEY} from ${TEST_MOVES}) tests
        group by sign, build_id, status, is_boot
      ) t
      join moved_builds b on b.build_id = t.build_id and b.sign = t.sign
    )`;

/**
 * First the identity of each commit that the batch touches: its row is made or named after its newest checkout, or
 * deleted when a filled field moved its last checkout to another commit. Then the counters move.
 */
export const CHANGE_TREE_LISTING = `
  insert into touched_commits (${COMMIT})
  select ${COMMIT} from before_checkouts
  union
  select ${COMMIT} from touched_checkouts x ${lookup("checkouts", "c", "c.id = x.id")}
  union
  select ${COMMIT} from build_moves
  union
  select ${COMMIT} from moved_builds;

  insert into tree_listing (checkout_id, ${COMMIT}, git_commit_name, git_commit_tags, start_time, ${COMMIT_COUNTERS.join(", ")})
  select c.id, k.*, c.git_commit_name, c.git_commit_tags, c.checkout_time, ${ZEROES}
  from touched_commits k
  cross join lateral ${NEWEST_OF_COMMIT} c
  on conflict on constraint tree_listing_tree_unique do update
    set checkout_id = excluded.checkout_id, git_commit_name = excluded.git_commit_name,
      git_commit_tags = excluded.git_commit_tags, start_time = excluded.start_time
    where (tree_listing.checkout_id, tree_listing.git_commit_name, tree_listing.git_commit_tags, tree_listing.start_time)
      is distinct from (excluded.checkout_id, excluded.git_commit_name, excluded.git_commit_tags, excluded.start_time);

  with written as (
  -- the row exists: it was made above
  insert into tree_listing (checkout_id, ${COMMIT}, start_time, ${COMMIT_COUNTERS.join(", ")})
  select checkout_id, ${COMMIT}, checkout_time, ${COMMIT_COUNTERS.join(", ")}
  from (${countersByCommit("build_moves", COUNTED_TEST_MOVES)}) moves
  on conflict on constraint tree_listing_tree_unique do update
    set ${COMMIT_COUNTERS.map((name) => `${name} = tree_listing.${name} + excluded.${name}`).join(", ")}
  returning 1
  )
  insert into records_written select 'tree_listing', count(*) from written;

  -- index tree_listing_checkout_id: the row of a commit without checkouts still names the one that left
  delete from tree_listing l
  using before_checkouts k
  ${lookup("checkouts", "now", "now.id = k.id")}
  where l.checkout_id = k.id and ${sameTree("l", "k")} and l.git_commit_hash is not distinct from k.git_commit_hash
    and (not (${sameTree("now", "k")}) or now.git_commit_hash is distinct from k.git_commit_hash)
    and not exists (select from (select) one cross join lateral ${NEWEST_OF_COMMIT} c)`;

/** The whole rows of the commits of the checkouts in `scope`, a query that gives ids of whole commits. */
export function expectedTreeListing(scope: string): string {
  return `
  select c.id as checkout_id, ${COMMIT.split(", ")
    .map((name) => `k.${name}`)
    .join(", ")},
    c.git_commit_name, c.git_commit_tags, c.checkout_time as start_time,
    ${COMMIT_COUNTERS.map((name) => `coalesce(counts.${name}, 0)::integer as ${name}`).join(", ")}
  from (
    select distinct ${COMMIT} from checkouts where id in (${scope})
  ) k
  cross join lateral ${NEWEST_OF_COMMIT} c
  left join (${countersByCommit(
    `(select 1 as sign, facts.* from (${countedBuilds("builds b", "all")} and c.id in (${scope})) facts)`,
    `(select 1 as sign, facts.* from (${COUNTED_TESTS} where c.id in (${scope})) facts)`,
  )}) counts
    on ${commitKey("counts")} = ${commitKey("k")}`;
}
