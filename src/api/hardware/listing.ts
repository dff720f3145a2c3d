/** The hardware listing (chapter 05, section 4). */
import type { Pool } from "../../database/pool.ts";
import { raw, sql, type Statement } from "../../database/sql.ts";
import { queryBody } from "../query.ts";
import { checkoutTime, headCommits, type Window } from "./heads.ts";
import { UNITED_COMPATIBLES } from "./platforms.ts";

const COUNTERS = ["build", "boot", "test"].flatMap((what) =>
  ["pass", "failed", "inc"].map((result) => `${what}_${result}`),
);

/** Counters of adopted rows may be negative. */
function statusCount(what: string): string {
  return `json_build_object('PASS', greatest(p.${what}_pass, 0), 'FAIL', greatest(p.${what}_failed, 0), 'INCONCLUSIVE', greatest(p.${what}_inc, 0))`;
}

const ITEM = raw(`json_build_object(
    'hardware', u.hardware,
    'platform', p.platform,
    'test_status_summary', ${statusCount("test")},
    'boot_status_summary', ${statusCount("boot")},
    'build_status_summary', ${statusCount("build")})`);

const SUMS = raw(COUNTERS.map((name) => `sum(${name}) as ${name}`).join(", "));

/**
 * The platforms of the rows of `used`, checkouts with columns `checkout_id` and `checkout_time`, that tests of an
 * origin ran on. Rows are looked up checkout by checkout, by index hw_status_checkout_id, and not by their origin too,
 * for which the planner would read all rows of the origin each time.
 *
 * Few lists of compatibles differ, so equal ones are folded, under the newest checkout that has them, before they are
 * taken apart.
 */
function platformsOf(used: Statement, origin: string): Statement {
  return sql`
    with ${used}, aged as (
      select checkout_id, row_number() over (order by checkout_time desc, checkout_id collate "C") as age from used
    ), lists as (
      select s.platform, s.compatibles, min(a.age) as place, ${SUMS}
      from aged a
      cross join lateral (select h.* from hardware_status h where h.checkout_id = a.checkout_id offset 0) s
      where s.test_origin = ${origin}
      group by s.platform, s.compatibles
    ), platforms as (
      select platform, ${SUMS} from lists group by platform
    )
    select json_build_object('hardware', json_agg(${ITEM} order by p.platform collate "C"))::text as body
    from platforms p
    left join (${UNITED_COMPATIBLES}) u on u.platform = p.platform
    having count(*) > 0`;
}

/** The checkouts inside the window of the newest commit that each tree line has there. */
function checkoutsOfHeads(window: Window): Statement {
  return sql`${headCommits(window)}, used as (
      select checkout_id, checkout_time from head_checkouts
      where checkout_time between ${window.start}::timestamptz and ${window.end}::timestamptz
    )`;
}

/** All checkouts inside the window with one of these hashes or tags; the window is no way to find so few of them. */
function checkoutsOfCommits({ start, end }: Window, commits: string[]): Statement {
  return sql`
    named as (
      -- index checkouts_commit_hash
      (select c.id, ${checkoutTime("c")} as time from checkouts c
      where c.git_commit_hash = any(${commits}::text[]) offset 0)
      union
      -- index checkouts_commit_tags
      (select c.id, ${checkoutTime("c")} from checkouts c
      where c.git_commit_tags && ${commits}::text[] offset 0)
    ), used as (
      select id as checkout_id, time as checkout_time from named
      where time between ${start}::timestamptz and ${end}::timestamptz
    )`;
}

/**
 * The platforms that the commits of a window were tested on, as JSON text.
 *
 * @param origin of the tests
 * @param commits hashes and tags; when there is none, the newest commit of each tree
 * @returns undefined when there is no platform
 */
export function hardwareListing(
  pool: Pool,
  window: Window,
  origin: string,
  commits: string[],
): Promise<string | undefined> {
  return commits.length === 0
    ? queryBody(pool, "hardware_listing", platformsOf(checkoutsOfHeads(window), origin))
    : queryBody(
        pool,
        "hardware_listing_of_commits",
        platformsOf(checkoutsOfCommits(window, commits), origin),
      );
}
