/** Tests of a reported commit whose status changed lately (chapter 04, section 11). */
import { isoTimestamp, jsonTextMember, normalStatus } from "../../database/json.ts";
import { named, raw, sql } from "../../database/sql.ts";
import type { Pool } from "../../database/pool.ts";
import { halfBy, type Half } from "../items/tables.ts";
import type { ReportedCommit, ReportScope } from "./commit.ts";

/** JSON texts: platform, then config, then architecture and compiler, then path, then the runs, newest first. */
export interface ChangedTests {
  possible_regressions: string;
  fixed_regressions: string;
  unstable_tests: string;
}

export interface HistoryOptions {
  /** SQL LIKE patterns of which a path has to match one; undefined for all tests. */
  paths: string[] | undefined;
  /** How many runs of a test are looked at. */
  groupSize: number;
}

/**
 * What a series of results says, as SQL: the rule of `classifyHistory` in src/api/test, for thousands of tests at once.
 *
 * @param statuses SQL, an array of normal statuses, newest first, not empty
 */
export function regressionType(statuses: string): string {
  const changedOnce = (newest: string, before: string): string =>
    `${statuses}[1] = '${newest}' and array_position(${statuses}, '${newest}', array_position(${statuses}, '${before}')) is null`;
  return `case when not ${statuses} <@ array['PASS', 'FAIL'] then 'unstable'
      when 'FAIL' <> all (${statuses}) then 'pass'
      when 'PASS' <> all (${statuses}) then 'fail'
      when ${changedOnce("FAIL", "PASS")} then 'regression'
      when ${changedOnce("PASS", "FAIL")} then 'fixed'
      else 'unstable' end`;
}

/** A value, or what stands where there is none. */
function orUnknown(expression: string, what: string): string {
  return `coalesce(nullif(${expression}, ''), 'unknown ${what}')`;
}

/** Blanks, brackets and quotes around a compiler or architecture are no part of it. */
function trimmed(column: string): string {
  return `btrim(${column}, ' []''')`;
}

const TOOLCHAIN = `${orUnknown(trimmed("b.architecture"), "architecture")} || '/' || ${orUnknown(trimmed("b.compiler"), "compiler")}`;

/** PostgreSQL refuses a pattern that ends within an escape; a backslash there means itself. */
function completePattern(pattern: string): string {
  const backslashes = /\\*$/.exec(pattern)?.[0].length ?? 0;
  return backslashes % 2 === 1 ? `${pattern}\\` : pattern;
}

/** Toolchains of one platform and config, as JSON text without the braces around them. */
interface ConfigRow {
  type: "regression" | "fixed" | "unstable";
  platform: string;
  config: string;
  toolchains: string;
}

/**
 * The tests that the commit ran last, of which not all of the latest runs ended alike. Two statements at once look at
 * half of the configs and toolchains each.
 */
export async function changedTests(
  pool: Pool,
  scope: ReportScope,
  commit: ReportedCommit,
  options: HistoryOptions,
): Promise<ChangedTests> {
  const halves = await Promise.all([
    changedInHalf(pool, scope, commit, options, 0),
    changedInHalf(pool, scope, commit, options, 1),
  ]);
  const rows = halves.flat();
  return {
    possible_regressions: byPlatform(rows, "regression"),
    fixed_regressions: byPlatform(rows, "fixed"),
    unstable_tests: byPlatform(rows, "unstable"),
  };
}

/** A JSON object of the platforms with tests of a type. */
function byPlatform(rows: ConfigRow[], wanted: ConfigRow["type"]): string {
  const platforms = new Map<string, Map<string, string[]>>();
  for (const { type, platform, config, toolchains } of rows) {
    if (type !== wanted) continue;
    const configs = platforms.get(platform) ?? new Map<string, string[]>();
    configs.set(config, [...(configs.get(config) ?? []), toolchains]);
    platforms.set(platform, configs);
  }
  return objectText(platforms, (configs) => objectText(configs, (toolchains) => `{${toolchains.join(",")}}`));
}

