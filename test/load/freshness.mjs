#!/usr/bin/env node
/**
 * Times how long after its acceptance over HTTP a submission is seen by others: objects come in at a steady rate, however
 * fast they are answered, while another connection asks for `/api/tree/` again and again. A submission is seen when the
 * listing counts all of its builds and tests.
 *
 *   node test/load/freshness.mjs [--server embedded|external] [--rate 500] [--seconds 60]
 *
 * For the external server see support.mjs. Needs `npm run build`. Exit code 1 when a submission is refused or never seen,
 * or when the 99th percentile is a second or more.
 */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { administer, environment, openServer, PROGRAM, PROJECT } from "./support.mjs";

const { values: arg } = parseArgs({
  options: {
    server: { type: "string", default: "external" },
    rate: { type: "string", default: "500" },
    seconds: { type: "string", default: "60" },
  },
});

const BUDGET_MS = 1000;
const ORIGIN = "load";
const BUILDS = 2;
const TESTS = 7;
/** Of a submission: one checkout with its builds and tests. */
const OBJECTS = 1 + BUILDS + TESTS;
/** Checkouts of a tree come seconds apart, so that each is the newest of its tree until it was seen. */
const TREES = 200;
const POLL_MS = 10;
/** What is not seen this long after the last submission is never seen. */
const GRACE_MS = 15_000;

const work = await mkdtemp(join(tmpdir(), "kernelboard-freshness-"));
await chmod(work, 0o755);
const { stop, ...server } = await openServer(arg.server, work);
const database = `kernelboard_freshness_${process.pid}`;
let serving;
try {
  await administer(server, `create database ${database}`);
  serving = await serve();
  const { createToken } = await import(join(PROJECT, "dist/server/submit/tokens.js"));
  const token = await createToken(serving.secret, [ORIGIN]);
  process.exitCode = report(await run(serving.base, token));
} finally {
  if (serving !== undefined && serving.child.exitCode === null) {
    serving.child.kill();
    await once(serving.child, "exit");
  }
  await administer(server, `drop database if exists ${database}`);
  await stop();
  await rm(work, { recursive: true, force: true });
}

