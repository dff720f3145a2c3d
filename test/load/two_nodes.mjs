#!/usr/bin/env node
/**
 * Times how long after its acceptance by one node a submission is seen through another: two servers of one database, the
 * second one a reader alone; with `--replica-url` it answers from that streaming replica where it may.
 *
 *   node test/load/two_nodes.mjs [--count 100] [--replica-url postgres://127.0.0.1:5441] [--redis-host HOST]
 *
 * The server is that of DB_HOST, DB_PORT, DB_USER, DB_PASSWORD (see support.mjs). Needs `npm run build`. Exit code 1 when
 * a submission is refused, or is not seen within a second.
 */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { administer, environment, openServer, PROGRAM, PROJECT } from "./support.mjs";

const { values: arg } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    "replica-url": { type: "string" },
    "redis-host": { type: "string" },
  },
});

const BUDGET_MS = 1000;
const ORIGIN = "nodes";

const work = await mkdtemp(join(tmpdir(), "kernelboard-two-nodes-"));
const server = await openServer("external", work);
const database = `kernelboard_two_nodes_${process.pid}`;
const nodes = [];
try {
  await administer(server, `create database ${database}`);
  const secret = randomBytes(32).toString("hex");
  const spool = join(work, "spool");
  await mkdir(spool);
  const env = {
    ...environment(server, database),
    KERNELBOARD_SUBMIT_SECRET: secret,
    ...(arg["redis-host"] === undefined ? {} : { REDIS_HOST: arg["redis-host"] }),
  };
  spawnSync(process.execPath, [PROGRAM, "migrate"], { env });
  const writer = await serve(env, ["--spool-dir", spool]);
  const reader = await serve(
    { ...env, ...(arg["replica-url"] === undefined ? {} : { DB_REPLICA_URLS: arg["replica-url"] }) },
    ["--role", "web"],
  );
  const { createToken } = await import(join(PROJECT, "dist/server/submit/tokens.js"));
  const token = await createToken(secret, [ORIGIN]);
  const ages = [];
  for (let number = 0; number < Number(arg.count); number++)
    ages.push(await seen(number, writer, reader, token));
  ages.sort((one, other) => one - other);
  const at = (share) => `${ages[Math.min(ages.length - 1, Math.floor(ages.length * share))].toFixed(0)} ms`;
  console.log(
    `${ages.length} submissions through one node, seen through the other: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)}`,
  );
  process.exitCode = ages.at(-1) < BUDGET_MS ? 0 : 1;
} finally {
  for (const child of nodes) {
    child.kill();
    await once(child, "exit");
  }
  await administer(server, `drop database if exists ${database}`);
  await rm(work, { recursive: true, force: true });
}

/** @returns the address of a node */
async function serve(env, options) {
  const child = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", ...options], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  nodes.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const base = /Listening on (http:\S+)\//.exec(line)?.[1];
    if (base !== undefined) return base;
  }
  throw new Error(`the server ended with ${child.exitCode}`);
}

/** @returns milliseconds from the acceptance until the other node's listing has it */
async function seen(number, writer, reader, token) {
  const id = `${ORIGIN}:${number}`;
  const checkout = {
    id,
    origin: ORIGIN,
    tree_name: `tree-${number}`,
    git_repository_url: "https://git.example.org/tree.git",
    git_repository_branch: "master",
    git_commit_hash: number.toString(16).padStart(40, "0"),
    start_time: new Date().toISOString(),
  };
  const accepted = await fetch(`${writer}/submit`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ version: { major: 5, minor: 3 }, checkouts: [checkout] }),
  });
  if (accepted.status !== 200) throw new Error(`refused: ${accepted.status} ${await accepted.text()}`);
  const since = performance.now();
  for (;;) {
    const answer = await fetch(`${reader}/api/tree/?origin=${ORIGIN}&interval_in_days=1`);
    const trees = await answer.json();
    const now = performance.now();
    if (Array.isArray(trees) && trees.some((tree) => tree.id === id)) return now - since;
    if (now - since > 15_000) throw new Error(`${id} was never seen`);
    await sleep(5);
  }
}
