/** Running the programs of the embedded PostgreSQL: initdb, postgres, pg_ctl. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Log } from "../log.ts";
import { EmbeddedServerError, giveTo, type Layout } from "./embedded_layout.ts";
import { errorMessage } from "./errors.ts";

/** The server listens on this address only. */
export const HOST = "127.0.0.1";
/** The role that owns the cluster. */
export const USER = "kernelboard";

/** Local only, and sized for one machine that also runs Node. The rest is PostgreSQL's default, durability included. */
const SERVER_SETTINGS: Record<string, string> = {
  listen_addresses: HOST,
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  log_min_messages: "warning",
  logging_collector: "off",
  log_destination: "stderr",
  cluster_name: "kernelboard",
};

export interface Running {
  child: ChildProcess;
  hasEnded: boolean;
  ended: Promise<void>;
  stopping: boolean;
  restarts: number[];
  /** The last lines of the server, which say why it did not start. */
  lastLines: string[];
}

/** A clean environment: the server has no use for ours, which may hold secrets. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
}

function asAccount(layout: Layout): { uid?: number; gid?: number } {
  return layout.account ? { uid: layout.account.uid, gid: layout.account.gid } : {};
}

async function runProgram(layout: Layout, program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, {
    ...asAccount(layout),
    cwd: layout.location,
    env: serverEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new EmbeddedServerError(`${program} failed with exit code ${code}: ${output.trim()}`);
}

/** `initdb` into a new folder that gets its final name only when it is complete. */
export async function createCluster(layout: Layout, password: string): Promise<void> {
  const fresh = `${layout.cluster}.new`;
  const passwordFile = join(layout.location, "password.new");
  await rm(fresh, { recursive: true, force: true });
  await rm(layout.cluster, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await giveTo(layout.account, fresh);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveTo(layout.account, passwordFile);
  try {
    await runProgram(layout, layout.programs.initdb, [
      `--pgdata=${fresh}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--no-instructions",
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, layout.cluster);
}

export function spawnServer(layout: Layout, port: number, log: Log): Running {
  const args = ["-D", layout.cluster, "-p", String(port)];
  for (const [name, value] of Object.entries(SERVER_SETTINGS)) args.push("-c", `${name}=${value}`);
  // A process group of its own: a Ctrl-C in the terminal is for us, who stop the server after our last statement.
  const child = spawn(layout.programs.postgres, args, {
    ...asAccount(layout),
    cwd: layout.location,
    env: serverEnvironment(),
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
    log.debug({ postgres: line }, "postgres");
  });
  const running: Running = {
    child,
    hasEnded: false,
    ended: Promise.resolve(),
    stopping: false,
    restarts: [],
    lastLines,
  };
  running.ended = new Promise<void>((resolve) => {
    const end = (): void => {
      running.hasEnded = true;
      resolve();
    };
    child.on("close", end).on("error", (error) => {
      lastLines.push(error.message);
      end();
    });
  });
  return running;
}

/** Fast shutdown: running statements are cancelled, a checkpoint is written. */
export async function stopServer(layout: Layout, log: Log): Promise<void> {
  const stop = (mode: string, seconds: number): Promise<void> =>
    runProgram(layout, layout.programs.pgCtl, [
      "stop",
      "-D",
      layout.cluster,
      "-m",
      mode,
      "-w",
      "-t",
      `${seconds}`,
    ]);
  try {
    await stop("fast", 60);
  } catch (error) {
    log.warn({ error: errorMessage(error) }, "PostgreSQL did not stop in time; it is ended at once");
    await stop("immediate", 30);
  }
}
