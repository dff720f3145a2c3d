/** The commits that can be selected instead of a tree's newest one (chapter 05, section 10). */
import type { Static } from "typebox";
import { isoTimestamp, textArray } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { raw, sql } from "../../database/sql.ts";
import { queryBody } from "../query.ts";
import { REQUIRED, type Problem } from "./body.ts";
import { checkoutTime, type Window } from "./heads.ts";
import { CommitHead } from "./shapes.ts";

type Head = Static<typeof CommitHead>;

const HEAD_KEYS = ["treeName", "repositoryUrl", "branch", "commitHash"] as const;

/**
 * The heads that a body names.
 *
 * @param problems gets what is wrong with them, up to the first head that is wrong
 */
export function parseCommitHeads(body: Record<string, unknown>, problems: Problem[]): Head[] {
  const { commitHeads: heads } = body;
  if (!Array.isArray(heads)) {
    problems.push(["commitHeads", heads === undefined ? REQUIRED : "must be a list"]);
    return [];
  }
  const elements: unknown[] = heads;
  const index = elements.findIndex((head) => !isHead(head));
  if (index >= 0) problems.push(...headProblems(elements[index], `commitHeads[${index}]`));
  return elements.filter(isHead);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isHead(value: unknown): value is Head {
  return isObject(value) && HEAD_KEYS.every((key) => typeof value[key] === "string");
}

function headProblems(head: unknown, name: string): Problem[] {
  if (!isObject(head)) return [[name, "must be an object"]];
  return HEAD_KEYS.filter((key) => typeof head[key] !== "string").map((key) => [
    `${name}.${key}`,
    head[key] === undefined ? REQUIRED : "must be a text",
  ]);
}

/** A head names what is missing by an empty text. */
function isOfHead(checkout: string): string {
  return `coalesce(${checkout}.tree_name, '') = h.tree_name and coalesce(${checkout}.git_repository_url, '') = h.url
        and coalesce(${checkout}.git_repository_branch, '') = h.branch`;
}

const ENTRY = raw(`json_build_object(
    'git_commit_hash', git_commit_hash, 'tree_name', tree_name, 'git_repository_branch', git_repository_branch,
    'git_repository_url', git_repository_url, 'git_commit_tags', ${textArray("git_commit_tags")},
    'git_commit_name', git_commit_name, 'start_time', ${isoTimestamp("time")})`);

/**
 * The commits of the window that are not newer than the heads, by tree, as JSON text.
 *
 * Of several heads of one tree the newest decides, because what is not newer than another one is not newer than it.
 *
 * @returns undefined when there is none
 */
export function commitHistory(
  pool: Pool,
  { start, end }: Window,
  requested: Head[],
): Promise<string | undefined> {
  // The lists are bound side by side, and a text with a NUL would be missing in one of them.
  const heads = requested.filter((head) => HEAD_KEYS.every((key) => !head[key].includes("\0")));
  const statement = sql`
    with heads as (
      select distinct tree_name, url, branch, hash
      from unnest(
        ${heads.map((head) => head.treeName)}::text[], ${heads.map((head) => head.repositoryUrl)}::text[],
        ${heads.map((head) => head.branch)}::text[], ${heads.map((head) => head.commitHash)}::text[]
      ) as h(tree_name, url, branch, hash)
    ), anchored as (
      select tree_name, url, branch, max(time) as anchor
      from (
        -- index checkouts_commit_hash
        select h.tree_name, h.url, h.branch, c.time
        from heads h
        cross join lateral (
          select ${checkoutTime("c")} as time from checkouts c
          where c.git_commit_hash = h.hash and ${raw(isOfHead("c"))}
          offset 0
        ) c
        union all
        -- the newest checkout may be one without a hash
        select h.tree_name, h.url, h.branch, ${checkoutTime("c")}
        from heads h
        join checkouts c on c.git_commit_hash is null and ${raw(isOfHead("c"))}
        where h.hash = ''
      ) found
      group by tree_name, url, branch
    ), inside as materialized (
      -- index checkouts_time
      select c.id, c.tree_name, c.git_repository_url, c.git_repository_branch, c.git_commit_hash, c.git_commit_name,
        c.git_commit_tags, ${checkoutTime("c")} as time
      from checkouts c
      where ${checkoutTime("c")} between ${start}::timestamptz and ${end}::timestamptz and c.git_commit_hash is not null
    ), commits as (
      select distinct on (h.tree_name, h.url, h.branch, c.git_commit_hash)
        h.tree_name || '-' || h.url || '-' || h.branch as key, c.*
      from anchored h
      join inside c on ${raw(isOfHead("c"))} and c.time <= h.anchor
      order by h.tree_name, h.url, h.branch, c.git_commit_hash, c.time, c.id collate "C"
    ), tables as (
      select key, json_agg(${ENTRY} order by time desc, git_commit_hash collate "C", id collate "C") as entries
      from commits
      group by key
    )
    select json_build_object('commit_history_table', json_object_agg(key, entries order by key collate "C"))::text as body
    from tables
    having count(*) > 0`;
  return queryBody(pool, "hardware_commit_history", statement);
}
