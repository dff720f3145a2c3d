// Two schedulers on one database and a job each second, each of which is to have its run: is each there exactly once, also
// when the acting node is killed in the middle of a minute, and how soon does the other one take over then, or when the
// acting one is frozen?
//   node test/load/schedule.mjs [--seconds 60]
// needs a build and a PostgreSQL (DB_HOST, DB_PORT, DB_USER, DB_PASSWORD; default 127.0.0.1:5432, postgres).
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { PROGRAM, administer, client, environment, openServer } from "./support.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const SECONDS = Number(values.seconds);
const DATABASE = `kernelboard_schedule_${process.pid}`;
const LONGEST_TAKEOVER_MS = 15_000;

const work = mkdtempSync(join(tmpdir(), "kernelboard-schedule-"));
const server = await openServer("external", work);
// Hears of each run from the job itself: what the table says of itself could not be twice.
let heard = 0;
const ear = createServer((request, response) => {
  if (request.url.includes("start_days_ago")) heard++;
  response.writeHead(200).end("{}");
});
await new Promise((resolve) => ear.listen(0, "127.0.0.1", resolve));
/** Requests of one run of warm_metrics_cache. */
const REQUESTS_A_RUN = 2;
const jobsFile = join(work, "jobs.yaml");
writeFileSync(
  jobsFile,
  `default_jobs: false
jobs:
  tick:
    schedule: "* * * * * *"
    args: [warm_metrics_cache, "--server=http://127.0.0.1:${ear.address().port}"]
    missed_runs: each
    at_once: 4 # a run takes longer than a second on a busy machine
    catch_up_seconds: 3600
`,
);
await administer(server, `create database ${DATABASE}`);
const db = client(server, DATABASE);
await db.connect();
const env = {
  ...environment(server, DATABASE),
  KERNELBOARD_JOBS_FILE: jobsFile,
  KERNELBOARD_LOG_LEVEL: "fatal",
};
const nodes = [];
let isWrong = false;

function startNode() {
  const child = spawn(process.execPath, [PROGRAM, "schedule"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const node = { child, actingSince: undefined, output: "" };
  child.stdout.on("data", (chunk) => {
    node.output += chunk;
    const times = node.output.split("This node runs the jobs").length - 1;
    if (times > (node.times ?? 0)) node.actingSince = Date.now();
    node.times = times;
  });
  nodes.push(node);
  return node;
}

async function until(what, isSo, limitMs = 60_000) {
  const started = Date.now();
  while (!(await isSo())) {
    if (Date.now() - started > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}

async function runs() {
  const { rows } = await db.query("select * from job_runs order by scheduled_for");
  return rows;
}

function countBy(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts];
}

/** Disturbs the node that acts: not always the one that began, where the machine was too busy for it to keep its lease. */
async function takeover(name, disturb) {
  const since = ({ actingSince = -1 }) => actingSince;
  const from = nodes.toSorted((a, b) => since(b) - since(a))[0];
  const others = nodes.filter((node) => node !== from);
  for (const other of others) other.actingSince = undefined;
  const started = Date.now();
  disturb(from.child);
  await until(`takeover after ${name}`, () => others.some((other) => other.actingSince !== undefined));
  const ms = Math.max(...others.map(since)) - started;
  if (ms > LONGEST_TAKEOVER_MS) isWrong = true;
  console.log(`${name}: the other node acts after ${(ms / 1000).toFixed(1)} s`);
  return from;
}

async function now() {
  return (await db.query("select clock_timestamp() as now")).rows[0].now.getTime();
}

/** Holds the runs of the seconds from the next one on against those seconds, when all of them have ended. */
async function minute(name, disturb) {
  const from = Math.ceil((await now()) / 1000) * 1000;
  const to = from + SECONDS * 1000;
  const isOfIt = ({ scheduled_for: time }) => time.getTime() >= from && time.getTime() < to;
  await disturb(from);
  await until(
    `the end of the runs of ${name}`,
    async () => {
      const seen = (await runs()).filter(isOfIt);
      return (await now()) > to && seen.length >= SECONDS && seen.every(({ outcome }) => outcome !== null);
    },
    SECONDS * 5000,
  ).catch((error) => {
    isWrong = true;
    console.log(error.message);
  });
  const seen = (await runs()).filter(isOfIt);
  const seconds = new Set(seen.map(({ scheduled_for: time }) => time.getTime()));
  const late = Math.max(...seen.map((run) => run.started_at.getTime() - run.scheduled_for.getTime()));
  console.log(
    `${name}: ${seen.length} runs of ${seconds.size} different times, of ${SECONDS} that there are, by ` +
      `${new Set(seen.map(({ node }) => node)).size} nodes: ${outcomesOf(seen)}; latest start ${late} ms after its time`,
  );
  if (seen.length !== SECONDS || seconds.size !== SECONDS) isWrong = true;
  return seen;
}

function outcomesOf(all) {
  const outcomes = countBy(all.map(({ outcome }) => outcome ?? "running"));
  return outcomes.map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}

try {
  const first = startNode();
  await until("the first node acts", () => first.actingSince !== undefined);
  const second = startNode();
  await until("the second node runs", () => second.output.includes("Scheduling"));
  const calm = await minute("undisturbed", () => undefined);
  // On a machine too busy for that the node loses its lease, and its runs are stopped; they are not begun again.
  if (calm.some(({ outcome }) => outcome !== "succeeded")) isWrong = true;
  if (new Set(calm.map(({ node }) => node)).size !== 1) isWrong = true;

  await minute("killed half-way", async (from) => {
    await sleep(Math.max(0, from + (SECONDS * 1000) / 2 - (await now())));
    await takeover("kill -9", (child) => child.kill("SIGKILL"));
  });
  const third = startNode();
  await until("the third node runs", () => third.output.includes("Scheduling"));
  await sleep(2000);
  const frozen = await takeover("frozen (SIGSTOP)", (child) => child.kill("SIGSTOP"));
  frozen.child.kill("SIGCONT");
  await sleep(3000);

  const all = await runs();
  const seconds = all.map(({ scheduled_for: time }) => time.getTime() / 1000);
  const gaps = seconds.slice(1).filter((second, i) => second - seconds[i] !== 1).length;
  const done = all.filter(({ outcome }) => outcome === "succeeded").length;
  // Runs that were broken off, or that go on, may have asked once, or twice.
  const isHeard = heard >= done * REQUESTS_A_RUN && heard <= all.length * REQUESTS_A_RUN;
  if (gaps > 0 || !isHeard) isWrong = true;
  console.log(
    `${all.length} runs in all: ${outcomesOf(all)}; ${heard} requests heard, ${REQUESTS_A_RUN} a run; ` +
      `${gaps} seconds without a run`,
  );
} finally {
  for (const { child } of nodes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGCONT");
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await Promise.race([ended, sleep(15_000, undefined, { ref: false })]);
    child.kill("SIGKILL");
  }
  ear.closeAllConnections();
  ear.close();
  await db.end();
  await administer(server, `drop database if exists ${DATABASE} with (force)`);
  await server.stop();
  rmSync(work, { recursive: true, force: true });
}
console.log(isWrong ? "WRONG" : "as it should be");
process.exitCode = isWrong ? 1 : 0;
