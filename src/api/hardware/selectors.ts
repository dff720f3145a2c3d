/** The trees, branches and revisions that a hardware list can be asked for (chapter 05, section 6). */
import { isoTimestamp } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";
import { queryBody } from "../query.ts";
import { checkoutTime } from "./heads.ts";
import { PLATFORM } from "./platforms.ts";

/** They test builds of others, and send none. */
const TESTERS = ["aspeed", "ti"];
/** So far back is looked. */
const DAYS = 30;

/**
 * `start_time` is later than `since`. With a second, open end the planner takes the span for a short one, and uses the
 * index by time even where, today, the span holds most rows.
 */
function isLater(startTime: string, since: string): Statement {
  return sql`${raw(startTime)} > ${since}::timestamptz and ${raw(startTime)} <= ${"infinity"}::timestamptz`;
}

/** Checkouts that the origin built since then: from index builds_origin_time alone. */
function builtCheckouts(origin: string, since: string): Statement {
  return sql`
    select distinct b.checkout_id
    from builds b
    where b.origin = ${origin} and ${isLater("b.start_time", since)}`;
}

/** Checkouts of builds that the origin tested since then: index tests_origin_time_platform, then keys. */
function testedCheckouts(origin: string, since: string): Statement {
  return sql`
    select distinct b.checkout_id
    from (
      select distinct t.build_id
      from tests t
      where t.origin = ${origin} and ${isLater("t.start_time", since)}
        and (t.environment_misc ->> 'platform') is not null and ${PLATFORM} is not null
    ) t
    cross join lateral (select b.checkout_id from builds b where b.id = t.build_id offset 0) b`;
}

/** A checkout without a time is not offered: it could not be told when it was. */
function selectors(checkouts: Statement): Statement {
  return sql`
    with revisions as (
      select c.tree_name, c.git_repository_url, c.git_repository_branch, c.git_commit_hash, c.git_commit_name,
        max(c.time) as time
      from (${checkouts}) used
      cross join lateral (
        select c.*, ${checkoutTime("c")} as time from checkouts c where c.id = used.checkout_id offset 0
      ) c
      where c.tree_name is not null and c.git_repository_url is not null and c.git_repository_branch is not null
        and c.git_commit_hash is not null and isfinite(c.time)
      group by c.tree_name, c.git_repository_url, c.git_repository_branch, c.git_commit_hash, c.git_commit_name
    ), branches as (
      select tree_name, git_repository_url, git_repository_branch,
        json_agg(
          json_build_object('git_commit_hash', git_commit_hash, 'git_commit_name', git_commit_name,
            'start_time', ${raw(isoTimestamp("time"))})
          order by time desc, git_commit_hash collate "C", git_commit_name collate "C"
        ) as revisions
      from revisions
      group by tree_name, git_repository_url, git_repository_branch
    ), trees as (
      select tree_name,
        json_agg(
          json_build_object('git_repository_url', git_repository_url, 'git_repository_branch', git_repository_branch,
            'revisions', revisions)
          order by git_repository_url collate "C", git_repository_branch collate "C"
        ) as branches
      from branches
      group by tree_name
    )
    select json_build_object('trees', coalesce(
      json_agg(json_build_object('tree_name', tree_name, 'branches', branches) order by tree_name collate "C"),
      '[]'::json
    ))::text as body
    from trees`;
}

/** What there is to choose from for an origin, as JSON text. */
export async function hardwareSelectors(pool: Pool, origin: string): Promise<string> {
  const since = new Date(Date.now() - DAYS * 86_400_000).toISOString();
  const body = TESTERS.includes(origin)
    ? await queryBody(pool, "hardware_selectors_of_tests", selectors(testedCheckouts(origin, since)))
    : await queryBody(pool, "hardware_selectors", selectors(builtCheckouts(origin, since)));
  return body ?? "";
}