/** Starts the program as a user does, ingestion included. */
async function serve() {
  const secret = randomBytes(32).toString("hex");
  const spool = join(work, "spool");
  await mkdir(spool);
  const env = { ...environment(server, database), KERNELBOARD_SUBMIT_SECRET: secret };
  spawnSync(process.execPath, [PROGRAM, "migrate"], { env });
  const child = spawn(
    process.execPath,
    [PROGRAM, "serve", "--workers", "1", "--spool-dir", spool, "--port", "0"],
    {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const base = /Listening on (http:\S+)\//.exec(line)?.[1];
    if (base !== undefined) return { child, secret, base };
  }
  throw new Error(`the server ended with ${child.exitCode}`);
}

/** Submits at the rate, and watches the listing meanwhile. */
async function run(base, token) {
  const agent = new Agent({ keepAlive: true });
  /** Submissions that were accepted and not seen yet, with the time of their acceptance; by the id of their checkout. */
  const accepted = new Map();
  /** Those that were seen before their answer came. */
  const early = new Set();
  const [ages, answers, refusals] = [[], [], []];
  const count = Math.ceil((Number(arg.rate) * Number(arg.seconds)) / OBJECTS);
  const everyMs = (1000 * OBJECTS) / Number(arg.rate);
  const started = performance.now();
  let isOver = false;

  const submit = async (number) => {
    const { id, body } = submission(number);
    const sent = performance.now();
    const { status, text } = await exchange(agent, `${base}/submit`, { method: "POST", token, body });
    const now = performance.now();
    answers.push(now - sent);
    if (status !== 200) refusals.push(`${status} ${text}`);
    else if (early.delete(id)) ages.push(0);
    else accepted.set(id, now);
  };
  const watch = async () => {
    const watching = new Agent({ keepAlive: true });
    while (!isOver) {
      const { text } = await exchange(watching, `${base}/api/tree/?origin=${ORIGIN}&interval_in_days=1`);
      const now = performance.now();
      const trees = JSON.parse(text);
      for (const tree of Array.isArray(trees) ? trees.filter(isCounted) : []) {
        const since = accepted.get(tree.id);
        if (since !== undefined) ages.push(now - since);
        else if (!seen.has(tree.id)) early.add(tree.id);
        accepted.delete(tree.id);
        seen.add(tree.id);
      }
      await sleep(POLL_MS);
    }
  };
  const seen = new Set();
  const watched = watch();
  const submitted = [];
  for (let number = 0; number < count; number++) {
    await sleep(Math.max(0, started + number * everyMs - performance.now()));
    submitted.push(submit(number));
  }
  await Promise.all(submitted);
  const seconds = (performance.now() - started) / 1000;
  for (const end = performance.now() + GRACE_MS; accepted.size > 0 && performance.now() < end;)
    await sleep(100);
  isOver = true;
  await watched;
  return { ages, answers, refusals, unseen: accepted.size, rate: (count * OBJECTS) / seconds };
}

function submission(number) {
  const id = `${ORIGIN}:${number}`;
  const tree = `tree-${number % TREES}`;
  const start_time = new Date().toISOString();
  const of = { origin: ORIGIN, start_time };
  const builds = Array.from({ length: BUILDS }, (_, build) => ({
    ...of,
    id: `${id}.${build}`,
    checkout_id: id,
    architecture: "arm64",
    compiler: "gcc-12",
    config_name: `config-${build}`,
    status: "PASS",
    misc: { lab: "lab-1" },
  }));
  const tests = Array.from({ length: TESTS }, (_, test) => ({
    ...of,
    id: `${id}.t${test}`,
    build_id: `${id}.${test % BUILDS}`,
    path: test === 0 ? "boot" : `ltp.case${test}`,
    status: test === 1 ? "FAIL" : "PASS",
    environment: { compatible: ["vendor,board"], misc: { platform: `board-${number % 20}` } },
    misc: { runtime: "lab-1" },
    log_excerpt: "what the test wrote\n".repeat(10),
  }));
  const checkout = {
    ...of,
    id,
    tree_name: tree,
    git_repository_url: `https://git.example.org/${tree}.git`,
    git_repository_branch: "master",
    git_commit_hash: number.toString(16).padStart(40, "0"),
    git_commit_name: `v6.${number}`,
  };
  return {
    id,
    body: JSON.stringify({ version: { major: 5, minor: 3 }, checkouts: [checkout], builds, tests }),
  };
}

/** Whether a tree of the listing counts all that its newest checkout's submission has. */
function isCounted({ build_status, boot_status, test_status }) {
  const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
  return sum(build_status) === BUILDS && sum(boot_status) + sum(test_status) === TESTS;
}

function exchange(agent, url, { method = "GET", token, body } = {}) {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sending = request(url, { agent, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sending.on("error", reject);
    sending.end(body);
  });
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** @returns the exit code */
function report({ ages, answers, refusals, unseen, rate }) {
  const row = (what, times) => {
    times.sort((a, b) => a - b);
    const shown = [0.5, 0.95, 0.99, 1].map((share) => `${percentile(times, share).toFixed(0)} ms`);
    console.log(`${what}: p50 ${shown[0]}, p95 ${shown[1]}, p99 ${shown[2]}, max ${shown[3]}`);
  };
  console.log(
    `${arg.server} server: ${ages.length} submissions of ${OBJECTS} objects, ${rate.toFixed(0)} objects/s`,
  );
  row("until the answer", answers);
  row("from the answer to being seen", ages);
  console.log(`peak memory of the process: ${peakMegabytes(serving.child.pid)} MB`);
  if (refusals.length > 0) console.log(`${refusals.length} refused, the first with: ${refusals[0]}`);
  if (unseen > 0) console.log(`${unseen} were never seen`);
  return refusals.length === 0 && unseen === 0 && percentile(ages, 0.99) < BUDGET_MS ? 0 : 1;
}

/** Linux only. */
function peakMegabytes(pid) {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
  } catch {
    return Number.NaN;
  }
}
