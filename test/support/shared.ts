/** Data and checks that lie beside the project where its developers work; tests that use them skip elsewhere. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Connection } from "../../src/database/pool.ts";

const run = promisify(execFile);

export const PROJECT = join(import.meta.dirname, "../..");
export const SHARED = join(PROJECT, "../shared");

/** Why tests on shared data cannot run here, or undefined. */
export const sharedProblem: string | undefined = existsSync(join(SHARED, "conformance"))
  ? undefined
  : "there is no ../shared beside the project";

/** Runs a program with the shared data, from the project's root. @returns its output, also when it failed */
export async function runShared(program: string, args: string[]): Promise<string> {
  try {
    return (await run(program, args, { cwd: PROJECT, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout ?? ""}${stderr ?? String(error)}`;
  }
}

/** The connection as a URL. */
export function dsn({ host, port, database, user, password }: Connection): string {
  return `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

/** Generated submissions, the same for the same arguments, written into a directory. */
export async function generateSubmissions(out: string, args: string): Promise<void> {
  await runShared(process.execPath, [
    join(SHARED, "datagen", "generate.mjs"),
    "--out",
    out,
    ...args.split(" "),
  ]);
}

/** The arguments of the conformance data. */
export const CONFORMANCE_DATA =
  "--seed 42 --trees 12 --commits 8 --builds 7 --tests 18 --platforms 24 --issues 25 --end 2026-11-01T00:00:00Z --per-file 60";
