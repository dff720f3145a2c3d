/** Counts of several commits of a tree, for its commit graph (chapter 04, sections 8 and 9). */
import type { Static } from "typebox";
import { isoTimestamp, textArray } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { named, raw, sql, type Statement } from "../../database/sql.ts";
import { letsAllPass, type Filters } from "../../filters/filters.ts";
import type { Kind } from "../items/counts.ts";
import { noItems } from "../items/summary.ts";
import { itemsOfCheckouts, variant, type Half } from "../items/tables.ts";
import { STATUSES, type ItemStatus } from "../shapes.ts";
import { totalsOfCommits } from "./commit_totals.ts";
import { CHECKOUT_TIME, inScope, wantedCommit, type Scope } from "./scope.ts";
import type { CommitHistory } from "./shapes.ts";

/** A commit graph shows so many commits. */
const COMMITS = 6;

/** What is counted for each commit. */
export interface HistoryRequest {
  scope: Scope;
  filters: Filters;
  /** The kinds that are asked for; others are zeros. */
  kinds: readonly Kind[];
  /** Only checkouts inside, as ISO texts. */
  window: { start: string; end: string } | undefined;
  /** Only builds with a boot or test that the filters keep. */
  relatedBuildsOnly: boolean;
}

interface CommitRow {
  git_commit_hash: string;
  git_commit_name: string | null;
  git_commit_tags: string[] | null;
  earliest_start_time: string | null;
  in_window: boolean;
  has_builds: boolean;
  passes_record: boolean;
  counts: [kind: Kind, status: ItemStatus, items: number][] | null;
}

type CommitItem = Static<typeof CommitHistory>[number];

/**
 * A commit and those before it, the newest first; those of which the filters keep nothing are left out.
 *
 * @param commit hash or tag
 * @returns undefined when there is no such commit
 */
export async function historyOfCommit(
  pool: Pool,
  commit: string,
  request: HistoryRequest,
): Promise<CommitItem[] | undefined> {
  const { scope } = request;
  // index checkouts_commit_hash, then checkouts_tree_head or checkouts_git_branch
  const commits = sql`${wantedCommit(scope, commit)}, head as materialized (
    select max(${CHECKOUT_TIME}) as time
    from checkouts c
    where c.git_commit_hash = (select git_commit_hash from wanted_commit) and ${inScope(scope)}
  ), candidates as materialized (
    select c.id, c.git_commit_hash as label, c.tree_name, c.git_repository_url, c.git_repository_branch,
      c.git_commit_name, c.git_commit_tags, ${CHECKOUT_TIME} as checkout_time, c._timestamp
    from checkouts c
    where exists (select from wanted_commit) and c.git_commit_hash is not null and ${inScope(scope)}
      -- adopted rows may have no time at all: they are older than any
      and coalesce(${CHECKOUT_TIME}, '-infinity') <= coalesce((select time from head), '-infinity')
  ), commits as materialized (
    select newest.*, row_number() over (
        order by checkout_time desc nulls last, _timestamp desc nulls last, label collate "C") as place
    from (
      select distinct on (label) label, checkout_time, _timestamp, git_commit_name,
        ${raw(textArray("git_commit_tags"))} as git_commit_tags
      from candidates
      order by label, checkout_time desc nulls last, _timestamp desc nulls last, id collate "C" desc
    ) newest
    order by place
    limit ${COMMITS}
  ), checkouts_of_commits as materialized (
    select c.* from candidates c where c.label in (select label from commits)
  )`;
  const rows = await countCommits(pool, "tree_commits", commits, request);
  if (rows.length === 0) return undefined;
  return rows
    .filter((row) => row.in_window && (!row.has_builds || row.passes_record))
    .map((row) => commitItem(row, request.kinds));
}

/**
 * Chosen commits, one answer for each hash in the given order, zeros where nothing is known.
 *
 * @returns undefined when none of them has a checkout
 */
