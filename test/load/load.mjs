#!/usr/bin/env node
/**
 * Many clients on the eight scenarios while submissions come in: throughput, percentiles, errors, memory; whether an answer
 * was older than it may be; and the budgets of budgets.mjs. Needs `npm run build`.
 *
 * A client is somebody in front of a page: it opens what a scenario shows, step by step, then looks at it for
 * `--think` seconds on average (half to one and a half times that) before it goes on. 200 clients that think for two
 * seconds open about 100 pages a second, which is more than 200 people do. With `--think 0` the clients wait for nothing
 * but answers: that measures throughput, and their times then say how many clients there are, not how fast the server is.
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { BARE, THRESHOLDS } from "./budgets.mjs";
import { Clients, exchange, live, newAgent, Records, textOf } from "./clients.mjs";
import { judgeBudgets, judgeThresholds, mediansOf, printBudgets, printTable, tables } from "./report.mjs";
import { discover, SCENARIOS } from "./scenarios.mjs";
import { agree } from "./staleness.mjs";
import { ORIGIN } from "./submissions.mjs";
import {
  administer,
  DATA_SET,
  end,
  environment,
  fill,
  generate,
  openServer,
  peakMegabytes,
  PROJECT,
  query,
  serve,
} from "./support.mjs";

const HELP = `Usage: npm run test:load -- [options]      (or: node test/load/load.mjs [options])

  --server external|embedded  PostgreSQL to make a database on (default: external); see support.mjs
  --base-url URL              a server that runs already, instead; also BASE_URL. Only the thresholds are checked then
  --clients N                 clients at once (default: 200)
  --seconds N                 time under load, after 10 s that do not count (default: 60)
  --think N                   seconds that a client looks at a page, on average (default: 2)
  --rate N                    objects a second that come in over POST /submit (default: 500; 0 for none)
  --workers N                 web processes of the server under test (default: the program's own)
  --scenario NAME             only this one of ${Object.keys(SCENARIOS).join(", ")}
  --days N                    days that the tree listing looks back (default: 7)
  --json FILE                 writes the report as JSON, too

Examples:
  npm run test:load
  npm run test:load -- --server embedded --seconds 20
  BASE_URL=http://127.0.0.1:8000 npm run test:load -- --clients 20 --scenario treeListing

Exit codes: 0 all is well, 1 something is not as it should be, 2 wrong usage.`;

/** The clients go on for this long before they count: code is compiled and plans are made then, as after any start. */
const WARM_UP_MS = 10_000;
const DELAY_RESOLUTION_MS = 5;
/** Rounds through all scenarios before the load, one request after the other. */
const IDLE_ROUNDS = 12;
const BARE_ROUNDS = 200;
/** What was submitted is committed this long after the last submission. */
const SETTLE_MS = 30_000;
/** Addresses of each group that are compared once more when nothing is committed any more. */
const COMPARED_AT_REST = 15;

// Else the clients wait for full collections of their own heap every few seconds, and what they measure with them.
setFlagsFromString("--heap-growing-percent=400");

const arg = options();
const scenarios = arg.scenario === undefined ? SCENARIOS : { [arg.scenario]: SCENARIOS[arg.scenario] };
process.exitCode = arg.baseUrl === undefined ? await runAlone() : await runAgainst(arg.baseUrl);

function options() {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: "boolean" },
        server: { type: "string", default: "external" },
        "base-url": { type: "string", default: process.env.BASE_URL },
        clients: { type: "string", default: "200" },
        seconds: { type: "string", default: "60" },
        think: { type: "string", default: "2" },
        rate: { type: "string", default: "500" },
        days: { type: "string", default: "7" },
        workers: { type: "string" },
        scenario: { type: "string" },
        json: { type: "string" },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const number = (name, least) => {
      const value = Number(values[name]);
      if (!(value >= least)) throw new Error(`--${name}: '${values[name]}' is no number from ${least} on`);
      return value;
    };
    if (!["external", "embedded"].includes(values.server))
      throw new Error(`--server: '${values.server}' is neither external nor embedded`);
    if (values.scenario !== undefined && !Object.hasOwn(SCENARIOS, values.scenario))
      throw new Error(`--scenario: there is no '${values.scenario}'; see --help`);
    if (values["base-url"] !== undefined && !/^https?:\/\/[^/]+/.test(values["base-url"]))
      throw new Error(`--base-url: '${values["base-url"]}' is no address such as http://127.0.0.1:8000`);
    return {
      ...values,
      baseUrl: values["base-url"]?.replace(/\/+$/, ""),
      clients: Math.ceil(number("clients", 1)),
      seconds: number("seconds", 1),
      think: number("think", 0),
      rate: number("rate", 0),
      days: number("days", 1),
    };
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exit(2);
  }
}

