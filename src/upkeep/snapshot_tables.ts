/**
 * The members of a snapshot archive: their tables, columns in order, and which rows are in a window (chapter 01, section
 * 1.11, and chapter 08, section 4.6).
 */

export const SNAPSHOT_TABLES = [
  "issues",
  "checkouts",
  "builds",
  "tests",
  "incidents",
  "latest_checkout",
  "hardware_status",
  "tree_listing",
  "tree_tests_rollup",
] as const;
export type SnapshotTable = (typeof SNAPSHOT_TABLES)[number];

/** How a column's values are written in an archive. */
export type ColumnKind = "text" | "time" | "boolean" | "array";

export interface SnapshotColumn {
  name: string;
  kind: ColumnKind;
}

interface Definition {
  /** In messages. */
  label: string;
  columns: SnapshotColumn[];
  /** The column that is held against the window and that the rows are ordered by, if there is one. */
  time?: string;
  /** The column that `--origins` is about. */
  origin: string;
  /** Orders rows of one time. */
  id: string;
  /** Rows that belong to others of the archive, with `--related-data-only`. */
  related?: string;
  /** Counted from other rows: `--end-interval` makes them disagree with these. */
  isAggregate: boolean;
}

const TIMES = ["_timestamp", "start_time", "origin_builds_finish_time", "origin_tests_finish_time"];
const BOOLEANS = [
  "culprit_code",
  "culprit_tool",
  "culprit_harness",
  "valid",
  "git_repository_branch_tip",
  "present",
  "issue_uncategorized",
  "is_boot",
];
const ARRAYS = ["categories", "git_commit_tags", "environment_compatible", "compatibles"];

function columns(list: string): SnapshotColumn[] {
  return list.split(/,\s*/).map((name) => ({
    name,
    kind: TIMES.includes(name)
      ? "time"
      : BOOLEANS.includes(name)
        ? "boolean"
        : ARRAYS.includes(name)
          ? "array"
          : "text",
  }));
}

const COUNTERS = ["build", "boot", "test"]
  .map((what) => `${what}_pass, ${what}_failed, ${what}_inc`)
  .join(", ");

/** The row of `table` with an id is in the window. Parameters as in `windowOf`. */
const inWindow = (table: string, id: string): string =>
  `exists (select from ${table} p where p.id = ${id} and p._timestamp between $1 and $2)`;

const ROW = { time: "_timestamp", origin: "origin", id: "id", isAggregate: false };
const AGGREGATE = { time: "start_time", origin: "origin", id: "checkout_id", isAggregate: true };

export const DEFINITIONS: Record<SnapshotTable, Definition> = {
  issues: {
    ...ROW,
    label: "Issues",
    columns: columns(
      "_timestamp, id, version, origin, report_url, report_subject, culprit_code, culprit_tool, culprit_harness, comment, misc, categories",
    ),
  },
  checkouts: {
    ...ROW,
    label: "Checkouts",
    columns: columns(
      "_timestamp, id, origin, tree_name, git_repository_url, git_commit_hash, git_commit_name, git_repository_branch, patchset_files, patchset_hash, message_id, comment, start_time, log_url, log_excerpt, valid, misc, git_commit_message, git_repository_branch_tip, git_commit_tags, origin_builds_finish_time, origin_tests_finish_time",
    ),
  },
  builds: {
    ...ROW,
    label: "Builds",
    columns: columns(
      "_timestamp, checkout_id, id, origin, comment, start_time, duration, architecture, command, compiler, input_files, output_files, config_name, config_url, log_url, log_excerpt, misc, status",
    ),
    related: inWindow("checkouts", "r.checkout_id"),
  },
  tests: {
    ...ROW,
    label: "Tests",
    columns: columns(
      "_timestamp, build_id, id, origin, environment_comment, environment_misc, path, comment, log_url, log_excerpt, status, start_time, duration, output_files, misc, number_value, environment_compatible, number_prefix, number_unit, input_files",
    ),
    related: inWindow("builds", "r.build_id"),
  },
  incidents: {
    ...ROW,
    label: "Incidents",
    columns: columns(
      "_timestamp, id, origin, issue_id, issue_version, build_id, test_id, present, comment, misc",
    ),
    related: "exists (select from issues p where p.id = r.issue_id and p.version = r.issue_version)",
  },
  latest_checkout: {
    ...AGGREGATE,
    label: "LatestCheckout",
    columns: columns("checkout_id, origin, tree_name, git_repository_url, git_repository_branch, start_time"),
  },
  hardware_status: {
    ...AGGREGATE,
    label: "HardwareStatus",
    origin: "test_origin",
    columns: columns(`checkout_id, test_origin, platform, compatibles, start_time, ${COUNTERS}`),
  },
  tree_listing: {
    ...AGGREGATE,
    label: "TreeListing",
    columns: columns(
      `checkout_id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash, git_commit_name, git_commit_tags, start_time, ${COUNTERS}`,
    ),
  },
  tree_tests_rollup: {
    label: "TreeTestsRollup",
    origin: "origin",
    id: "id",
    isAggregate: true,
    columns: columns(
      "origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash, path_group, build_config_name, build_architecture, build_compiler, hardware_key, test_platform, test_lab, test_origin, issue_id, issue_version, issue_uncategorized, is_boot, pass_tests, fail_tests, skip_tests, error_tests, miss_tests, done_tests, null_tests, total_tests",
    ),
  },
};

/** Of a rollup row: a checkout of its commit is in the window. */
const ROLLUP_WINDOW = `exists (
    -- index checkouts_commit_hash
    select from checkouts c
    where c.git_commit_hash is not distinct from r.git_commit_hash and c.origin = r.origin
      and (c.tree_name, c.git_repository_branch, c.git_repository_url)
        is not distinct from (r.tree_name, r.git_repository_branch, r.git_repository_url)
      and c.start_time between $1 and $2)`;

/** The condition for rows `r` of a table. Parameters: 1 and 2 the window, 3 the origins or NULL. */
export function windowOf(table: SnapshotTable, relatedOnly: boolean): string {
  const { time, origin, related } = DEFINITIONS[table];
  const conditions = [
    time === undefined ? ROLLUP_WINDOW : `r.${time} between $1 and $2`,
    `($3::text[] is null or r.${origin} = any($3))`,
    ...(relatedOnly && related !== undefined ? [related] : []),
  ];
  return conditions.join(" and ");
}
