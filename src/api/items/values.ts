/**
 * Builds, boots and tests as items: what a stored row says, normalised (chapter 03, section 1.4). SQL expressions over
 * a raw row of `builds b` or `tests t`; all counting, listing and filtering is done on these values.
 */
import { raw, sql, type Statement } from "../../database/sql.ts";
import { letsAllPass, type Filters } from "../../filters/filters.ts";
import {
  finiteNumber,
  isoTimestamp,
  normalStatus,
  objectWithPlatform,
  textArray,
} from "../../database/json.ts";

/** A text, or `Unknown` where there is none. */
function known(expression: string): string {
  return `coalesce(nullif(${expression}, ''), 'Unknown')`;
}

/** Blanks, brackets and quotes around a compiler or architecture are no part of it. */
function trimmed(column: string): string {
  return known(`btrim(${column}, ' []''')`);
}

/** A member of a JSON object that is a text, or `Unknown`. */
function textMember(column: string, member: string): string {
  return `case when jsonb_typeof(${column} -> '${member}') = 'string' then ${known(`${column} ->> '${member}'`)} else 'Unknown' end`;
}

/** A build that only exists so that tests without a build have a parent: no item itself. */
export const IS_DUMMY_BUILD = "starts_with(b.id, 'maestro:dummy_')";

/** A boot; all other tests, those without a path among them, are tests. */
export const IS_BOOT = "coalesce(t.path = 'boot' or starts_with(t.path, 'boot.'), false)";

/** Columns of an item of `builds b`, as a `select` list. */
export const BUILD_VALUES = `b.id, b.origin, b.start_time, b._timestamp, ${IS_DUMMY_BUILD} as is_dummy,
      ${normalStatus("b.status")} as status, ${finiteNumber("b.duration")} as duration,
      ${trimmed("b.architecture")} as architecture, ${trimmed("b.compiler")} as compiler,
      ${known("b.config_name")} as config,
      ${textMember("b.misc", "platform")} as platform, ${textMember("b.misc", "lab")} as lab,
      coalesce(jsonb_typeof(b.misc) = 'object', false) as has_misc`;

/** The columns that only lists show. */
export const BUILD_LIST_VALUES = "b.misc, b.config_url, b.log_url";

/** Failed so that a reason is asked for. */
export const FAILING = "('ERROR', 'FAIL', 'MISS')";

const ERROR_MESSAGE = "t.misc -> 'error_msg'";
const NO_REASON = "unknown error";

/** Why a test failed: a text as it is, another value as JSON text, unless it says nothing. NULL unless it failed. */
const FAIL_REASON = `case when upper(t.status) in ${FAILING} then
        case when jsonb_typeof(${ERROR_MESSAGE}) = 'string' then coalesce(nullif(t.misc ->> 'error_msg', ''), '${NO_REASON}')
          when ${ERROR_MESSAGE} in ('null', 'false', '0', '[]', '{}') then '${NO_REASON}'
          else coalesce(t.misc ->> 'error_msg', '${NO_REASON}') end end`;

const PLATFORM = textMember("t.environment_misc", "platform");

/** What a test is counted under on trees: the first of its hardware names. */
const HARDWARE_KEY = `case when t.environment_compatible is null then ${PLATFORM}
        when t.environment_compatible[array_lower(t.environment_compatible, 1)] <> ''
          then t.environment_compatible[array_lower(t.environment_compatible, 1)]
        else coalesce((select name from unnest(t.environment_compatible) with ordinality as names (name, place)
          where name <> '' order by place limit 1), ${PLATFORM}) end`;

/** Values of a test that take time to find out. */
export type TestValue = "compatible" | "hardware" | "duration" | "path" | "platform" | "lab" | "reason";

/**
 * Columns of an item of `tests t`, as a `select` list.
 *
 * @param shown the values that are shown; others are there only where a filter asks for them, and constants elsewhere
 */
