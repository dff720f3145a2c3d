#!/usr/bin/env node
/**
 * How fast answers come out of the cache, beside a bare `node:http` server that sends the same bytes, head and body: one
 * process each, one after the other in one run, several rounds in turn.
 *
 *   node test/load/hot.mjs [--server embedded|external] [--database NAME] [--seconds 3] [--rounds 3] [--connections 32]
 *
 * With --database, one of the external server that is filled already; else 133,800 generated tests are ingested first.
 * Beside requests a second it tells the processor time that a request takes in the server, because a client that is busy
 * itself hides differences. Needs `npm run build`. Exit code 1 when a share is below what is asked for.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { administer, client, DATA_SET, environment, generate, openServer, PROGRAM } from "./support.mjs";

const { values: arg } = parseArgs({
  options: {
    server: { type: "string", default: "external" },
    database: { type: "string" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "32" },
    "log-level": { type: "string", default: "info" },
    port: { type: "string", default: "8197" },
  },
});

/** Of the bare server's rate. */
const LEAST_SHARE = { 200: 0.5, 304: 0.6 };
const ENCODING = { "accept-encoding": "gzip" };

/** Sends the same bytes again and again, head included. */
const BARE = `
  import { readFileSync } from "node:fs";
  import { createServer } from "node:http";
  const [status, head, path] = process.argv.slice(1);
  const headers = JSON.parse(head);
  const body = readFileSync(path);
  createServer((request, response) => {
    response.writeHead(Number(status), headers);
    if (status === "304") response.end();
    else response.end(body);
  }).listen(Number(process.env.PORT), "127.0.0.1");
`;
/** Headers that the bare server has by itself. */
const NODES_OWN = new Set(["date", "connection", "keep-alive"]);

const work = await mkdtemp(join(tmpdir(), "kernelboard-hot-"));
await chmod(work, 0o755);
const { stop, ...server } = await openServer(arg.server, work);
const database = arg.database ?? `kernelboard_hot_${process.pid}`;
const env = environment(server, database);
const port = Number(arg.port);
const processes = [];
try {
  if (arg.database === undefined) await fill();
  const serving = start([PROGRAM, "serve", "--role", "web", "--workers", "1", "--port", String(port)], {
    ...env,
    KERNELBOARD_LOG_LEVEL: arg["log-level"],
  });
  const base = `http://127.0.0.1:${port}`;
  await answering(`${base}/readyz`);
  console.log(
    `${"answer".padEnd(22)} ${"bytes".padStart(7)} ${"bare: requests/s, µs".padStart(22)} ${"cache: requests/s, µs".padStart(23)} ${"share".padStart(6)}`,
  );
  for (const [name, path] of await paths()) {
    for (const status of [200, 304]) await compare(serving, base, name, path, status);
  }
} finally {
  for (const child of processes) await end(child);
  if (arg.database === undefined) await administer(server, `drop database if exists ${database}`);
  await stop();
  await rm(work, { recursive: true, force: true });
}

async function fill() {
  const spool = generate(work, DATA_SET);
  await administer(server, `create database ${database}`);
  spawnSync(process.execPath, [PROGRAM, "migrate"], { env });
  spawnSync(process.execPath, [PROGRAM, "ingest", "--spool-dir", spool, "--once"], { env, stdio: "ignore" });
}

async function paths() {
  const connection = client(server, database);
  await connection.connect();
  const { rows } = await connection.query(
    "select * from checkouts where origin = 'maestro' and tree_name is not null order by start_time desc limit 1",
  );
  await connection.end();
  const [{ tree_name: tree, git_repository_branch: branch, git_commit_hash: hash, start_time: time }] = rows;
  const end = Math.ceil(time.getTime() / 1000) + 86_400;
  const window = `startTimestampInSeconds=${end - 6 * 86_400}&endTimestampInSeconds=${end}`;
  const commit = `/api/tree/${encodeURIComponent(tree)}/${encodeURIComponent(branch)}/${hash}`;
  return [
    ["/api/tree/", "/api/tree/?interval_in_days=1000"],
    ["/api/hardware/", `/api/hardware/?${window}`],
    ["tree summary", `${commit}/summary`],
    ["tree full", `${commit}/full`],
  ];
}

async function compare(serving, base, name, path, status) {
  const { etag } = await raw(base + path, ENCODING);
  const headers = status === 304 ? { ...ENCODING, "if-none-match": etag } : ENCODING;
  // As it is answered when it is kept.
  const body = await raw(base + path, headers);
  const file = join(work, "body");
  await writeFile(file, body.bytes);
  const bare = start(["--input-type=module", "--eval", BARE, String(status), body.head, file], {
    PATH: process.env.PATH,
    PORT: String(port + 1),
  });
  const bareBase = `http://127.0.0.1:${port + 1}`;
  await answering(bareBase);
  const runs = { bare: [], cache: [] };
  // Until both are as fast as they get.
  await load(bare, bareBase + path, headers, status);
  await load(serving, base + path, headers, status);
  for (let round = 0; round < Number(arg.rounds); round++) {
    runs.bare.push(await load(bare, bareBase + path, headers, status));
    runs.cache.push(await load(serving, base + path, headers, status));
  }
  await end(bare);
  // Of runs one after the other: whatever else the machine does, it does to both.
  const shares = runs.cache.map(({ rate }, round) => rate / runs.bare[round].rate);
  const share = shares.sort((a, b) => a - b)[Math.floor(shares.length / 2)];
  const [left, right] = [median(runs.bare), median(runs.cache)];
  const isEnough = name === "tree full" || share >= LEAST_SHARE[status];
  if (!isEnough) process.exitCode = 1;
  const shown = ({ rate, micros }) => `${Math.round(rate)}, ${micros.toFixed(1)}`;
  console.log(
    `${`${name} ${status}`.padEnd(22)} ${String(status === 304 ? 0 : body.bytes.length).padStart(7)} ${shown(left).padStart(22)} ${shown(right).padStart(23)} ${`${Math.round(share * 100)} %`.padStart(6)}${isEnough ? "" : "  below"}`,
  );
}

/** The bytes as they are sent, and the names and values of the headers in turn. */
async function raw(url, headers) {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      const chunks = [];
      const { rawHeaders } = response;
      const isOurs = (index) => !NODES_OWN.has(rawHeaders[index - (index % 2)].toLowerCase());
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          bytes: Buffer.concat(chunks),
          head: JSON.stringify(rawHeaders.filter((_, index) => isOurs(index))),
          etag: response.headers.etag,
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}

async function load(child, url, headers, status) {
  const before = processorSeconds(child);
  const result = await autocannon({
    url,
    headers,
    connections: Number(arg.connections),
    duration: Number(arg.seconds),
  });
  const seconds = processorSeconds(child) - before;
  const answered = result.statusCodeStats?.[status]?.count ?? 0;
  const all = result.requests.total;
  if (answered < all || result.errors > 0)
    throw new Error(
      `${all - answered} of ${all} answers of ${url} are no ${status}, ${result.errors} failed`,
    );
  return { rate: result.requests.average, micros: (seconds / all) * 1e6 };
}

/** User and system time that a process has used, as Linux tells it in hundredths of a second. */
function processorSeconds({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(runs) {
  return [...runs].sort((a, b) => a.rate - b.rate)[Math.floor(runs.length / 2)];
}

function start(args, childEnvironment) {
  const child = spawn(process.execPath, args, { env: childEnvironment, stdio: "ignore" });
  processes.push(child);
  return child;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await exited;
}

async function answering(url) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}