export async function historyOfHashes(
  pool: Pool,
  hashes: readonly string[],
  request: HistoryRequest,
): Promise<CommitItem[] | undefined> {
  // index checkouts_commit_hash
  const commits = sql`checkouts_of_commits as materialized (
    select c.id, c.git_commit_hash as label, c.tree_name, c.git_repository_url, c.git_repository_branch,
      c.git_commit_name, c.git_commit_tags, ${CHECKOUT_TIME} as checkout_time, c._timestamp
    from checkouts c
    where c.git_commit_hash = any(${[...new Set(hashes)]}::text[]) and ${inScope(request.scope)}
  ), commits as materialized (
    select newest.*, 1 as place, coalesce((
        select array_agg(distinct tag collate "C" order by tag collate "C")
        from checkouts_of_commits c cross join unnest(c.git_commit_tags) tag
        where c.label = newest.label and tag is not null), '{}') as git_commit_tags
    from (
      select distinct on (label) label, git_commit_name
      from checkouts_of_commits
      order by label, checkout_time desc nulls last, _timestamp desc nulls last, id collate "C" desc
    ) newest
  )`;
  const rows = await countCommits(pool, "tree_commits_history", commits, request);
  if (rows.length === 0) return undefined;
  const byHash = new Map(rows.map((row) => [row.git_commit_hash, row]));
  const now = new Date()
    .toISOString()
    .replace(/\.000Z$/, "Z")
    .replace(/(\.\d{3})Z$/, "$1000Z");
  return hashes.map((hash) => {
    const row = byHash.get(hash);
    if (row === undefined) return unknownCommit(hash, now);
    const item = commitItem(row, request.kinds);
    return { ...item, earliest_start_time: earlier(item.earliest_start_time, now) };
  });
}

/** Times as ISO texts, with six digits of fraction or none. */
function earlier(time: string | null, now: string): string {
  return time !== null && Date.parse(time) < Date.parse(now) ? time : now;
}

/**
 * Counts the items of `checkouts_of_commits` for each row of `commits`, in its order. Without filters the totals of most
 * commits are kept; the items of the others are counted.
 */
async function countCommits(
  pool: Pool,
  name: string,
  commits: Statement,
  request: HistoryRequest,
): Promise<CommitRow[]> {
  const wantsAll = letsAllPass(request.filters) && request.window === undefined && !request.relatedBuildsOnly;
  const kept = wantsAll ? await readTotals(pool, name, commits, request.scope) : undefined;
  if (kept?.every(({ counts }) => counts !== null)) return kept;
  const [one, other] = await Promise.all([
    countHalf(pool, name, commits, request, 0),
    countHalf(pool, name, commits, request, 1),
  ]);
  const others = new Map(other.map((row) => [row.git_commit_hash, row]));
  return one.map((row) => {
    const more = others.get(row.git_commit_hash);
    return {
      ...row,
      has_builds: row.has_builds || (more?.has_builds ?? false),
      passes_record: row.passes_record || (more?.passes_record ?? false),
      counts: [...(row.counts ?? []), ...(more?.counts ?? [])],
    };
  });
}

/** The commits with their kept totals; `counts` is null where there are none. */
async function readTotals(pool: Pool, name: string, commits: Statement, scope: Scope): Promise<CommitRow[]> {
  const { rows } = await pool.query<Omit<CommitRow, "passes_record">>(
    named(
      `${name}_totals`,
      sql`
        with ${commits}, ${totalsOfCommits(scope)}
        select m.label as git_commit_hash, m.git_commit_name, m.git_commit_tags, ${EARLIEST} as earliest_start_time,
          true as in_window, exists (
            select from checkouts_of_commits c join lateral (
              -- index builds_checkout_id
              select from builds b where b.checkout_id = c.id limit 1
            ) b on true
            where c.label = m.label
          ) as has_builds, t.counts
        from commits m
        left join totals t using (label)
        order by m.place`,
    ),
  );
  return rows.map((row) => ({
    ...row,
    passes_record: (row.counts ?? []).some(([, , items]) => items > 0),
  }));
}

const EARLIEST = raw(
  `(select ${isoTimestamp("min(c.checkout_time)")} from checkouts_of_commits c where c.label = m.label)`,
);

