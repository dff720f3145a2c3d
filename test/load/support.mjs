/** What the load tests share: a server, a data set, the program's environment. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
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

/** A client that is not connected yet. */
export function client({ host, port, user, password }, database) {
  return new pg.Client({ host, port, user, password, database });
}

/** One statement on the server's own database. */
export async function administer(server, statement) {
  const connection = client(server, "postgres");
  await connection.connect();
  await connection.query(statement);
  await connection.end();
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
    KERNELBOARD_LOG_LEVEL: "warn",
  };
}
