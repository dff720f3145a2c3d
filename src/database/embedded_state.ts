/** What a data directory remembers of its embedded PostgreSQL between starts: `postgres.json`. */
import { readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EmbeddedServerError, hasCluster, type Layout } from "./embedded_layout.ts";
import { errorCode, errorMessage } from "./errors.ts";

export interface State {
  password: string;
  port: number;
  holder: Holder | undefined;
}

export interface Holder {
  pid: number;
  command: string;
  since: string;
}

const statePath = (layout: Layout): string => join(layout.dataDir, "postgres.json");

export async function readState(layout: Layout): Promise<State | undefined> {
  const text = await readFile(statePath(layout), "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) {
    if (await hasCluster(layout.cluster)) {
      throw new EmbeddedServerError(
        `${statePath(layout)} is missing, and with it the password of the database in ${layout.cluster}`,
      );
    }
    return undefined;
  }
  try {
    return parseState(JSON.parse(text));
  } catch (error) {
    throw new EmbeddedServerError(`${statePath(layout)} cannot be used: ${errorMessage(error)}`);
  }
}

function parseState(value: unknown): State {
  const record = objectOf(value);
  const { password, port } = record;
  if (typeof password !== "string" || typeof port !== "number") {
    throw new EmbeddedServerError("it holds no password and no port");
  }
  const { pid, command, since } = objectOf(record.holder);
  const isHeld = typeof pid === "number" && typeof command === "string" && typeof since === "string";
  return { password, port, holder: isHeld ? { pid, command, since } : undefined };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Replaced as a whole, so that a crash leaves the old or the new file. */
export async function writeState(layout: Layout, state: State): Promise<void> {
  const path = statePath(layout);
  await writeFile(`${path}.new`, JSON.stringify({ ...state, location: layout.location }, null, 2) + "\n", {
    mode: 0o600,
  });
  await rename(`${path}.new`, path);
}

/** This process, as the next start on its directory shows it. */
export function thisHolder(): Holder {
  const command = ["kernelboard", ...process.argv.slice(2)].join(" ");
  return { pid: process.pid, command, since: new Date().toISOString() };
}

export function holderText(holder: Holder | undefined): string {
  return holder ? `process ${holder.pid} (${holder.command}, since ${holder.since})` : "another process";
}

/** Deletes what lies outside a data directory for it: staged programs and data. To be called before it is deleted. */
export async function removeStaged(dataDir: string): Promise<void> {
  const text = await readFile(join(dataDir, "postgres.json"), "utf8").catch(() => "{}");
  const { location } = objectOf(JSON.parse(text));
  if (typeof location !== "string" || dirname(location) === dataDir) return;
  await rm(location, { recursive: true, force: true });
  // The folder of all staged servers goes with the last one.
  await rmdir(dirname(location)).catch(() => undefined);
}
