/** Where issues were seen (chapter 06, section 3.0): asked in one way by the listing, the extras and the details. */
import type { Pool } from "../../database/pool.ts";
import { isoTimestamp } from "../../database/json.ts";
import { raw, sql, type SqlFragment, type Statement } from "../../database/sql.ts";
import { queryBody } from "../query.ts";

const GIT = "https://git.kernel.org/pub/scm/linux/kernel/git";

/**
 * For an incident `n`: `seen.build_id` is its build, and the build of its test, each in a row. A scalar subquery looks
 * the test up by key, whatever the planner thinks of the number of incidents.
 */
export const BUILDS_OF_INCIDENT = raw(`
  cross join lateral (
    values (n.build_id), ((select t.build_id from tests t where t.id = n.test_id))
  ) seen (build_id)`);

/** Orders of the incidents `n` of an issue, whatever their version: index incidents_of_issue, forwards or backwards. */
const ORDERS = {
  first: 'n.issue_version, n._timestamp, n.id collate "C"',
  last: 'n.issue_version desc, n._timestamp desc, n.id collate "C"',
};

/**
 * A lateral subquery with the first or last incident of an issue as `body`, with the checkout of its build, or else of
 * its test; no row when the issue has no incident.
 *
 * @param id SQL expression of the issue's id
 */
export function incidentOf(id: string, which: keyof typeof ORDERS): SqlFragment {
  return raw(`(
    select json_build_object(
      'first_seen', ${isoTimestamp("n._timestamp")}, 'git_commit_hash', c.git_commit_hash,
      'git_repository_url', c.git_repository_url, 'git_repository_branch', c.git_repository_branch,
      'git_commit_name', c.git_commit_name, 'tree_name', c.tree_name, 'issue_version', n.issue_version,
      'checkout_id', c.id) as body
    from (
      select n._timestamp, n.issue_version, n.build_id, n.test_id
      from incidents n
      where n.issue_id = ${id} and n.present is not false
      order by ${ORDERS[which]}
      limit 1
    ) n
    left join builds own on own.id = n.build_id
    left join tests t on t.id = n.test_id and own.id is null
    left join builds tested on tested.id = t.build_id
    left join checkouts c on c.id = coalesce(own.checkout_id, tested.checkout_id)
  )`);
}

/**
 * The trees and tags of version `i` of an issue. Incidents are many, and their checkouts few: each build and checkout is
 * looked up once, by key.
 */
const TREES_AND_TAGS = raw(`(
    select
      coalesce(json_agg(json_build_object('tree_name', c.tree_name, 'git_repository_branch', c.git_repository_branch)
          order by c.tree_name collate "C", c.git_repository_url collate "C", c.git_repository_branch collate "C")
        filter (where c.tree_name is not null and c.git_repository_branch is not null), '[]') as trees,
      array_remove(array[
        case when bool_or(c.git_repository_url = '${GIT}/torvalds/linux.git' and c.git_repository_branch = 'master')
          then 'mainline' end,
        case when bool_or(c.git_repository_url = '${GIT}/stable/linux.git' and c.git_repository_branch is not null)
          then 'stable' end,
        case when bool_or(c.git_repository_url = '${GIT}/next/linux-next.git'
            and c.git_repository_branch in ('master', 'pending-fixes'))
          then 'linux-next' end], null) as tags
    from (
      select distinct c.tree_name, c.git_repository_url, c.git_repository_branch
      from (
        select distinct (select b.checkout_id from builds b where b.id = built.build_id) as id
        from (
          select distinct seen.build_id
          from incidents n
          ${BUILDS_OF_INCIDENT.text}
          where n.issue_id = i.id and n.issue_version = i.version and n.present is not false
        ) built
      ) checkout
      cross join lateral (
        select c.tree_name, c.git_repository_url, c.git_repository_branch
        from checkouts c where c.id = checkout.id offset 0
      ) c
    ) c
  )`);

/**
 * A statement that gives one value, the extras of issue versions, as JSON; NULL when none of the issues has an incident.
 *
 * @param requested selects ids, versions and the texts under which the versions are answered, without duplicates
 */
export function issueExtras(requested: Statement): Statement {
  return sql`
    select json_object_agg(issue.id, json_build_object(
        'first_incident', first_incident.body, 'last_incident', last_incident.body, 'versions', issue.versions)
      order by issue.id collate "C")
    from (
      select requested.id, json_object_agg(requested.name, found.body order by requested.version) as versions
      from (${requested}) requested (id, version, name)
      left join lateral (
        select json_build_object('id', i.id, 'version', i.version, 'trees', seen.trees, 'tags', seen.tags) as body
        from issues i
        cross join lateral ${TREES_AND_TAGS} seen
        where i.id = requested.id and i.version = requested.version
      ) found on true
      group by requested.id
    ) issue
    cross join lateral ${incidentOf("issue.id", "first")} first_incident
    cross join lateral ${incidentOf("issue.id", "last")} last_incident`;
}

/** A version of an issue as a request names it. */
export interface RequestedVersion {
  id: string;
  version: number;
}

/**
 * The answer of `/api/issue/extras/` (chapter 06, section 3.2) as JSON text.
 *
 * @returns undefined when none of the issues has an incident
 */
export function requestedExtras(
  pool: Pool,
  versions: readonly RequestedVersion[],
): Promise<string | undefined> {
  // The lists are bound side by side, and an id with a NUL would be missing in one of them.
  const requested = versions.filter(({ id }) => !id.includes("\0"));
  const ids = requested.map(({ id }) => id);
  const storable = requested.map(({ version }) => storableVersion(version));
  const names = requested.map(({ version }) => BigInt(version).toString());
  // Behind a subquery the planner does not know how long the lists are: or it would make a plan for each request.
  const rows = sql`
    select distinct *
    from unnest((select ${ids}::text[]), (select ${storable}::bigint[]), (select ${names}::text[]))
      requested (id, version, name)`;
  return queryBody(
    pool,
    "issue_extras",
    sql`select json_build_object('issues', extras)::text as body
        from (${issueExtras(rows)}) answer (extras)
        where extras is not null`,
  );
}

const GREATEST_VERSION = 2 ** 31 - 1;

/** A version that fits PostgreSQL's bigint: one that no issue can have becomes another such. */
export function storableVersion(version: number): number {
  return Math.max(-GREATEST_VERSION - 2, Math.min(version, GREATEST_VERSION + 1));
}
