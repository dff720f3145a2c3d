/** What the load tests share: a server, a data set, the program's environment. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { pino } from "pino";

export const PROJECT = join(import.meta.dirname, "../..");
export const PROGRAM = join(PROJECT, "bin/kernelboard");
const GENERATOR = join(PROJECT, "../shared/datagen/generate.mjs");

/** 36 checkouts of about 3,700 tests. */
export const DATA_SET =
  "--seed 5 --trees 6 --commits 6 --builds 40 --tests 100 --platforms 60 --issues 60 --hours 24 --end 2026-11-22T00:00:00Z --per-file 400";

/**
 * A PostgreSQL: `external` is that of DB_HOST, DB_PORT, DB_USER, DB_PASSWORD (default 127.0.0.1:5432, postgres),
 * `embedded` the one that comes along, in the directory `work`.
 */
export async function openServer(kind, work) {
  if (kind === "external") {
    const { DB_HOST = "127.0.0.1", DB_PORT = "5432", DB_USER = "postgres", DB_PASSWORD = "" } = process.env;
    return {
      host: DB_HOST,
      port: Number(DB_PORT),
      user: DB_USER,
      password: DB_PASSWORD,
      stop: async () => undefined,
    };
  }
  const { startEmbeddedServer } = await import(join(PROJECT, "dist/server/database/embedded.js"));
  const { removeStaged } = await import(join(PROJECT, "dist/server/database/embedded_state.js"));
  const dataDir = join(work, "data");
  const embedded = await startEmbeddedServer({ dataDir, log: pino({ level: "warn" }) });
  const { host, port, user, password } = embedded.connection;
  const stop = async () => {
    await embedded.stop();
    await removeStaged(dataDir);
  };
  return { host, port, user, password, stop };
}

/** Generates submissions into a directory below `work`. */
export function generate(work, options) {
  if (!existsSync(GENERATOR))
    throw new Error("no ../shared/datagen here: name a directory of submissions with --data");
  const out = join(work, "submissions");
  const { stdout, status } = spawnSync(process.execPath, [GENERATOR, "--out", out, ...options.split(" ")]);
  if (status !== 0) throw new Error("the generator failed");
  console.log(`data set: ${stdout.toString().trim()}`);
  return out;
}

/** Creates a database and fills it with submissions. */
export async function fill(server, database, spool) {
  const env = environment(server, database);
  await administer(server, `create database ${database}`);
  spawnSync(process.execPath, [PROGRAM, "migrate"], { env });
  const { status } = spawnSync(process.execPath, [PROGRAM, "ingest", "--spool-dir", spool, "--once"], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`the ingestion ended with ${status}`);
  await query(server, database, "vacuum analyze");
}

/**
 * Starts the program as a user does.
 *
 * @param options.ownSession as a service: the scheduler shares cores out among sessions, where each of PostgreSQL's processes
 *   has one. Ctrl-C does not reach it then, so that whoever asks for this has to end it on signals
 * @returns the process, and the address when it answers
 */
export async function serve(env, args = [], { ownSession = false } = {}) {
  const child = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
    detached: ownSession,
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const base = /Listening on (http:\S+)\//.exec(line)?.[1];
    if (base === undefined) continue;
    child.stdout.resume();
    return { child, base };
  }
  throw new Error(`the server ended with ${child.exitCode}`);
}

/** Ends what `serve` started, if it did. */
export async function end(serving) {
  if (serving === undefined || serving.child.exitCode !== null) return;
  serving.child.kill();
  await once(serving.child, "exit");
}

/** The most memory that a process and those that it started have taken, in MB, by process id. Linux only. */
export function peakMegabytes(pid) {
  const peaks = new Map();
  try {
    for (const id of [pid, ...descendants(pid)]) {
      const status = readFileSync(`/proc/${id}/status`, "utf8");
      peaks.set(id, Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024));
    }
  } catch {
    // One has ended meanwhile, or this is no Linux.
  }
  return peaks;
}

function descendants(pid) {
  const children = readdirSync("/proc").filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]) === pid;
    } catch {
      return false;
    }
  });
  return children.flatMap((id) => [Number(id), ...descendants(Number(id))]);
}

/** Calls `send` with 0, 1, 2, ... at a steady rate, however long a call takes. @returns when all calls are done */
export async function atRate(count, perSecond, send) {
  const started = performance.now();
  const sent = [];
  for (let number = 0; number < count; number++) {
    await sleep(Math.max(0, started + (number * 1000) / perSecond - performance.now()));
    sent.push(send(number));
  }
  return Promise.all(sent);
}

/** @param sorted ascending. @param share 0.5 for the median */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Rows of one statement. */
export async function query(server, database, text, values = []) {
  const connection = client(server, database);
  await connection.connect();
  try {
    return (await connection.query(text, values)).rows;
  } finally {
    await connection.end();
  }
}

/** A client that is not connected yet. */
export function client({ host, port, user, password }, database) {
  return new pg.Client({ host, port, user, password, database });
}

/** One statement on the server's own database. */
export async function administer(server, statement) {
  await query(server, "postgres", statement);
}

/** The environment in which the program uses a database of the server. */
export function environment(server, database) {
  return {
    PATH: process.env.PATH,
    DB_HOST: server.host,
    DB_PORT: String(server.port),
    DB_USER: server.user,
    DB_PASSWORD: server.password,
    DB_NAME: database,
    KERNELBOARD_LOG_LEVEL: process.env.KERNELBOARD_LOG_LEVEL ?? "warn",
  };
}
