#!/usr/bin/env node
/**
 * Floods a server with uncached requests for the full details of its largest tree, and times what `/api/tree/` takes
 * meanwhile.
 *
 *   node test/load/flood.mjs [--server embedded|external] [--database NAME] [--clients 50] [--rate 20] [--seconds 30]
 *                            [--workers 2]
 *
 * With --database, one of the external server that is filled already; else 133,800 generated tests are ingested first.
 * Needs `npm run build`. Exit code 1 when the 99th percentile of `/api/tree/` is 50 ms or more, a web process takes 500 MB
 * or more, or anything is answered with a 5xx other than 503 with Retry-After.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { administer, client, DATA_SET, environment, generate, openServer, PROGRAM } from "./support.mjs";

const { values: arg } = parseArgs({
  options: {
    server: { type: "string", default: "external" },
    database: { type: "string" },
    clients: { type: "string", default: "50" },
    rate: { type: "string", default: "20" },
    seconds: { type: "string", default: "30" },
    workers: { type: "string", default: "2" },
  },
});

const BUDGET_MS = 50;
const BUDGET_MB = 500;
const WARM_UP_MS = 2000;

const work = await mkdtemp(join(tmpdir(), "kernelboard-flood-"));
await chmod(work, 0o755);
const { stop, ...server } = await openServer(arg.server, work);
const database = arg.database ?? `kernelboard_flood_${process.pid}`;
/** Limits are taken over from the environment, to try others. */
const limits = Object.entries(process.env).filter(([name]) => name.startsWith("KERNELBOARD_"));
const env = { ...environment(server, database), ...Object.fromEntries(limits) };
let serving;
try {
  if (arg.database === undefined) await fill();
  const path = await largestTree();
  serving = await serve();
  process.exitCode = report(await flood(serving.base, path));
} finally {
  if (serving !== undefined && serving.child.exitCode === null) {
    serving.child.kill();
    await once(serving.child, "exit");
  }
  if (arg.database === undefined) await administer(server, `drop database if exists ${database}`);
  await stop();
  await rm(work, { recursive: true, force: true });
}

async function fill() {
  const spool = generate(work, DATA_SET);
  await administer(server, `create database ${database}`);
  spawnSync(process.execPath, [PROGRAM, "migrate"], { env });
  spawnSync(process.execPath, [PROGRAM, "ingest", "--spool-dir", spool, "--once"], { env, stdio: "inherit" });
}

/** The address of the full details of the commit with the most tests. */
async function largestTree() {
  const connection = client(server, database);
  await connection.connect();
  await connection.query("vacuum analyze");
  const { rows } = await connection.query(`
    select c.git_commit_hash, c.git_repository_url, c.git_repository_branch, c.origin, count(*) as tests
    from checkouts c join builds b on b.checkout_id = c.id join tests t on t.build_id = b.id
    group by 1, 2, 3, 4 order by tests desc limit 1`);
  await connection.end();
  const [{ git_commit_hash, git_repository_url, git_repository_branch, origin, tests }] = rows;
  console.log(`the largest commit has ${tests} tests`);
  const query = new URLSearchParams({
    origin,
    git_url: git_repository_url ?? "",
    git_branch: git_repository_branch ?? "",
  });
  return `/api/tree/${git_commit_hash}/full?${query}`;
}

async function serve() {
  const child = spawn(
    process.execPath,
    [PROGRAM, "serve", "--role", "web", "--port", "0", "--workers", arg.workers],
    {
      env: { ...env, CACHE_TIMEOUT: "0", KERNELBOARD_LOG_LEVEL: "error" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const base = /Listening on (http:\S+)\//.exec(line)?.[1];
    if (base !== undefined) return { child, base };
  }
  throw new Error(`the server ended with ${child.exitCode}`);
}

async function flood(base, path) {
  const statuses = new Map();
  const bad = [];
  const times = [];
  let bytes = 0;
  let isOver = false;
  const count = ({ status, retryAfter }, what) => {
    const key = `${what} ${status}`;
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
    if (status >= 500 && !(status === 503 && retryAfter !== undefined)) bad.push(key);
  };
  const flooders = Array.from({ length: Number(arg.clients) }, async () => {
    const agent = new Agent({ keepAlive: true });
    while (!isOver) {
      const answer = await get(agent, base + path);
      bytes += answer.bytes;
      count(answer, "full");
      // As a client does that heeds Retry-After, if an impatient one.
      if (answer.status === 503) await sleep(200);
    }
    agent.destroy();
  });
  await sleep(WARM_UP_MS);
  const memory = watchMemory(() => isOver);
  const agent = new Agent({ keepAlive: true });
  const asked = [];
  const everyMs = 1000 / Number(arg.rate);
  const started = performance.now();
  for (let number = 0; number < Number(arg.rate) * Number(arg.seconds); number++) {
    // At a steady rate, however long answers take: nobody waits for the one before.
    await sleep(Math.max(0, started + number * everyMs - performance.now()));
    const sent = performance.now();
    asked.push(
      get(agent, `${base}/api/tree/?interval_in_days=1000`).then((answer) => {
        times.push(performance.now() - sent);
        count(answer, "tree");
      }),
    );
  }
  await Promise.all(asked);
  isOver = true;
  await Promise.all(flooders);
  agent.destroy();
  return { statuses, bad, times, bytes, peak: await memory };
}

function get(agent, url) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, headers: { "accept-encoding": "gzip" } }, (response) => {
      let bytes = 0;
      response.on("data", (chunk) => (bytes += chunk.length));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode, retryAfter: response.headers["retry-after"], bytes });
      });
    });
    outgoing.on("error", reject).end();
  });
}

/** The most that a web process has taken, in MB, by its id. */
async function watchMemory(isOver) {
  const peak = new Map();
  const supervisor = String(serving.child.pid);
  const pids =
    arg.workers === "1"
      ? [supervisor]
      : execFileSync("pgrep", ["-P", supervisor]).toString().trim().split("\n");
  while (!isOver()) {
    for (const pid of pids) {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const megabytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      peak.set(pid, Math.max(peak.get(pid) ?? 0, megabytes));
    }
    await sleep(250);
  }
  return peak;
}

/** Prints what was seen. @returns the exit code */
function report({ statuses, bad, times, bytes, peak }) {
  times.sort((a, b) => a - b);
  const percentile = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
  const p99 = percentile(0.99);
  const most = Math.max(...peak.values());
  console.log(`answers: ${[...statuses].map(([what, n]) => `${what}: ${n}`).join(", ")}`);
  console.log(`received by the flood: ${(bytes / 1e6).toFixed(1)} MB, compressed`);
  console.log(
    `/api/tree/: median ${percentile(0.5).toFixed(1)} ms, 95th percentile ${percentile(0.95).toFixed(1)} ms, ` +
      `99th ${p99.toFixed(1)} ms, most ${times.at(-1)?.toFixed(1)} ms (aim: 99th under ${BUDGET_MS} ms)`,
  );
  console.log(
    `peak memory: ${[...peak.values()].map((value) => `${value.toFixed(0)} MB`).join(", ")} (aim: under ${BUDGET_MB} MB)`,
  );
  if (bad.length > 0) console.log(`not as they should be: ${[...new Set(bad)].join(", ")}`);
  return p99 < BUDGET_MS && most < BUDGET_MB && bad.length === 0 ? 0 : 1;
}
