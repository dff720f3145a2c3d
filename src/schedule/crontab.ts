/** The jobs in the calling user's crontab (chapter 08, sections 6.2 and 16 D15, D16). */
import { spawn } from "node:child_process";
import { errorCode } from "../database/errors.ts";
import { jobHash, type Job } from "./job.ts";

/** A crontab that cannot be read or written; the message is one line for the operator. */
export class CrontabError extends Error {
  override name = "CrontabError";
}

/** There is no program `crontab`. */
export class NoCrontab extends CrontabError {
  override name = "NoCrontab";
}

/** Ends our lines; the first form is that of the reference, whose lines we replace. */
const OWN_LINE = /# ?(?:django-cronjobs for \S.*|kernelboard job \S+)\s*$/;
const HASH = /\bcrontab run ([0-9a-f]{32})\b/;
const TIMEOUT_MS = 10_000;
const MOST_BYTES = 4 * 1024 * 1024;

export interface OwnLine {
  line: string;
  /** Names the job; undefined where the line does not. */
  hash: string | undefined;
}

/** Lines of a crontab: ours, and all others as they are. */
export function splitCrontab(text: string): { own: OwnLine[]; foreign: string[] } {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const isOwn = (line: string): boolean => OWN_LINE.test(line) && !line.trimStart().startsWith("#");
  return {
    own: lines.filter(isOwn).map((line) => ({ line, hash: HASH.exec(line)?.[1] })),
    foreign: lines.filter((line) => !isOwn(line)),
  };
}

/** The line of a job. cron takes a bare percent sign for the end of the command. */
export function crontabLine(job: Job, program: readonly string[], suffix: string): string {
  const command = [...program.map(shellWord), "crontab", "run", jobHash(job)]
    .join(" ")
    .replaceAll("%", "\\%");
  return [job.schedule, command, ...(suffix === "" ? [] : [suffix]), `# kernelboard job ${job.name}`].join(
    " ",
  );
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** @throws CrontabError */
export async function readCrontab(): Promise<string> {
  const { code, stdout, stderr } = await crontab(["-l"]);
  if (code === 0) return stdout;
  if (/no crontab for/i.test(stderr)) return "";
  throw new CrontabError(
    `crontab -l failed: ${stderr.trim().slice(0, 500) || `exit code ${code ?? "none"}`}`,
  );
}

/** Replaces the crontab; an empty one is one with nothing in it. @throws CrontabError */
export async function writeCrontab(lines: readonly string[]): Promise<void> {
  const { code, stderr } = await crontab(["-"], lines.map((line) => `${line}\n`).join(""));
  if (code !== 0)
    throw new CrontabError(
      `crontab - failed: ${stderr.trim().slice(0, 500) || `exit code ${code ?? "none"}`}`,
    );
}

interface Done {
  code: number | null;
  stdout: string;
  stderr: string;
}

function crontab(args: string[], input = ""): Promise<Done> {
  return new Promise((resolve, reject) => {
    const child = spawn("crontab", args, { stdio: "pipe", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) child.kill("SIGKILL");
        else chunks[name].push(chunk);
      });
    child.on("error", (error) => {
      reject(
        errorCode(error) === "ENOENT"
          ? new NoCrontab(
              "there is no program crontab here; install cron, or let `kernelboard schedule` run the jobs",
            )
          : new CrontabError(
              error.name === "AbortError"
                ? `crontab did not end within ${TIMEOUT_MS / 1000} s`
                : error.message,
            ),
      );
    });
    child.on("close", (code) => {
      resolve({
        code,
        stdout: Buffer.concat(chunks.stdout).toString("utf8"),
        stderr: Buffer.concat(chunks.stderr).toString("utf8"),
      });
    });
    // One that ends without reading says why by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
