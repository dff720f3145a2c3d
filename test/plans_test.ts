/**
 * No request makes the database read all of tests, builds or incidents, or run more than three statements. Asked of the planner, for every statement of
 * every endpoint, on tables that are large enough for it to have a choice.
 *
 * With `PLANS_DATABASE=name` an existing database on the external server is looked at instead, of any size.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { pino } from "pino";
import { explainPrepared, recordingPool, type Plan, type RecordedStatement } from "../src/database/plans.ts";
import { createPool, type OwnPool } from "../src/database/pool.ts";
import { EXTERNAL, testDatabase } from "./support/database.ts";
import { request, testServer } from "./support/server.ts";

/** Of one answer. */
const MOST_STATEMENTS = 3;
const BIG_TABLES = ["tests", "builds", "incidents"];
/** Which the tables of the first test are too small for. */
const BIG_IN_TIME = [...BIG_TABLES, "checkouts", "issues", "hardware_status"];

/** 40 trees of 10 commits with 10 builds of 50 tests each, and an incident for every tenth test and build. */
const ROWS = `
  insert into checkouts (_timestamp, id, origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash, git_commit_tags, start_time)
  select at, 'maestro:c' || tree || '-' || commit, 'maestro', 'tree' || tree, 'https://git.example.org/' || tree, 'master',
    md5(tree || '-' || commit), array['v' || commit], at
  from (select tree, commit, now() - make_interval(hours => 12 * commit) as at
    from generate_series(1, 40) tree, generate_series(1, 10) commit) commits;
  insert into builds (_timestamp, id, checkout_id, origin, architecture, compiler, config_name, status, start_time, misc)
  select c._timestamp, 'maestro:b' || substr(c.id, 10) || '-' || n, c.id, 'maestro', 'arm64', 'gcc-12', 'config' || n % 5,
    (array['PASS', 'FAIL', 'MISS'])[1 + n % 3], c.start_time, '{"lab": "shell"}'
  from checkouts c, generate_series(1, 10) n;
  insert into tests (_timestamp, id, build_id, origin, path, status, start_time, environment_misc, environment_compatible, misc)
  select b._timestamp, 'maestro:t' || substr(b.id, 10) || '-' || n, b.id, 'maestro', case when n < 10 then 'boot' else 'ltp.case' || n end,
    (array['PASS', 'FAIL', 'SKIP', 'ERROR'])[1 + n % 4], b.start_time, jsonb_build_object('platform', 'board' || n % 50),
    array['vendor,board' || n % 50, 'vendor,chip'|| n % 10], jsonb_build_object('runtime', 'lab' || n % 7, 'error_msg', 'broken')
  from builds b, generate_series(1, 50) n;
  insert into issues (_timestamp, id, version, origin, comment, culprit_code)
  select now() - make_interval(hours => n), 'maestro:i' || n, 1, 'maestro', 'issue', true from generate_series(1, 1000) n;
  insert into incidents (_timestamp, id, origin, issue_id, issue_version, test_id, present)
  select _timestamp, 'maestro:nt' || id, 'maestro', 'maestro:i' || (1 + abs(hashtext(id)) % 1000), 1, id, true
  from tests where id like '%7';
  insert into incidents (_timestamp, id, origin, issue_id, issue_version, build_id, present)
  select _timestamp, 'maestro:nb' || id, 'maestro', 'maestro:i' || (1 + abs(hashtext(id)) % 1000), 1, id, true
  from builds where id like '%1';
  insert into latest_checkout (checkout_id, start_time, origin, tree_name, git_repository_url, git_repository_branch)
  select distinct on (tree_name) id, start_time, origin, tree_name, git_repository_url, git_repository_branch
  from checkouts order by tree_name, start_time desc;
  insert into hardware_status
  select checkout_id, 'maestro', 'board' || n, array['vendor,board' || n], null, start_time, 1, 1, 1, 1, 1, 1, 1, 1, 1
  from (select id as checkout_id, start_time from checkouts) c, generate_series(0, 49) n`;

function scans(plan: Plan, tables: readonly string[]): string[] {
  const own = plan["Node Type"] === "Seq Scan" ? [plan["Relation Name"] ?? ""] : [];
  return [
    ...own.filter((table) => tables.includes(table)),
    ...(plan.Plans ?? []).flatMap((part) => scans(part, tables)),
  ];
}

/**
 * The plan that requests run, which does not depend on their values.
 *
 * @param isFree the planner may read whole tables where it thinks that this is best, as sessions of requests may not
 */
