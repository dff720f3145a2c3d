/** Rows for tests: of one branch, with times in hours before now. */
import type { Pool } from "../../src/database/pool.ts";

export type Row = Record<string, unknown>;

export const URL = "https://git.example.org/tt.git";

const NOW = Date.now();

/** The same for the same hours, within a test file. */
export const hoursAgo = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString();

/** Rows of a table; columns that a row lacks are NULL. */
export async function insertRows(pool: Pool, table: string, rows: Row[]): Promise<void> {
  await pool.query(
    `insert into ${table} (${columns(rows)}) select ${columns(rows)} from json_populate_recordset(null::${table}, $1)`,
    [JSON.stringify(rows)],
  );
}
const columns = (rows: Row[]): string => [...new Set(rows.flatMap((row) => Object.keys(row)))].join(", ");

export function checkout(id: string, hash: string | null, hours: number, more: Row = {}): Row {
  return {
    id,
    origin: "maestro",
    tree_name: "tt",
    git_repository_url: URL,
    git_repository_branch: "br/x",
    git_commit_hash: hash,
    start_time: hoursAgo(hours),
    _timestamp: hoursAgo(hours),
    ...more,
  };
}

export function build(id: string, checkoutId: string, hours: number | null, more: Row = {}): Row {
  return {
    id,
    checkout_id: checkoutId,
    origin: "maestro",
    config_name: "defconfig",
    architecture: "arm64",
    compiler: "gcc-12",
    status: "PASS",
    start_time: hours === null ? null : hoursAgo(hours),
    ...more,
  };
}

export function test(
  id: string,
  buildId: string,
  hours: number | null,
  status: string | null,
  more: Row = {},
): Row {
  return {
    id,
    build_id: buildId,
    origin: "maestro",
    status,
    start_time: hours === null ? null : hoursAgo(hours),
    environment_misc: { platform: "rpi4" },
    ...more,
  };
}

export function issue(id: string, version: number, hours: number | null, more: Row = {}): Row {
  return {
    id,
    version,
    origin: "maestro",
    _timestamp: hours === null ? null : hoursAgo(hours),
    comment: `comment of ${id}`,
    ...more,
  };
}

/** An incident of an issue version on a build or a test. */
export function incident(
  id: string,
  [issueId, version]: readonly [id: string, version: number],
  on: { build_id?: string; test_id?: string },
  more: Row = {},
): Row {
  return { id, origin: "maestro", issue_id: issueId, issue_version: version, present: true, ...on, ...more };
}

/** All seven counters. */
export function counts(more: Record<string, number> = {}): Record<string, number> {
  return { PASS: 0, ERROR: 0, FAIL: 0, SKIP: 0, MISS: 0, DONE: 0, NULL: 0, ...more };
}
