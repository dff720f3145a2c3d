/** The rows of the five tables, read once, as far as counting and filtering need them. */
import type { Pool } from "../../../src/database/pool.ts";

export interface CheckoutRow {
  id: string;
  origin: string;
  tree_name: string | null;
  git_repository_url: string | null;
  git_repository_branch: string | null;
  git_commit_hash: string | null;
  time: string;
}

export interface BuildRow {
  id: string;
  checkout_id: string;
  origin: string;
  status: string | null;
  architecture: string | null;
  compiler: string | null;
  config_name: string | null;
  duration: number | null;
  /** JSON text, as all of `misc`. */
  misc: string | null;
  start_time: string | null;
}

export interface TestRow {
  id: string;
  build_id: string;
  origin: string;
  status: string | null;
  path: string | null;
  duration: number | null;
  misc: string | null;
  environment_misc: string | null;
  environment_compatible: (string | null)[] | null;
  start_time: string | null;
}

export interface IssueRow {
  id: string;
  version: number;
  comment: string | null;
  report_url: string | null;
  /** Sorts as the time does. */
  time: string;
}

interface IncidentRow {
  issue_id: string;
  issue_version: number;
  build_id: string | null;
  test_id: string | null;
  present: boolean | null;
}

export interface Tables {
  checkouts: CheckoutRow[];
  builds: Map<string, BuildRow>;
  tests: Map<string, TestRow>;
  /** By `<id>,<version>`. */
  issues: Map<string, IssueRow>;
  /** Known issues of a build or test by its id, as `<id>,<version>`. */
  knownOfBuild: Map<string, string[]>;
  knownOfTest: Map<string, string[]>;
}

export function issueKey(id: string, version: number): string {
  return `${id},${version}`;
}

function time(column: string): string {
  return `to_char(${column}, 'YYYY-MM-DD HH24:MI:SS.US')`;
}

/** All rows of a database. */
export async function readTables(pool: Pool): Promise<Tables> {
  const checkouts = await pool.query<CheckoutRow>(`
    select id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash,
      ${time("coalesce(start_time, _timestamp)")} as time from checkouts`);
  const builds = await pool.query<BuildRow>(`
    select id, checkout_id, origin, status, architecture, compiler, config_name, duration, misc::text as misc,
      ${time("start_time")} as start_time from builds`);
  const tests = await pool.query<TestRow>(`
    select id, build_id, origin, status, path, duration, misc::text as misc, environment_misc::text as environment_misc,
      environment_compatible, ${time("start_time")} as start_time from tests`);
  const issues = await pool.query<IssueRow>(
    `select id, version, comment, report_url, ${time("_timestamp")} as time from issues`,
  );
  const incidents = await pool.query<IncidentRow>(
    "select issue_id, issue_version, build_id, test_id, present from incidents",
  );
  const issuesByKey = new Map(issues.rows.map((row) => [issueKey(row.id, row.version), row]));
  return {
    checkouts: checkouts.rows,
    builds: new Map(builds.rows.map((row) => [row.id, row])),
    tests: new Map(tests.rows.map((row) => [row.id, row])),
    issues: issuesByKey,
    ...knownIssues(incidents.rows, issuesByKey),
  };
}

/** An incident counts unless it says that it is absent, or its issue version does not exist; one of a test is not of a build. */
function knownIssues(
  incidents: IncidentRow[],
  issues: Map<string, IssueRow>,
): Pick<Tables, "knownOfBuild" | "knownOfTest"> {
  const known = { knownOfBuild: new Map<string, string[]>(), knownOfTest: new Map<string, string[]>() };
  for (const { issue_id, issue_version, build_id, test_id, present } of incidents) {
    const key = issueKey(issue_id, issue_version);
    if (present === false || !issues.has(key)) continue;
    const [of, id] = test_id === null ? [known.knownOfBuild, build_id] : [known.knownOfTest, test_id];
    if (id === null) continue;
    const keys = of.get(id) ?? [];
    if (!keys.includes(key)) keys.push(key);
    of.set(id, keys);
  }
  return known;
}