async function countHalf(
  pool: Pool,
  name: string,
  commits: Statement,
  { filters, kinds, window, relatedBuildsOnly }: HistoryRequest,
  half: Half,
): Promise<CommitRow[]> {
  const testKinds = kinds.filter((kind) => kind !== "builds");
  // Tests are read for their own sake, and for builds where something asks builds for their tests.
  const readTests = relatedBuildsOnly || testKinds.length > 0 || filtersRecords(filters);
  const isRelated = relatedBuildsOnly
    ? sql`id in (
        select build_id from test_items
        where passes and case when is_boot then 'boots' else 'tests' end = any(${testKinds.length > 0 ? testKinds : ["boots", "tests"]}::text[]))`
    : sql`true`;
  const { rows } = await pool.query<CommitRow>(
    named(
      variant(relatedBuildsOnly ? `${name}_related` : name, filters),
      sql`
        with ${commits},
        scope_checkouts as materialized (
          select * from checkouts_of_commits c
          where ${window?.start ?? null}::timestamptz is null
            or c.checkout_time between ${window?.start ?? null}::timestamptz and ${window?.end ?? null}::timestamptz
        ),
        ${itemsOfCheckouts(filters, { shown: [], testsWhen: sql`${readTests}::boolean`, half: { half, by: ["b.id"] } })},
        counts as materialized (
          select label, case when is_boot then 'boots' else 'tests' end as kind, status,
            count(*) filter (where passes) as items, bool_or(passes_record) as passes_record
          from test_items
          group by label, is_boot, status
          union all
          select label, 'builds', status, count(*) filter (where passes and ${isRelated}), bool_or(passes_record)
          from build_items
          group by label, status
        )
        select m.label as git_commit_hash, m.git_commit_name, m.git_commit_tags,
          ${EARLIEST} as earliest_start_time,
          exists (select from scope_checkouts c where c.label = m.label) as in_window,
          exists (select from build_values b where b.label = m.label) as has_builds,
          coalesce((select bool_or(passes_record) from counts n where n.label = m.label), false)
            -- tests that were not read belong to a dummy, or to a build that passes as they do
            or (not ${readTests}::boolean and exists (
              select from build_values b cross join lateral (select from tests t where t.build_id = b.id limit 1) t
              where b.label = m.label and b.is_dummy)) as passes_record,
          (select json_agg(json_build_array(kind, status, items)) from counts n
            where n.label = m.label and kind = any(${[...kinds]}::text[])) as counts
        from commits m
        order by m.place`,
    ),
  );
  return rows;
}

/** Something gates builds and tests alike. */
function filtersRecords({ architectures, compilers, configs, hardware, labs }: Filters): boolean {
  return [architectures, compilers, configs, hardware, labs].some((filter) => filter !== undefined);
}

function commitItem(row: CommitRow, kinds: readonly Kind[]): CommitItem {
  const counted = (kind: Kind): ReturnType<typeof noItems> => {
    const sum = noItems();
    if (kinds.includes(kind))
      for (const [of, status, items] of row.counts ?? []) if (of === kind) sum[status] += items;
    return sum;
  };
  return {
    git_commit_hash: row.git_commit_hash,
    git_commit_name: row.git_commit_name,
    git_commit_tags: row.git_commit_tags,
    earliest_start_time: row.earliest_start_time,
    builds: counted("builds"),
    boots: lowerCase(counted("boots")),
    tests: lowerCase(counted("tests")),
  };
}

function unknownCommit(hash: string, now: string): CommitItem {
  return {
    git_commit_hash: hash,
    git_commit_name: "",
    git_commit_tags: [],
    earliest_start_time: now,
    builds: noItems(),
    boots: lowerCase(noItems()),
    tests: lowerCase(noItems()),
  };
}

function lowerCase(counters: ReturnType<typeof noItems>): CommitItem["boots"] {
  const entries = STATUSES.map((status) => [status.toLowerCase(), counters[status]] as const);
  return Object.fromEntries(entries) as CommitItem["boots"];
}