/** Load on a server that runs already: nothing is submitted, and its database is not known. */
async function runAgainst(base) {
  const world = await discover(jsonFrom(base), arg);
  const { records, seconds } = await load(base, world);
  const report = { base, ...settings(), ...tables(records, seconds) };
  printTable(report);
  return finish(report, judgeThresholds(report, THRESHOLDS));
}

/** Load on a server of its own, with submissions, and with another one beside that has no cache. */
async function runAlone() {
  const work = await mkdtemp(join(tmpdir(), "kernelboard-load-"));
  await chmod(work, 0o755);
  const { stop, ...server } = await openServer(arg.server, work);
  const database = `kernelboard_load_${process.pid}`;
  const servings = [];
  const cleanUp = async () => {
    for (const serving of servings) await end(serving);
    await administer(server, `drop database if exists ${database} with (force)`);
    await stop();
    await rm(work, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => cleanUp().finally(() => process.exit(1)));
  try {
    const spool = join(work, "spool");
    await mkdir(spool);
    await fill(server, database, generate(work, recent(DATA_SET)));
    const env = environment(server, database);
    const secret = randomBytes(32).toString("hex");
    const workers = arg.workers === undefined ? {} : { KERNELBOARD_WORKERS: arg.workers };
    const ownSession = true;
    const under = await serve(
      { ...env, ...workers, KERNELBOARD_SUBMIT_SECRET: secret },
      ["--spool-dir", spool],
      { ownSession },
    );
    servings.push(under);
    const uncached = { ...env, CACHE_TIMEOUT: "0", KERNELBOARD_WORKERS: "1" };
    const beside = await serve(uncached, ["--role", "web"], { ownSession });
    servings.push(beside);
    const servers = { cached: under.base, uncached: beside.base };
    const world = await discover(jsonFrom(beside.base), arg);
    const idle = {
      bareMs: await bareRoundTrip(beside.base),
      uncached: await mediansWhenIdle(beside.base, world),
      cached: await mediansWhenIdle(under.base, world),
    };
    console.log(`idle medians are measured; ${arg.clients} clients for ${arg.seconds} s`);

    const recentlyAsked = new Records();
    const watching = watchStaleness(servers, recentlyAsked);
    // Who compares is no part of the load, and nothing is measured of it from now on.
    const { giveWay } = await import(join(PROJECT, "dist/server/processes/priority.js"));
    for (const pid of [beside.child.pid, watching.pid]) giveWay(pid);
    const { createToken } = await import(join(PROJECT, "dist/server/submit/tokens.js"));
    const token = await createToken(secret, [ORIGIN, world.window.origin]);
    const [{ records, seconds }, fed] = await Promise.all([
      load(under.base, world, recentlyAsked),
      arg.rate === 0
        ? undefined
        : feedBeside(under.base, {
            rate: arg.rate,
            seconds: arg.seconds + WARM_UP_MS / 1000,
            token,
            world,
          }),
    ]);
    const staleness = await watching.end();
    staleness.lost = fed === undefined ? 0 : await settled(server, database, fed);
    await sleep(1000);
    staleness.atRest = await compareAtRest(servers, records.asked);
    const report = {
      server: arg.server,
      ...settings(),
      ...tables(records, seconds),
      idle,
      fed,
      staleness,
      memoryMegabytes: {
        server: [...peakMegabytes(under.child.pid).values()],
        uncached: [...peakMegabytes(beside.child.pid).values()],
      },
    };
    printTable(report);
    printBudgets(report);
    return await finish(report, [
      ...judgeThresholds(report, { failedShare: 0 }),
      ...judgeBudgets(report),
      ...judgeAnswers(report),
    ]);
  } finally {
    await cleanUp();
  }
}

function settings() {
  const { clients, think, rate, workers } = arg;
  return {
    clients,
    think,
    rate: arg.baseUrl === undefined ? rate : 0,
    workers,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}, Node ${process.version}`,
    at: new Date().toISOString(),
  };
}

/** The data set as if it were of the last days, so that what is asked for by default shows it. */
function recent(set) {
  const end = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, "");
  return set.replace(/--end \S+/, `--end ${end}`);
}

function jsonFrom(base) {
  return async (path) => {
    const { status, bytes, encoding } = await exchange(base + path);
    const text = await textOf(bytes, encoding);
    if (status !== 200) throw new Error(`${status} for ${path}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  };
}

/** @returns the median in milliseconds */
async function bareRoundTrip(base) {
  const records = new Records();
  const agent = newAgent(base);
  for (let round = 0; round < BARE_ROUNDS; round++) {
    const sent = performance.now();
    const { status } = await exchange(`${base}/${BARE}`, { agent });
    records.note({ group: BARE, ms: performance.now() - sent, status }, `/${BARE}`);
  }
  agent.destroy();
  return mediansOf(records)[BARE];
}

