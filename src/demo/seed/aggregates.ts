/**
 * The derived rows of the test data (chapter 08, section 7.7), computed from its rows. Where the test suite's numbers
 * follow from other rules than those of chapter 02, section 19, this says so.
 */
import type { Client } from "../../database/pool.ts";
import { COUNTERS, COUNTED_TESTS } from "../../rollups/facts.ts";
import { expectedHardwareStatus } from "../../rollups/hardware_status.ts";
import { expectedLatestCheckout } from "../../rollups/latest_checkout.ts";
import { COMMIT_COUNTERS, expectedTreeListing } from "../../rollups/tree_listing.ts";

/** The checkouts whose rows are counted; the statement's only parameter. */
const SCOPE = "select unnest($1::text[])";

/** Columns that a query gives and a table takes, and the query. */
function insertion(table: string, columns: string, query: string): string {
  return `insert into ${table} (${columns}) select ${columns} from (${query}) expected`;
}

const TREE = "origin, tree_name, git_repository_url, git_repository_branch";

const FILL_LATEST_CHECKOUT = insertion(
  "latest_checkout",
  `checkout_id, start_time, ${TREE}`,
  expectedLatestCheckout(SCOPE),
);

const FILL_HARDWARE_STATUS = insertion(
  "hardware_status",
  `checkout_id, test_origin, platform, compatibles, compatibles_test_id, start_time, ${COUNTERS.join(", ")}`,
  expectedHardwareStatus(SCOPE),
);

const FILL_TREE_LISTING = insertion(
  "tree_listing",
  `checkout_id, ${TREE}, git_commit_hash, git_commit_name, git_commit_tags, start_time, ${COMMIT_COUNTERS.join(", ")}`,
  expectedTreeListing(SCOPE),
);

const STATUSES = ["pass", "fail", "skip", "error", "miss", "done"];
const ROLLUP_KEY = `${TREE}, git_commit_hash, path_group, build_config_name, build_architecture, build_compiler,
  hardware_key, test_platform, test_lab, test_origin, issue_id, issue_version, issue_uncategorized, is_boot`;

/**
 * Two rules are the test data's own. Its compilers are texts of lists, of which a bucket has the first item. And the
 * issue of a test is that of its first incident, also of one that says that the issue is absent: the suite's 21
 * buckets count on it.
 */
const FILL_TREE_TESTS_ROLLUP = `
  insert into tree_tests_rollup (${ROLLUP_KEY}, ${STATUSES.map((name) => `${name}_tests`).join(", ")}, null_tests, total_tests)
  select ${ROLLUP_KEY},
    ${STATUSES.map((name) => `count(*) filter (where status = '${name.toUpperCase()}')`).join(", ")},
    count(*) filter (where status is null), count(*)
  from (
    select ${TREE}, git_commit_hash, path_group, build_config_name, build_architecture,
      substring(build_compiler from '''([^'']*)''') as build_compiler,
      hardware_key, test_platform, test_lab, test_origin, first.issue_id, first.issue_version,
      first.issue_id is null and status = 'FAIL' as issue_uncategorized, is_boot, status
    from (${COUNTED_TESTS} where c.id in (${SCOPE})) counted
    left join lateral (
      -- index incidents_first_of_test
      select incident.issue_id, incident.issue_version from incidents incident
      where incident.test_id = counted.test_id
      order by incident._timestamp, incident.id collate "C" limit 1
    ) first on true
  ) tests
  group by ${ROLLUP_KEY}`;

/**
 * Fills latest_checkout, and hardware_status from the tests that there are; to be run before the fillers of the
 * incidents are there, because the newest checkout of their tree would be one of them.
 *
 * @param checkoutIds the checkouts that count
 * @returns the numbers of rows
 */
export async function fillHeadsAndHardware(
  client: Client,
  checkoutIds: string[],
): Promise<{ latestCheckouts: number; hardwareStatuses: number }> {
  return {
    latestCheckouts: await fill(client, FILL_LATEST_CHECKOUT, checkoutIds),
    hardwareStatuses: await fill(client, FILL_HARDWARE_STATUS, checkoutIds),
  };
}

/** Fills tree_tests_rollup, when the incidents are there. @returns the number of rows */
export function fillTreeTestsRollup(client: Client, checkoutIds: string[]): Promise<number> {
  return fill(client, FILL_TREE_TESTS_ROLLUP, checkoutIds);
}

/** Fills tree_listing, which the test data leaves empty unless it is asked for. @returns the number of rows */
export function fillTreeListing(client: Client, checkoutIds: string[]): Promise<number> {
  return fill(client, FILL_TREE_LISTING, checkoutIds);
}

async function fill(client: Client, statement: string, checkoutIds: string[]): Promise<number> {
  const { rowCount } = await client.query(statement, [checkoutIds]);
  return rowCount ?? 0;
}
