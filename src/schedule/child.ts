/** Runs one of this program's own commands in a process of its own: with a time limit, and the end of its output kept. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "../database/errors.ts";
import { giveWay } from "../processes/priority.ts";
import { childEnvironment } from "../settings.ts";
import { PACKAGE_FOLDER } from "../version.ts";
import { JOB_MARK } from "./orphan.ts";
import type { Result } from "./runs.ts";

/** Bytes of output that are kept. */
const KEPT_BYTES = 8192;
/** From being asked to end to being killed. */
const GRACE_MS = 5000;
/** For output that is still on its way when the process has ended. */
const DRAIN_MS = 1000;
/** After being killed a process ends, unless the system itself is stuck. */
const KILLED_MS = 5000;

/** The program whose command it is. */
export const OWN_PROGRAM = join(PACKAGE_FOLDER, "bin", "kernelboard");

export interface ChildOptions {
  args: readonly string[];
  timeoutSeconds: number;
  /** Ends the process. */
  signal: AbortSignal;
  /** Changes of its environment. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Gets the output as it comes, too. */
  onOutput?: (chunk: Buffer) => void;
  program?: string;
}

/** Runs a command to its end. Never throws. */
export async function runChild(options: ChildOptions): Promise<Result> {
  const { args, signal, timeoutSeconds, program = OWN_PROGRAM } = options;
  const tail = new Tail();
  const child = spawn(process.execPath, [JOB_MARK, program, ...args], {
    // The channel tells the child when this process is gone, however that happened.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: childEnvironment(options.environment ?? {}),
    // A group and session of its own, so that what it starts is ended with it, and gives way with it.
    detached: process.platform !== "win32",
  });
  letOthersGoFirst(child);
  const onOutput = (chunk: Buffer): void => {
    tail.add(chunk);
    options.onOutput?.(chunk);
  };
  child.stdout?.on("data", onOutput);
  child.stderr?.on("data", onOutput);
  const ended = endOf(child);
  const done = new AbortController();
  const timeLimit = AbortSignal.timeout(timeoutSeconds * 1000);
  const stop = AbortSignal.any([signal, timeLimit]);
  const stopped = new Promise<"stop">((resolve) => {
    const onStop = (): void => {
      resolve("stop");
    };
    if (stop.aborted) onStop();
    else stop.addEventListener("abort", onStop, { once: true, signal: done.signal });
  });
  try {
    const first = await Promise.race([ended, stopped]);
    const end = first === "stop" ? await endGroup(child, ended) : first;
    const result = { exitCode: end.code, output: tail.text() };
    if (first === "stop") return { ...result, outcome: signal.aborted ? "stopped" : "timed out" };
    if (end.problem !== undefined) return { ...result, outcome: "failed", output: end.problem };
    if (end.code === 0) return { ...result, outcome: "succeeded" };
    return { ...result, outcome: isUnknownCommand(result.output, args) ? "unavailable" : "failed" };
  } finally {
    done.abort();
  }
}

/** Jobs can wait for the processor; who watches the right to act, or answers requests, cannot. */
function letOthersGoFirst({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    giveWay(pid);
  } catch {
    // It is gone, or runs as it is where the system does not allow it.
  }
}

interface End {
  code: number | null;
  problem?: string;
}

/** When the process has ended and its output is read, as far as it comes. */
async function endOf(child: ChildProcess): Promise<End> {
  const closed = new Promise<void>((resolve) =>
    child.once("close", () => {
      resolve();
    }),
  );
  const end = await new Promise<End>((resolve) => {
    child.on("error", (error) => {
      resolve({ code: null, problem: errorMessage(error) });
    });
    child.once("exit", (code, signalName) => {
      resolve(code === null ? { code, problem: `ended by ${signalName ?? "a signal"}` } : { code });
    });
  });
  // What it started may live on and hold the pipes.
  await Promise.race([closed, sleep(DRAIN_MS, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.connected) child.disconnect();
  return end;
}

/** Asks the process and what it started to end, then kills them. */
async function endGroup(child: ChildProcess, ended: Promise<End>): Promise<End> {
  send(child, "SIGTERM");
  const end = await Promise.race([ended, sleep(GRACE_MS, undefined, { ref: false })]);
  send(child, "SIGKILL");
  return end ?? (await Promise.race([ended, sleep(KILLED_MS, undefined, { ref: false })])) ?? { code: null };
}

function send(child: ChildProcess, signalName: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signalName);
    else process.kill(-child.pid, signalName);
  } catch {
    // It is gone.
  }
}

/** As src/main.ts says it. */
function isUnknownCommand(output: string, [name = ""]: readonly string[]): boolean {
  return output.startsWith(`Unknown command: '${name}'`);
}

/** The last bytes of an output. */
class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 4 * KEPT_BYTES) this.#cut();
  }

  /** Without what a table or a terminal cannot hold; of lines that were written over, the last state. */
  text(): string {
    this.#cut();
    return (
      Buffer.concat(this.#chunks)
        .toString("utf8")
        .replace(/\r\n/g, "\n")
        .replace(/[^\n]*\r/g, "")
        // eslint-disable-next-line no-control-regex
        .replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, "")
        .trimEnd()
    );
  }

  #cut(): void {
    const whole = Buffer.concat(this.#chunks).subarray(-KEPT_BYTES);
    this.#chunks = [whole];
    this.#bytes = whole.length;
  }
}