/** The median of each group in milliseconds, one request after the other. */
async function mediansWhenIdle(base, world) {
  const records = new Records();
  const open = new Clients(base, records).newClient();
  for (let round = 0; round <= IDLE_ROUNDS; round++) {
    // The first round is not counted: code is compiled and connections are made.
    if (round === 1) records.all = [];
    for (const [name, scenario] of Object.entries(scenarios)) await scenario(open(name), world);
  }
  return mediansOf(records);
}

/** All clients for the time, after they have warmed up. */
async function load(base, world, records = new Records()) {
  const clients = new Clients(base, records);
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  let started = performance.now() + WARM_UP_MS;
  const until = started + arg.seconds * 1000;
  const warm = setTimeout(() => {
    started = performance.now();
    records.all = [];
    records.bytes = 0;
    delay.enable();
  }, WARM_UP_MS);
  await Promise.all(
    Array.from({ length: arg.clients }, (_, number) =>
      live(clients.newClient({ isBrowser: number % 2 === 1 }), {
        scenarios,
        world,
        thinkMs: arg.think * 1000,
        until,
      }),
    ),
  );
  clearTimeout(warm);
  delay.disable();
  // It tells the time from one of its timers to the next.
  const late = (percentile) => Math.max(0, delay.percentile(percentile) / 1e6 - DELAY_RESOLUTION_MS);
  records.ownDelayMs = { p50: late(50), p99: late(99) };
  return { records, seconds: (performance.now() - started) / 1000 };
}

/** Submits in a thread, so that no client waits for it. */
function feedBeside(base, options) {
  const thread = new Worker(new URL("feed.mjs", import.meta.url), {
    workerData: { task: "feed", base, options },
  });
  return new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
}

/** Watches what clients ask for, in a process of its own, so that comparing bodies delays no client. */
function watchStaleness({ cached, uncached }, { asked }) {
  const program = fileURLToPath(new URL("staleness.mjs", import.meta.url));
  const child = fork(program, ["watch", cached, uncached], { detached: true });
  const found = new Promise((resolve, reject) => {
    child.once("message", resolve).once("error", reject);
    child.once("exit", (code) => reject(new Error(`what compares answers ended with ${code}`)));
  });
  // An error is told where it is waited for.
  found.catch(() => undefined);
  const telling = setInterval(() => {
    if (child.connected)
      child.send([...asked.values()].flatMap((targets) => [...targets.values()].slice(-5)));
  }, 1000);
  return {
    pid: child.pid,
    end: () => {
      clearInterval(telling);
      if (child.connected) child.send("end");
      return found;
    },
  };
}

/** Waits until what was submitted is committed. @returns how many of the accepted checkouts never were */
async function settled(server, database, { checkouts }) {
  for (const last = performance.now() + SETTLE_MS; ; await sleep(250)) {
    const [{ count }] = await query(
      server,
      database,
      "select count(*)::integer from checkouts where id = any($1)",
      [checkouts],
    );
    if (count === checkouts.length || performance.now() > last) return checkouts.length - count;
  }
}

/** A second after the last commit, every answer has to be what a server without a cache says. */
async function compareAtRest(servers, asked) {
  const targets = [...asked.values()].flatMap((of) => [...of.values()].slice(-COMPARED_AT_REST));
  const different = [];
  for (const target of targets) if (!(await agree(servers, target))) different.push(target.path);
  return { compared: targets.length, different };
}

/** @returns what is wrong */
function judgeAnswers({ fed, staleness: { samples, undecided, stale, lost, atRest } }) {
  const problems = [];
  if (fed !== undefined && fed.refused.length > 0)
    problems.push(`${fed.refused.length} submissions were refused, the first: ${fed.refused[0]}`);
  if (lost > 0) problems.push(`${lost} accepted checkouts are not stored`);
  if (samples === 0) problems.push("no answer was compared with an uncached one");
  if (stale.length > 0) problems.push(`older than a second behind the last commit: ${stale.join("; ")}`);
  if (undecided > 0) problems.push(`${undecided} samples were none of the uncached answers, in four watches`);
  if (atRest.different.length > 0)
    problems.push(`not as uncached when nothing is committed any more: ${atRest.different.join(" ")}`);
  return problems;
}

async function finish(report, problems) {
  if (arg.json !== undefined) await writeFile(arg.json, JSON.stringify({ ...report, problems }, null, 1));
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  if (problems.length === 0) console.log("all is as it should be");
  return problems.length === 0 ? 0 : 1;
}
