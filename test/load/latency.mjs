#!/usr/bin/env node
/**
 * Times the answers of every kind of endpoint beside `/readyz`, a bare round trip through the same server to the same
 * database, one request after the other in one run, and holds them against their budgets.
 *
 *   node test/load/latency.mjs [--server embedded|external] [--database NAME] [--rounds 10] [--group NAME]
 *
 * With --database, one of the external server that is filled already; else 133,800 generated tests are ingested first.
 * The timing itself is that of ../shared/bench/latency.mjs. Needs `npm run build`. Exit code 1 when a budget is passed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BARE, BUDGETS } from "./budgets.mjs";
import {
  administer,
  DATA_SET,
  end,
  environment,
  fill,
  generate,
  openServer,
  PROJECT,
  query,
  serve,
} from "./support.mjs";

const { values: arg } = parseArgs({
  options: {
    server: { type: "string", default: "external" },
    database: { type: "string" },
    rounds: { type: "string", default: "10" },
    group: { type: "string" },
  },
});

const work = await mkdtemp(join(tmpdir(), "kernelboard-latency-"));
await chmod(work, 0o755);
const { stop, ...server } = await openServer(arg.server, work);
const database = arg.database ?? `kernelboard_latency_${process.pid}`;
const env = environment(server, database);
const rows = (text) => query(server, database, text);
let serving;
try {
  if (arg.database === undefined) await fill(server, database, generate(work, DATA_SET));
  const cases = join(work, "cases.jsonl");
  await writeFile(cases, (await requests()).map((request) => JSON.stringify(request)).join("\n"));
  serving = await serve({ ...env, CACHE_TIMEOUT: "0", KERNELBOARD_WORKERS: "1" }, ["--role", "web"]);
  const report = join(work, "report.json");
  const group = arg.group === undefined ? [] : ["--group", arg.group];
  spawnSync(
    process.execPath,
    [
      join(PROJECT, "../shared/bench/latency.mjs"),
      ...[
        "--a",
        serving.base,
        "--cases",
        cases,
        "--rounds",
        arg.rounds,
        "--per-group",
        "12",
        "--json",
        report,
      ],
      ...group,
    ],
    { stdio: "inherit" },
  );
  if (arg.group === undefined) process.exitCode = judge(JSON.parse(readFileSync(report, "utf8")));
} finally {
  await end(serving);
  if (arg.database === undefined) await administer(server, `drop database if exists ${database}`);
  await stop();
  await rm(work, { recursive: true, force: true });
}

/** Requests as the front end makes them, for up to six trees, six platforms, and some items. */
async function requests() {
  const list = [];
  const add = (group, path, body) =>
    list.push({ group, method: body === undefined ? "GET" : "POST", path, ...(body && { body }) });
  for (let n = 0; n < 12; n++) add("readyz", "/readyz");
  add("tree-listing", "/api/tree/?interval_in_days=1000");
  add("origins", "/api/origins/?interval_in_days=1000");
  add("issue-listing", "/api/issue/?interval_in_days=1000");
  const checkouts = await rows(
    "select * from checkouts where origin = 'maestro' and tree_name is not null order by start_time desc",
  );
  const trees = new Map();
  for (const checkout of checkouts) {
    const key = `${checkout.tree_name} ${checkout.git_repository_branch}`;
    trees.set(key, [...(trees.get(key) ?? []), checkout]);
  }
  for (const commits of [...trees.values()].filter(({ length }) => length > 1).slice(0, 6))
    addTree(add, commits);
  const last = Math.ceil(checkouts[0].start_time.getTime() / 1000) + 86_400;
  const window = {
    origin: "maestro",
    startTimestampInSeconds: String(last - 6 * 86_400),
    endTimestampInSeconds: String(last),
  };
  add("hardware-listing", `/api/hardware/?${new URLSearchParams(window)}`);
  const platforms = await rows(
    "select platform from hardware_status where test_origin = 'maestro' group by platform order by count(*) desc, platform limit 6",
  );
  for (const { platform } of platforms) {
    const body = { ...window, selectedCommits: {}, filter: {} };
    add("hardware-summary", `/api/hardware/${encodeURIComponent(platform)}/summary`, body);
    add("hardware-full", `/api/hardware/${encodeURIComponent(platform)}`, body);
  }
  for (const kind of ["build", "test", "issue"])
    for (const { id } of await rows(`select id from ${kind}s order by md5(id) limit 6`))
      add(kind, `/api/${kind}/${id}`);
  return list;
}

function addTree(add, commits) {
  const [head, previous] = commits;
  const {
    origin,
    tree_name,
    git_repository_branch: branch,
    git_repository_url: url,
    git_commit_hash: hash,
  } = head;
  const scope = new URLSearchParams({ origin, git_url: url, git_branch: branch });
  const tree = `/api/tree/${encodeURIComponent(tree_name)}/${branch}`;
  add("tree-latest", `${tree}?origin=${origin}`);
  add("commit-list", `${tree}/commits?${new URLSearchParams({ origin, git_url: url })}`);
  for (const view of ["summary", "full", "builds", "boots", "tests", "commits"]) {
    add(`tree-${view}`, `/api/tree/${hash}/${view}?${scope}`);
    add(`tree-${view}`, `${tree}/${hash}/${view}?origin=${origin}`);
  }
  const hashes = commits.slice(0, 6).map((commit) => commit.git_commit_hash);
  for (const types of ["builds", "boots", "tests"])
    add(
      "commits-history",
      `/api/tree/commits-history?${scope}&tree_name=${tree_name}&commit_hashes=${hashes.join(",")}&types=${types}`,
    );
  add(
    "compare",
    `${tree}/compare?${new URLSearchParams({ origin, hash_a: previous.git_commit_hash, hash_b: hash })}`,
  );
  add("tree-report", `/api/tree-report/?${scope}&tree_name=${tree_name}&max_age_in_hours=720`);
}

/** Prints each group's share of its budget. @returns the exit code */
function judge(report) {
  const bare = report[BARE].a.p50;
  console.log(`\n${"group".padEnd(20)}   times /readyz   budget`);
  let passed = 0;
  for (const [group, { median: budget }] of Object.entries(BUDGETS)) {
    const ratio = report[group].a.p50 / bare;
    if (ratio > budget) passed = 1;
    console.log(
      `${group.padEnd(20)} ${ratio.toFixed(1).padStart(14)} ${String(budget).padStart(9)}${ratio > budget ? "  over" : ""}`,
    );
  }
  return passed;
}
