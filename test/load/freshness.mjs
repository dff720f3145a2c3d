#!/usr/bin/env node
/**
 * Times how long after its acceptance over HTTP a submission is seen by others: objects come in at a steady rate, however
 * fast they are answered, while another connection asks for `/api/tree/` again and again. A submission is seen when the
 * listing counts all of its builds and tests. Those of the first seconds are told apart: the server was started just before.
 *
 *   node test/load/freshness.mjs [--server embedded|external] [--rate 500] [--seconds 60]
 *
 * For the external server see support.mjs. Needs `npm run build`. Exit code 1 when a submission is refused or never seen,
 * or when the 99th percentile of all of them is a second or more.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { exchange, textOf } from "./clients.mjs";
import { BUILDS, newCheckout, OBJECTS, ORIGIN, TESTS } from "./submissions.mjs";
import {
  administer,
  atRate,
  end,
  environment,
  openServer,
  peakMegabytes,
  percentile,
  PROGRAM,
  PROJECT,
  serve,
} from "./support.mjs";

const { values: arg } = parseArgs({
  options: {
    server: { type: "string", default: "external" },
    rate: { type: "string", default: "500" },
    seconds: { type: "string", default: "60" },
  },
});

const BUDGET_MS = 1000;
const POLL_MS = 10;
/** The ingestion loads, connections are made, code is compiled and statements are planned then, as after any start. */
const START_MS = 5000;
/** What is not seen this long after the last submission is never seen. */
const GRACE_MS = 15_000;

if (!(Number(arg.seconds) * 1000 > START_MS)) throw new Error("--seconds: has to be more than 5");

const work = await mkdtemp(join(tmpdir(), "kernelboard-freshness-"));
await chmod(work, 0o755);
const { stop, ...server } = await openServer(arg.server, work);
const database = `kernelboard_freshness_${process.pid}`;
let serving;
try {
  await administer(server, `create database ${database}`);
  serving = await start();
  const { createToken } = await import(join(PROJECT, "dist/server/submit/tokens.js"));
  const token = await createToken(serving.secret, [ORIGIN]);
  process.exitCode = report(await run(serving.base, token));
} finally {
  await end(serving);
  await administer(server, `drop database if exists ${database}`);
  await stop();
  await rm(work, { recursive: true, force: true });
}

/** Starts the program as a user does, ingestion included. */
async function start() {
  const secret = randomBytes(32).toString("hex");
  const spool = join(work, "spool");
  await mkdir(spool);
  // One process, whatever the number of cores, so that its memory is that of all.
  const env = {
    ...environment(server, database),
    KERNELBOARD_SUBMIT_SECRET: secret,
    KERNELBOARD_WORKERS: "1",
  };
  spawnSync(process.execPath, [PROGRAM, "migrate"], { env });
  return { secret, ...(await serve(env, ["--spool-dir", spool])) };
}

/** Submits at the rate, and watches the listing meanwhile. */
async function run(base, token) {
  const agent = new Agent({ keepAlive: true });
  const headers = { authorization: `Bearer ${token}` };
  /** Submissions that were accepted and not seen yet, with the time of their acceptance; by the id of their checkout. */
  const accepted = new Map();
  /** Those that were seen before their answer came. */
  const early = new Set();
  /** Times from the acceptance to being seen, by whether it was just started; and what else there is to report. */
  const ages = { start: [], steady: [] };
  const [answers, refusals] = [[], []];
  const count = Math.ceil((Number(arg.rate) * Number(arg.seconds)) / OBJECTS);
  const started = performance.now();
  let isOver = false;

  const note = (acceptedAt, age) => {
    (acceptedAt < started + START_MS ? ages.start : ages.steady).push(age);
  };
  const submit = async (number) => {
    const { id, body } = newCheckout(number);
    const sent = performance.now();
    const { status, bytes } = await exchange(`${base}/submit`, { agent, headers, body });
    const now = performance.now();
    answers.push(now - sent);
    if (status !== 200) refusals.push(`${status} ${bytes}`);
    else if (early.delete(id)) note(now, 0);
    else accepted.set(id, now);
  };
  const watch = async () => {
    const watching = new Agent({ keepAlive: true });
    while (!isOver) {
      const listing = `${base}/api/tree/?origin=${ORIGIN}&interval_in_days=1`;
      const { bytes, encoding } = await exchange(listing, { agent: watching });
      const now = performance.now();
      const trees = JSON.parse(await textOf(bytes, encoding));
      for (const tree of Array.isArray(trees) ? trees.filter(isCounted) : []) {
        const since = accepted.get(tree.id);
        if (since !== undefined) note(since, now - since);
        else if (!seen.has(tree.id)) early.add(tree.id);
        accepted.delete(tree.id);
        seen.add(tree.id);
      }
      await sleep(POLL_MS);
    }
  };
  const seen = new Set();
  const watched = watch();
  await atRate(count, Number(arg.rate) / OBJECTS, submit);
  const seconds = (performance.now() - started) / 1000;
  for (const last = performance.now() + GRACE_MS; accepted.size > 0 && performance.now() < last;)
    await sleep(100);
  isOver = true;
  await watched;
  return { ages, answers, refusals, unseen: accepted.size, rate: (count * OBJECTS) / seconds };
}

/** Whether a tree of the listing counts all that its newest checkout's submission has. */
function isCounted({ build_status, boot_status, test_status }) {
  const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
  return sum(build_status) === BUILDS && sum(boot_status) + sum(test_status) === TESTS;
}

/** @returns the exit code */
function report({ ages, answers, refusals, unseen, rate }) {
  const row = (what, times) => {
    times.sort((a, b) => a - b);
    const shown = [0.5, 0.95, 0.99, 1].map((share) => `${percentile(times, share).toFixed(0)} ms`);
    console.log(`${what}: p50 ${shown[0]}, p95 ${shown[1]}, p99 ${shown[2]}, max ${shown[3]}`);
  };
  console.log(
    `${arg.server} server: ${ages.start.length + ages.steady.length} submissions of ${OBJECTS} objects, ${rate.toFixed(0)} objects/s`,
  );
  row("until the answer", answers);
  const all = [...ages.start, ...ages.steady];
  row("from the answer to being seen", all);
  row("  of these, answered in the first 5 s", ages.start);
  row("  of these, answered later", ages.steady);
  console.log(`peak memory of the process: ${peakMegabytes(serving.child.pid).get(serving.child.pid)} MB`);
  if (refusals.length > 0) console.log(`${refusals.length} refused, the first with: ${refusals[0]}`);
  if (unseen > 0) console.log(`${unseen} were never seen`);
  return refusals.length === 0 && unseen === 0 && percentile(all, 0.99) < BUDGET_MS ? 0 : 1;
}
