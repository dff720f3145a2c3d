/**
 * The embedded PostgreSQL of a data directory: created, started, supervised and stopped with this process.
 *
 * Who holds a data directory is decided by an advisory lock in its own server, taken by a connection that lives as
 * long as the owner. When the owner dies, even by SIGKILL, the operating system closes that connection and the lock
 * is free, whatever happens to the PostgreSQL processes; the next start finds the orphaned server answering without
 * an owner, stops it, and starts its own. Process ids, which get reused, are only shown, never trusted.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.ts";
import { EmbeddedServerError, hasCluster, prepareLayout, type Layout } from "./embedded_layout.ts";
import { createCluster, HOST, spawnServer, stopServer, USER, type Running } from "./embedded_programs.ts";
import { holderText, readState, thisHolder, writeState, type State } from "./embedded_state.ts";
import { errorMessage } from "./errors.ts";
import { clientOptions, type Connection } from "./pool.ts";

export { EmbeddedServerError } from "./embedded_layout.ts";

const DATABASE = "kernelboard";
/** "kernelboard owner", as a number of our own. */
const OWNER_LOCK = 5_265_920_417;
const POLL_MS = 25;
const RETRY_MS = 500;
/** A server that ends this often within the window is not restarted again. */
const RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;
const START_ATTEMPTS = 5;

export interface EmbeddedServer {
  connection: Connection;
  /** The folder of the cluster's files. */
  location: string;
  stop(): Promise<void>;
}

export interface EmbeddedServerOptions {
  /** Absolute path. */
  dataDir: string;
  log: Log;
  /** Called when the server ended and could not be restarted. */
  onLost?: (error: Error) => void;
}

/**
 * Starts the server of a data directory, creating its cluster first when there is none, and waits until it answers.
 *
 * @throws EmbeddedServerError when another process holds the directory (the message says which), or it cannot start
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const { log } = options;
  const layout = await prepareLayout(options.dataDir);
  if (layout.staged) log.warn(layout.staged);
  const state = (await readState(layout)) ?? {
    password: randomBytes(24).toString("base64url"),
    port: 0,
    holder: undefined,
  };
  await removeOrphan(layout, state, log);
  if (!(await hasCluster(layout.cluster))) {
    log.info({ location: layout.location }, "creating the embedded database");
    await writeState(layout, state);
    await createCluster(layout, state.password);
  }
  const running = await startServer(layout, state, log);
  const owner = await takeOwnership(layout, state, running);
  state.holder = thisHolder();
  await writeState(layout, state);
  await createDatabase(state);
  supervise(layout, state, running, owner, options);
  return {
    connection: connectionOf(state),
    location: layout.location,
    stop: async () => {
      running.stopping = true;
      await owner.client?.end().catch(() => undefined);
      await stopServer(layout, log);
      await running.ended;
      await writeState(layout, { ...state, holder: undefined });
    },
  };
}

interface Owner {
  client: pg.Client | undefined;
}

function connectionOf(state: State, database = DATABASE): Connection {
  return {
    host: HOST,
    port: state.port,
    database,
    user: USER,
    password: state.password,
    ssl: false,
    connectTimeoutSeconds: 16,
    idleTimeoutSeconds: 0,
  };
}

function inUse(layout: Layout, state: State): EmbeddedServerError {
  return new EmbeddedServerError(
    `the data directory ${layout.dataDir} is in use by ${holderText(state.holder)}; ` +
      "stop that one first, or choose another directory with KERNELBOARD_DATA_DIR",
  );
}

/** Stops a server that outlived its owner; refuses when the owner is alive. */
async function removeOrphan(layout: Layout, state: State, log: Log): Promise<void> {
  if (state.port === 0) return;
  const client = await tryConnect(state, "postgres");
  if (client === undefined) return;
  try {
    if (!(await tryLock(client))) throw inUse(layout, state);
  } finally {
    await client.end().catch(() => undefined);
  }
  log.warn(
    `a PostgreSQL without its owner, ${holderText(state.holder)}, was still running; it is stopped and started again`,
  );
  await stopServer(layout, log);
}

