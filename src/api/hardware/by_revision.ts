/** The platforms that one revision of a tree was tested on (chapter 05, section 5). */
import { normalStatus } from "../../database/json.ts";
import type { Pool } from "../../database/pool.ts";
import { raw, sql } from "../../database/sql.ts";
import { IS_BOOT, IS_DUMMY_BUILD } from "../items/values.ts";
import { queryBody } from "../query.ts";
import { STATUSES } from "../shapes.ts";
import { checkoutTime } from "./heads.ts";
import { PLATFORM, UNITED_COMPATIBLES } from "./platforms.ts";

export interface Revision {
  tree_name: string;
  git_repository_url: string;
  git_repository_branch: string;
  git_commit_hash: string;
}

const KINDS = ["build", "boot", "test"];

const COUNTS = raw(
  KINDS.flatMap((kind) =>
    STATUSES.map(
      (status) =>
        `coalesce(sum(items) filter (where kind = '${kind}' and status = '${status}'), 0) as "${kind}_${status}"`,
    ),
  ).join(",\n        "),
);

function statusCount(kind: string): string {
  return `json_build_object(${STATUSES.map((status) => `'${status}', p."${kind}_${status}"`).join(", ")})`;
}

const ITEM = raw(`json_build_object(
    'hardware', u.hardware,
    'platform', p.platform,
    'test_status_summary', ${statusCount("test")},
    'boot_status_summary', ${statusCount("boot")},
    'build_status_summary', ${statusCount("build")})`);

/**
 * The platforms as JSON text, an empty list when there is none. Counted are builds, boots and tests, each once.
 *
 * Checkouts, builds and tests are looked up one below the other by indexes checkouts_commit_hash,
 * builds_checkout_id_e340e47e and tests_build_id_551a24f9.
 *
 * @param origin of the tests
 */
export async function hardwareByRevision(pool: Pool, origin: string, revision: Revision): Promise<string> {
  const statement = sql`
    with revision as (
      select c.id, row_number() over (order by ${checkoutTime("c")} desc nulls last, c.id collate "C") as age
      from checkouts c
      where c.git_commit_hash = ${revision.git_commit_hash} and c.tree_name = ${revision.tree_name}
        and c.git_repository_url = ${revision.git_repository_url}
        and c.git_repository_branch = ${revision.git_repository_branch}
    ), tested as materialized (
      select r.age, b.id as build_id, ${raw(normalStatus("b.status"))} as build_status,
        ${raw(IS_DUMMY_BUILD)} as of_dummy,
        t.id, t.kind, t.status, t.platform, t.compatibles
      from revision r
      cross join lateral (select b.id, b.status from builds b where b.checkout_id = r.id offset 0) b
      cross join lateral (
        select t.id, ${raw(normalStatus("t.status"))} as status, ${PLATFORM} as platform,
          t.environment_compatible as compatibles,
          case when ${raw(IS_BOOT)} then 'boot' else 'test' end as kind
        from tests t
        where t.build_id = b.id and t.origin = ${origin}
        offset 0
      ) t
      where t.platform is not null
    ), platforms as (
      select platform, ${COUNTS}
      from (
        select platform, kind, status, count(*) as items from tested group by platform, kind, status
        union all
        select platform, 'build', build_status, count(distinct build_id)
        from tested
        where not of_dummy
        group by platform, build_status
      ) counted
      group by platform
    ), lists as (
      -- those of one checkout in the order of the ids of the first tests that have them
      select platform, compatibles, row_number() over (order by age, first_id) as place
      from (
        select platform, compatibles, age, min(id collate "C") as first_id
        from tested
        where compatibles is not null
        group by platform, compatibles, age
      ) groups
    )
    select json_build_object(
      'hardware', coalesce(json_agg(${ITEM} order by p.platform collate "C"), '[]'::json)
    )::text as body
    from platforms p
    left join (${UNITED_COMPATIBLES}) u on u.platform = p.platform`;
  return (await queryBody(pool, "hardware_by_revision", statement)) ?? "";
}