function objectText<T>(entries: Map<string, T>, text: (value: T) => string): string {
  return `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${text(value)}`).join(",")}}`;
}

async function changedInHalf(
  pool: Pool,
  { origin, url, branch }: ReportScope,
  { hash, since, newest }: ReportedCommit,
  { paths, groupSize }: HistoryOptions,
  half: Half,
): Promise<ConfigRow[]> {
  const patterns = paths?.map(completePattern) ?? null;
  const { rows } = await pool.query<ConfigRow>(
    named(
      "tree_report_history",
      // Index checkouts_git_branch or checkouts_git_url, then builds_checkout_id and tests_build_id row by row: what is
      // read grows with the window, not with the tables.
      sql`
        with branch_builds as (
          select * from (
            select b.*, dense_rank() over (order by config, toolchain) as kind
            from checkouts c
            cross join lateral (
              select b.id, b.start_time, c.git_commit_hash is not distinct from ${hash} as is_reported,
                ${raw(orUnknown("b.config_name", "config"))} as config, ${raw(TOOLCHAIN)} as toolchain
              from builds b
              where b.checkout_id = c.id
              offset 0
            ) b
            where b.start_time >= ${since}::timestamptz and c.git_repository_url = ${url}
              and c.git_repository_branch = ${branch}
              and coalesce(c.start_time, c._timestamp) between ${since}::timestamptz and ${newest}::timestamptz
          ) b
          where ${raw(halfBy(["config", "toolchain"]))} = ${half}::integer
        ), runs as (
          select b.is_reported, b.kind, b.config, b.toolchain, t.*,
            hashtextextended(t.path, hashtextextended(t.platform, 0)) as hash
          from branch_builds b
          cross join lateral (
            select ${raw(jsonTextMember("t.environment_misc", "platform"))} as platform,
              ${raw(orUnknown("t.path", "path"))} as path, t.id, t.start_time, ${raw(normalStatus("t.status"))} as status,
              t._timestamp
            from tests t
            where t.build_id = b.id and t.origin = ${origin} and t.start_time >= ${since}::timestamptz
              and (${patterns}::text[] is null or coalesce(t.path, '') like any (${patterns}::text[]))
            offset 0
          ) t
          where t.platform not in ('Unknown', 'kubernetes')
        ), series as (
          -- The aggregates take the rows in the order of the subquery: sorted once, not for each group and aggregate, and
          -- by numbers first, which is a lot faster than by texts.
          select platform, config, toolchain, path,
            (array_agg(status))[:${groupSize}::integer] as statuses,
            (array_agg(id))[:${groupSize}::integer] as ids,
            (array_agg(start_time))[:${groupSize}::integer] as start_times
          from (
            select * from runs
            order by hash, kind, path, platform, config, toolchain,
              start_time desc, _timestamp desc nulls last, id collate "C"
          ) runs
          group by hash, kind, path, platform, config, toolchain
          having (array_agg(is_reported))[1] and min(status) <> max(status)
        ), changed as (
          select platform, config, toolchain, path, ${raw(regressionType("statuses"))} as type, shown.runs
          from series
          cross join lateral (
            select json_agg(json_build_object('id', id, 'start_time', ${raw(isoTimestamp("start_time"))},
              'status', nullif(status, 'NULL')) order by place) as runs
            from unnest(ids, start_times, statuses) with ordinality run (id, start_time, status, place)
          ) shown
          where statuses[1] <> any (statuses)
        ), by_toolchain as (
          select platform, config, toolchain, type, json_object_agg(path, runs) as paths
          from changed
          group by platform, config, toolchain, type
        )
        select platform, config, type, string_agg(to_json(toolchain)::text || ':' || paths::text, ',') as toolchains
        from by_toolchain
        where type in ('regression', 'fixed', 'unstable')
        group by platform, config, type`,
    ),
  );
  return rows;
}
