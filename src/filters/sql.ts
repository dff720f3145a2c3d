/**
 * Filters as SQL (chapter 03, sections 1.4 and 1.5). Every filter is always there as a bound value, NULL when it is
 * absent, so that a statement has one text, and one plan, whatever is filtered; and a second one, in which predicates
 * are just `true`, for when nothing is.
 *
 * The predicates are over items with normalised values: `t` a boot or test with the columns status, origin, duration,
 * path, platform, lab, compatible, architecture, compiler, config, known and is_boot; `b` a build with status, origin,
 * duration, platform, lab, architecture, compiler, config and known. `known` are its known issues as `<id>,<version>`,
 * NULL when there are none.
 */
import { sql, raw, type Statement } from "../database/sql.ts";
import { letsAllPass, type Filters, type KindFilters } from "./filters.ts";

const TRUE = sql`true`;

/** `expression` is one of the values, or there is no filter. */
function isOneOf(expression: string, values: string[] | undefined): Statement {
  return sql`coalesce(${raw(expression)} = any(${values ?? null}::text[]), true)`;
}

/** Architecture, compiler and config of an item. */
function ofBuild(alias: "t" | "b", { architectures, compilers, configs }: Filters): Statement {
  return sql`${isOneOf(`${alias}.architecture`, architectures)} and ${isOneOf(`${alias}.compiler`, compilers)}
      and ${isOneOf(`${alias}.config`, configs)}`;
}

/** No empty names: they are skipped where they are stored. */
function hardwareNames({ hardware }: Filters): string[] | null {
  return hardware?.filter((name) => name !== "") ?? null;
}

/** A test has a hardware name that is asked for. */
export function testOnHardware(filters: Filters): Statement {
  const names = hardwareNames(filters);
  return sql`case when ${names}::text[] is null then true else
        coalesce(t.compatible && ${names}::text[], false)
        or (t.platform = any(${names}::text[]) and lower(t.platform) <> 'unknown')
        or ('Unknown' = any(${names}::text[]) and lower(t.platform) = 'unknown'
          and coalesce(array_to_string(t.compatible, ''), '') = '') end`;
}

/** A test ran in a lab that is asked for. */
export function testInLab({ labs }: Filters): Statement {
  return isOneOf("t.lab", labs);
}

/** The global filters on a test. */
export function testRecordPredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  return sql`${ofBuild("t", filters)} and ${testInLab(filters)} and ${testOnHardware(filters)}`;
}

/**
 * The global filters on a build that has its own platform and lab and those of all its tests.
 *
 * @param onHardware SQL: one of its tests is on the hardware
 * @param inLab SQL: one of its tests is in the lab
 */
export function buildRecordPredicate(filters: Filters, onHardware: string, inLab: string): Statement {
  if (letsAllPass(filters)) return TRUE;
  const names = hardwareNames(filters);
  const labs = filters.labs ?? null;
  return sql`${ofBuild("b", filters)}
      and (${names}::text[] is null or b.platform = any(${names}::text[]) or ${raw(onHardware)})
      and (${labs}::text[] is null or b.lab = any(${labs}::text[]) or ${raw(inLab)})`;
}

function durationPredicate(alias: "t" | "b", { minDuration, maxDuration }: KindFilters): Statement {
  const duration = raw(`${alias}.duration`);
  const min = minDuration ?? null;
  const max = maxDuration ?? null;
  return sql`coalesce(${duration} >= ${min}::float8, ${min}::float8 is null)
      and coalesce(${duration} <= ${max}::float8, ${max}::float8 is null)`;
}

/** A pattern that finds the text as it is. */
function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

/** Origin, platform and path of a test: what says which tests are meant, not how they ended. */
function testIdentity({ origins, platforms, path }: KindFilters): Statement {
  const patterns = path === undefined ? null : [likePattern(path)];
  return sql`${isOneOf("t.origin", origins)} and ${isOneOf("t.platform", platforms)}
      and coalesce(t.path like any(${patterns}::text[]), true)`;
}

function testIssues({ issues }: KindFilters): Statement {
  const versions = issues?.versions ?? null;
  return sql`coalesce(t.known && ${versions}::text[]
        or (${issues?.uncategorized ?? false}::boolean and t.status = 'FAIL' and t.known is null), ${versions}::text[] is null)`;
}

function buildIssues({ issues }: KindFilters): Statement {
  const versions = issues?.versions ?? null;
  return sql`(${versions}::text[] is null or b.status in ('FAIL', 'NULL') and (coalesce(b.known && ${versions}::text[], false)
        or (${issues?.uncategorized ?? false}::boolean and b.known is null)))`;
}

/** The filters of a test's own kind. */
function testKindPredicate(filters: KindFilters): Statement {
  return sql`${isOneOf("t.status", filters.statuses)} and ${testIdentity(filters)}
      and ${durationPredicate("t", filters)} and ${testIssues(filters)}`;
}

/** The filters of a boot's or test's own kind. */
export function testPredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  const { boots, tests } = filters;
  return sql`case when t.is_boot then ${testKindPredicate(boots)} else ${testKindPredicate(tests)} end`;
}

/** The filters of builds. */
export function buildPredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  const { builds } = filters;
  return sql`${isOneOf("b.status", builds.statuses)} and ${isOneOf("b.origin", builds.origins)}
      and ${durationPredicate("b", builds)} and ${buildIssues(builds)}`;
}

/** Before two sides are compared: what says which tests are meant. */
export function testPairPredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  const { boots, tests } = filters;
  return sql`case when t.is_boot then ${testIdentity(boots)} else ${testIdentity(tests)} end`;
}

/** Before two sides are compared: what says which builds are meant. */
export function buildPairPredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  const { builds } = filters;
  return isOneOf("b.origin", builds.origins);
}

/** PASS and FAIL as they are, all else INCONCLUSIVE. */
export function groupedStatus(status: string): string {
  return `case when ${status} in ('PASS', 'FAIL') then ${status} else 'INCONCLUSIVE' end`;
}

function groupedStatuses(statuses: string[] | undefined): string[] | undefined {
  return statuses?.map((status) => (status === "PASS" || status === "FAIL" ? status : "INCONCLUSIVE"));
}

function testOutcome(filters: KindFilters): Statement {
  return sql`${isOneOf(groupedStatus("t.status"), groupedStatuses(filters.statuses))}
      and ${durationPredicate("t", filters)} and ${testIssues(filters)}`;
}

/** After two sides are compared: how one side's test ended. */
export function testOutcomePredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  const { boots, tests } = filters;
  return sql`case when t.is_boot then ${testOutcome(boots)} else ${testOutcome(tests)} end`;
}

/** After two sides are compared: how one side's build ended. */
export function buildOutcomePredicate(filters: Filters): Statement {
  if (letsAllPass(filters)) return TRUE;
  const { builds } = filters;
  return sql`${isOneOf(groupedStatus("b.status"), groupedStatuses(builds.statuses))}
      and ${durationPredicate("b", builds)} and ${buildIssues(builds)}`;
}
