/** Runs the built program, as a user does. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Connection } from "../../src/database/pool.ts";
import { PROJECT } from "./shared.ts";

const PROGRAM = join(PROJECT, "bin", "kernelboard");

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningProgram {
  child: ChildProcess;
  /** Everything on standard output so far. */
  stdout: () => string;
  stderr: () => string;
  /** Resolves when the output matches; fails when the program ends before. @returns the first group */
  shows: (pattern: RegExp) => Promise<string>;
  ended: Promise<Outcome>;
}

/** The environment that makes the program use a database of the tests. */
export function databaseEnvironment({
  host,
  port,
  database,
  user,
  password,
}: Connection): Record<string, string> {
  return { DB_HOST: host, DB_PORT: String(port), DB_NAME: database, DB_USER: user, DB_PASSWORD: password };
}

/** Starts the program with nothing of this process's environment but what it needs to run. */
export function start(args: string[], environment: Record<string, string> = {}): RunningProgram {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Outcome>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  const shows = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const match = pattern.exec(stdout + stderr);
      if (match) return match[1] ?? match[0];
      if (child.exitCode !== null)
        throw new Error(
          `ended with ${child.exitCode} before showing ${String(pattern)}:\n${stdout}${stderr}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, stdout: () => stdout, stderr: () => stderr, shows, ended };
}

/** Runs the program to its end. */
export function run(args: string[], environment: Record<string, string> = {}): Promise<Outcome> {
  return start(args, environment).ended;
}