async function genericPlan(
  pool: OwnPool,
  { text, values: { length: parameters } }: Pick<RecordedStatement, "text" | "values">,
  isFree: boolean,
): Promise<Plan> {
  const client = await pool.connect();
  try {
    await client.query(`set enable_seqscan = ${isFree ? "on" : "off"}`);
    const values = Array<null>(parameters).fill(null);
    const [plans] = await explainPrepared<{ Plan: Plan }[]>(client, "format json", text, values);
    const plan = plans?.[0]?.Plan;
    if (plan === undefined) throw new Error("the database gave no plan");
    return plan;
  } finally {
    await client.query("set enable_seqscan = off");
    client.release();
  }
}

interface Names {
  checkout: Record<
    "origin" | "tree_name" | "git_repository_branch" | "git_repository_url" | "git_commit_hash",
    string
  >;
  earlier: string;
  build: string;
  config: string;
  test: { id: string; path: string; platform: string; compatible: string };
  issue: string;
  end: number;
}

async function namesIn(pool: OwnPool): Promise<Names> {
  const one = async <T>(text: string): Promise<T> => (await pool.query<{ row: T }>(text)).rows[0]?.row as T;
  const checkout = await one<Names["checkout"] & { start_time: string }>(
    "select to_jsonb(c) as row from checkouts c where tree_name is not null and git_repository_branch is not null order by start_time desc limit 1",
  );
  return {
    checkout,
    earlier: await one<string>(
      `select to_jsonb(git_commit_hash) as row from checkouts where tree_name = '${checkout.tree_name}' and origin = '${checkout.origin}' order by start_time desc offset 1 limit 1`,
    ),
    ...(await one<Pick<Names, "build" | "config" | "test">>(
      `select jsonb_build_object('build', b.id, 'config', b.config_name, 'test', jsonb_build_object('id', t.id, 'path', t.path,
        'platform', t.environment_misc ->> 'platform', 'compatible', t.environment_compatible[1])) as row
       from checkouts c join builds b on b.checkout_id = c.id join tests t on t.build_id = b.id
       where c.git_commit_hash = '${checkout.git_commit_hash}' and t.environment_compatible is not null limit 1`,
    )),
    issue: await one<string>("select to_jsonb(issue_id) as row from incidents limit 1"),
    end: Math.ceil(Date.parse(checkout.start_time) / 1000) + 86_400,
  };
}

type Request = [path: string, body?: unknown];