export function testValues(filters: Filters, shown: readonly TestValue[]): Statement {
  const value = (name: TestValue, expression: string, otherwise: string): Statement => {
    if (shown.includes(name)) return sql`${raw(expression)}`;
    if (letsAllPass(filters)) return sql`${raw(otherwise)}`;
    return sql`case when ${asksFor(name, filters)}::boolean then ${raw(expression)} else ${raw(otherwise)} end`;
  };
  return sql`t.id, t.build_id, t.origin, t.start_time, t._timestamp, ${raw(IS_BOOT)} as is_boot,
      ${raw(normalStatus("t.status"))} as status,
      ${value("compatible", "t.environment_compatible", "null::text[]")} as compatible,
      ${value("duration", finiteNumber("t.duration"), "null::float8")} as duration,
      ${value("path", known("t.path"), "null::text")} as path,
      ${value("platform", PLATFORM, "null::text")} as platform,
      ${value("hardware", HARDWARE_KEY, "null::text")} as hardware_key,
      ${value("lab", textMember("t.misc", "runtime"), "null::text")} as lab,
      ${value("reason", FAIL_REASON, "null::text")} as fail_reason`;
}

function asksFor(value: TestValue, { hardware, labs, boots, tests }: Filters): boolean {
  const filters: Record<TestValue, unknown[]> = {
    compatible: [hardware],
    hardware: [],
    duration: [boots.minDuration, boots.maxDuration, tests.minDuration, tests.maxDuration],
    path: [boots.path, tests.path],
    platform: [hardware, boots.platforms, tests.platforms],
    lab: [labs],
    reason: [],
  };
  return filters[value].some((filter) => filter !== undefined);
}

/** The columns that only lists show. */
export const TEST_LIST_VALUES = "t.path as stored_path, t.environment_misc, t.log_url";

/*
 * What lists show of an item, as `select` lists: rows become JSON faster than calls of json_build_object, and compactly.
 */

const BUILD_COLUMNS = `b.id, b.origin, b.architecture, b.config as config_name, b.config_url, b.compiler, b.status, b.duration,
      b.log_url, ${isoTimestamp("b.start_time")} as start_time, b.git_repository_url, b.git_repository_branch`;

/** A build of a tree: chapter 04, section 6.3. */
export const TREE_BUILD = `${BUILD_COLUMNS}, ${objectWithPlatform("b.misc")} as misc`;

/** A build of a piece of hardware: chapter 05, section 9.1. */
export const HARDWARE_BUILD = `${BUILD_COLUMNS}, b.tree_name,
      case jsonb_typeof(b.misc) when 'object' then b.misc when 'array' then b.misc end as misc,
      case when b.known is not null then b.newest_issue_id when b.status = 'FAIL' then 'Uncategorized' end as issue_id,
      b.newest_issue_version as issue_version`;

const TEST_COLUMNS = `t.id, t.origin, t.status, t.duration, ${isoTimestamp("t.start_time")} as start_time,
      ${textArray("t.compatible")} as environment_compatible, t.config, t.log_url, t.architecture, t.compiler, t.lab`;

/**
 * What lists show of a test: `item`, as an item of `from` behind test_items t. The environment is the platform, as a row of
 * its own, because that becomes JSON faster than a call of jsonb_build_object; or all that is stored, with the platform.
 */
function testItem(columns: string, fullEnvironment: boolean): string {
  const environment = fullEnvironment
    ? `case when jsonb_typeof(t.environment_misc) = 'object' then t.environment_misc else '{}' end
        || jsonb_build_object('platform', t.platform)`
    : "shown";
  return `cross join lateral (select t.platform) shown
        cross join lateral (select ${TEST_COLUMNS}, ${columns}, ${environment} as environment_misc) item`;
}

/** A boot or test of a tree: chapter 04, section 6.4. */
export function treeTest(fullEnvironment: boolean): string {
  return testItem("t.path", fullEnvironment);
}

/** A boot or test of a piece of hardware: chapter 05, section 9.1. */
export function hardwareTest(fullEnvironment: boolean): string {
  return testItem("t.stored_path as path, t.tree_name, t.git_repository_branch", fullEnvironment);
}

/** Order of lists: items without a known issue first, then those with the newest; then the newest items. */
export function listOrder(alias: "b" | "t"): string {
  return `${alias}.newest_issue desc, ${alias}.start_time desc nulls last, ${alias}.id collate "C"`;
}