async function tryConnect(state: State, database: string): Promise<pg.Client | undefined> {
  const client = new pg.Client(clientOptions(connectionOf(state, database), "kernelboard owner"));
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => undefined);
    return undefined;
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [
    OWNER_LOCK,
  ]);
  return rows[0]?.got === true;
}

async function freePort(wanted: number): Promise<number> {
  const listen = (port: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => {
        resolve(undefined);
      });
      server.listen(port, HOST, () => {
        const address = server.address();
        server.close(() => {
          resolve(typeof address === "object" && address !== null ? address.port : undefined);
        });
      });
    });
  const port = (wanted === 0 ? undefined : await listen(wanted)) ?? (await listen(0));
  if (port === undefined) throw new EmbeddedServerError(`no free port on ${HOST}`);
  return port;
}

/**
 * Starts the server on the port that it had before, or on any free one, and waits until it answers. Processes of a
 * server that was killed may hold its shared memory for a moment longer.
 */
async function startServer(layout: Layout, state: State, log: Log): Promise<Running> {
  let problem = "";
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const port = await freePort(state.port);
    const running = spawnServer(layout, port, log);
    if (await answers({ ...state, port }, running, log)) {
      state.port = port;
      return running;
    }
    problem = running.lastLines.join("\n");
    if (/lock file .* already exists/.test(problem)) throw inUse(layout, (await readState(layout)) ?? state);
    if (!/address already in use|still in use/i.test(problem)) break;
    await sleep(RETRY_MS);
  }
  throw new EmbeddedServerError(`the embedded PostgreSQL in ${layout.location} does not start:\n${problem}`);
}

/** Polls until the server accepts connections; false when it ended. Recovery after a crash may take its time. */
async function answers(state: State, running: Running, log: Log): Promise<boolean> {
  const started = Date.now();
  let nextNotice = 5000;
  while (!running.hasEnded) {
    const client = await tryConnect(state, "postgres");
    if (client) {
      await client.end().catch(() => undefined);
      return true;
    }
    if (Date.now() - started > nextNotice) {
      log.info(`PostgreSQL is starting or recovering, ${Math.round((Date.now() - started) / 1000)} s so far`);
      nextNotice += 5000;
    }
    await sleep(POLL_MS);
  }
  return false;
}

async function takeOwnership(layout: Layout, state: State, running: Running): Promise<Owner> {
  const client = await tryConnect(state, "postgres");
  if (client && (await tryLock(client))) return { client };
  await client?.end().catch(() => undefined);
  running.child.kill("SIGINT");
  throw inUse(layout, (await readState(layout)) ?? state);
}

async function createDatabase(state: State): Promise<void> {
  const client = await tryConnect(state, "postgres");
  if (!client) throw new EmbeddedServerError("the embedded PostgreSQL went away while it was set up");
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Restarts a server that ends by itself. The pool's next connections find it, for it keeps its port. */
function supervise(
  layout: Layout,
  state: State,
  running: Running,
  owner: Owner,
  options: EmbeddedServerOptions,
): void {
  const { log } = options;
  void running.ended.then(async () => {
    if (running.stopping) return;
    const now = Date.now();
    running.restarts = [...running.restarts.filter((time) => now - time < RESTART_WINDOW_MS), now];
    log.error({ lines: running.lastLines }, "the embedded PostgreSQL ended unexpectedly");
    try {
      if (running.restarts.length > RESTARTS) throw new EmbeddedServerError("it ended too often");
      const port = state.port;
      const next = await startServer(layout, state, log);
      if (state.port !== port) throw new EmbeddedServerError(`its port ${port} is taken`);
      await owner.client?.end().catch(() => undefined);
      owner.client = (await takeOwnership(layout, state, next)).client;
      const { child, hasEnded, ended, lastLines } = next;
      Object.assign(running, { child, hasEnded, ended, lastLines });
      log.info("the embedded PostgreSQL is running again");
      supervise(layout, state, running, owner, options);
    } catch (error) {
      options.onLost?.(
        new EmbeddedServerError(`the embedded PostgreSQL cannot be kept running: ${errorMessage(error)}`),
      );
    }
  });
}