/** Every endpoint that asks the database, the ones over items with and without filters. */
function requests({ checkout, earlier, build, config, test, issue, end }: Names): Request[] {
  const text = (values: Record<string, string>): string => new URLSearchParams(values).toString();
  const {
    origin,
    tree_name: tree,
    git_repository_branch: branch,
    git_repository_url: url,
    git_commit_hash: hash,
  } = checkout;
  const byHash = text({ origin, git_url: url, git_branch: branch });
  const direct = `/api/tree/${tree}/${branch}`;
  const filters = text({
    "filter_test.lab": "lab1",
    "filter_test.issue": `${issue},1`,
    "filter_boot.platform": test.platform,
    "filter_test.path": "ltp",
  });
  const window = { startTimestampInSeconds: end - 10 * 86_400, endTimestampInSeconds: end };
  const body = { ...window, origin, selectedCommits: {}, filter: {} };
  const filtered = { ...body, filter: { "filter_test.lab": "lab1", "filter_test.issue": `${issue},1` } };
  const views = ["full", "summary", "builds", "boots", "tests", "commits"];
  const details = ["", "/summary", "/builds", "/boots", "/tests"];
  return [
    ["/api/tree/?interval_in_days=1000"],
    [`${direct}?origin=${origin}`],
    [`${direct}?origin=${origin}&commit_hash=v1`],
    [`${direct}/commits?origin=${origin}`],
    ...views.flatMap((view): Request[] => [
      [`/api/tree/${hash}/${view}?${byHash}`],
      [`${direct}/${hash}/${view}?origin=${origin}&${filters}`],
      [`${direct}/v1/${view}?origin=${origin}`],
    ]),
    [`/api/tree/commits-history?${byHash}&tree_name=${tree}&commit_hashes=${hash},${earlier}`],
    [
      `/api/tree/commits-history?${byHash}&tree_name=${tree}&commit_hashes=${hash},${earlier}&types=builds&builds_related_to_filtered_tests_only=true&${filters}`,
    ],
    ...["", "/builds", "/boots", "/tests"].map((list): Request => [
      `${direct}/compare${list}?${text({ origin, hash_a: earlier, hash_b: hash })}&${filters}`,
    ]),
    [`/api/tree-report/?${text({ origin, git_url: url, git_branch: branch, max_age_in_hours: "720" })}`],
    [
      `/api/hardware/?${text({ origin, startTimestampInSeconds: String(end - 10 * 86_400), endTimestampInSeconds: String(end) })}`,
    ],
    [
      `/api/hardware/?${text({ origin, startTimestampInSeconds: String(end - 10 * 86_400), endTimestampInSeconds: String(end), commitsList: `${hash},v1` })}`,
    ],
    [
      `/api/hardware-by-revision/?${text({ origin, tree_name: tree, git_repository_url: url, git_repository_branch: branch, git_commit_hash: hash })}`,
    ],
    [`/api/hardware/selectors/?origin=${origin}`],
    ["/api/hardware/selectors/?origin=ti"],
    ...[test.platform, test.compatible].flatMap((name) =>
      details.flatMap((view): Request[] => [
        [`/api/hardware/${encodeURIComponent(name)}${view}`, body],
        [`/api/hardware/${encodeURIComponent(name)}${view}`, filtered],
      ]),
    ),
    [
      `/api/hardware/${test.platform}/commit-history`,
      { ...window, origin, commitHeads: [{ treeName: tree, repositoryUrl: url, branch, commitHash: hash }] },
    ],
    ["/api/issue/?interval_in_days=1000"],
    ["/api/issue/?interval_in_days=1000&filter_issue.options=hasIncident&filter_issue.culprit=code"],
    ["/api/issue/extras/", { issues: [[issue, 1]] }],
    ...["", "/builds", "/tests", "?version=1", "/builds?version=1", "/tests?version=1"].map(
      (part): Request => [`/api/issue/${issue}${part}`],
    ),
    ...["", "/tests", "/issues"].map((part): Request => [`/api/build/${build}${part}`]),
    ...["", "/issues"].map((part): Request => [`/api/test/${test.id}${part}`]),
    [
      `/api/test/status-history?${text({ origin, path: test.path, git_repository_url: url, git_repository_branch: branch, config_name: config, platform: test.platform, current_test_start_time: new Date(end * 1000).toISOString() })}`,
    ],
    ["/api/origins/?interval_in_days=1000"],
    ["/api/metrics/?start_days_ago=1000"],
  ];
}

describe("plans", () => {
  let pool: OwnPool;
  let take: () => RecordedStatement[];
  let base: string;
  let asked: Request[];
  const statementsOf = new Map<string, RecordedStatement>();

  beforeAll(async () => {
    const existing = process.env.PLANS_DATABASE;
    const plain =
      existing === undefined
        ? (await testDatabase()).pool
        : createPool({ ...EXTERNAL, database: existing }, pino({ level: "silent" }));
    if (existing === undefined) {
      await plain.query(ROWS);
      await plain.query("analyze");
    }
    ({ pool, take } = recordingPool(plain));
    ({ base } = await testServer(pool));
    asked = requests(await namesIn(plain));
  }, 300_000);

  it("never read all of a table that grows with every submission", { timeout: 300_000 }, async () => {
    const found: string[] = [];
    let statements = 0;
    for (const [path, body] of asked) {
      const { status } = await request(
        base + path,
        body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
      );
      expect(status, path).toBe(200);
      const queries = take();
      statements += queries.length;
      expect(queries.length, path).toBeLessThanOrEqual(MOST_STATEMENTS);
      for (const statement of queries) {
        const { name = path, text } = statement;
        statementsOf.set(text, statement);
        const plan = await genericPlan(pool, statement, true);
        for (const table of scans(plan, BIG_TABLES))
          found.push(`${name} (${path.slice(0, 80)}) scans ${table}`);
      }
    }
    expect(statements).toBeGreaterThan(60);
    expect([...new Set(found)]).toEqual([]);
  });

  /** Sessions keep their plans while the tables grow. */
  it("never do so where the plan was made when all tables were empty", async () => {
    const { pool: empty } = await testDatabase();
    const found: string[] = [];
    for (const statement of statementsOf.values())
      for (const table of scans(await genericPlan(empty, statement, false), BIG_IN_TIME))
        found.push(`${statement.name ?? ""} scans ${table}`);
    expect(statementsOf.size).toBeGreaterThan(30);
    expect(found).toEqual([]);
  });
});
