/** The commands that stand in code blocks of the documentation, and a shell that runs them. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { atEndOfFile } from "./cleanup.ts";
import type { Outcome } from "./program.ts";
import { PROJECT } from "./shared.ts";
import { temporaryDirectory } from "./spool.ts";

export interface DocCommand {
  /** Path of the file, from the project's root. */
  doc: string;
  line: number;
  /** Without prompt and trailing comment; continuations joined by line ends. */
  text: string;
  /** What the page says that it ends with: the number behind a following `echo $?`, else 0. */
  exitCode: number;
}

export interface CodeBlock {
  language: string;
  line: number;
  lines: string[];
}

/** The fenced blocks of a page; `line` is that of the first one inside, from 1. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: CodeBlock | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1] ?? "", line: index + 2, lines: [] };
    else {
      blocks.push(open);
      open = undefined;
    }
  }
  return blocks;
}

const withoutComment = (line: string): string => line.replace(/\s{2,}# .*$/, "");

/** Lines of a command that ends where no backslash goes on. @returns the lines, and how many they are */
function joined(lines: readonly string[], from: number): string[] {
  const end = lines.findIndex((line, index) => index >= from && !line.endsWith("\\"));
  return lines.slice(from, end + 1);
}

/**
 * The commands of a page: in `console` blocks the lines after `$ `, in `sh` and `bash` blocks every line that is not a
 * comment.
 */
export function commandsOf(doc: string, markdown: string): DocCommand[] {
  const commands: DocCommand[] = [];
  for (const { language, line, lines } of codeBlocks(markdown)) {
    const prompt = language === "console" ? "$ " : ["sh", "bash"].includes(language) ? "" : undefined;
    if (prompt === undefined) continue;
    for (let index = 0; index < lines.length; index++) {
      const first = lines[index] ?? "";
      if (!first.startsWith(prompt) || (prompt === "" && /^\s*(#|$)/.test(first))) continue;
      const parts = joined(lines, index);
      const text = withoutComment(parts.join("\n").slice(prompt.length)).trim();
      const previous = commands.at(-1);
      if (text === "echo $?" && previous !== undefined) previous.exitCode = Number(lines[index + 1]);
      else commands.push({ doc, line: line + index, text, exitCode: 0 });
      index += parts.length - 1;
    }
  }
  return commands;
}

/** The commands of a file of the project. */
export async function commandsOfFile(doc: string): Promise<DocCommand[]> {
  return commandsOf(doc, await readFile(join(PROJECT, doc), "utf8"));
}

/** A program that goes on until it is stopped. */
export interface RunningCommand {
  /** The first group of what it was waited for. */
  shown: string;
  stop: () => Promise<Outcome>;
}

/** Runs commands as an operator types them, in a folder where `bin`, `deploy`, `test` and `requests` are the project's. */
export class DocShell {
  readonly folder: string;
  /** Given to every command, whatever a page exports. */
  readonly environment: Record<string, string>;
  /** What stands for the places, names and addresses of a page, in order. */
  readonly replacements: [string, string][] = [];
  readonly #exported: Record<string, string> = {};
  readonly #path: string;

  private constructor(folder: string, environment: Record<string, string>) {
    this.folder = folder;
    this.environment = environment;
    this.#path = `${join(folder, "path")}:${process.env.PATH ?? ""}`;
  }

  static async create(environment: Record<string, string>): Promise<DocShell> {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, "path"));
    await symlink(join(PROJECT, "bin", "kernelboard"), join(folder, "path", "kernelboard"));
    for (const name of ["bin", "deploy", "requests", "test"])
      await symlink(join(PROJECT, name), join(folder, name));
    return new DocShell(folder, environment);
  }

  /** Runs a command to its end. What it exports is there for those that follow. */
  async run(text: string): Promise<Outcome> {
    const isExport = text.startsWith("export ");
    const { outcome } = this.#start(isExport ? `${text}\nenv -0` : text);
    const ended = await outcome;
    if (isExport && ended.code === 0) this.#keepExports(text, ended.stdout);
    return ended;
  }

  /** Starts a command that does not end by itself, and waits until its output matches. It is stopped by SIGTERM. */
  async runUntil(text: string, pattern: RegExp): Promise<RunningCommand> {
    // Or the signal would end the shell, and not the program. Variables before the program are those of `exec`.
    const { child, output, outcome } = this.#start(text.replace(/^((?:\w+=\S+ )*)/, "$1exec "));
    const stop = async (): Promise<Outcome> => {
      child.kill("SIGTERM");
      return outcome;
    };
    atEndOfFile(stop);
    for (;;) {
      const match = pattern.exec(output());
      if (match !== null) return { shown: match[1] ?? match[0], stop };
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${text} ended before it was ready:\n${output()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #start(text: string): { child: ChildProcess; output: () => string; outcome: Promise<Outcome> } {
    const replaced = this.replacements.reduce((before, [from, to]) => before.replaceAll(from, to), text);
    const child = spawn("bash", ["-o", "pipefail", "-c", replaced], {
      cwd: this.folder,
      env: { HOME: this.folder, ...this.#exported, ...this.environment, PATH: this.#path },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const outcome = new Promise<Outcome>((resolve) => {
      child.on("close", (code) => {
        resolve({ code, stdout, stderr });
      });
    });
    return { child, output: () => stdout + stderr, outcome };
  }

  /** Takes the variables that the command names out of the output of `env -0`. */
  #keepExports(text: string, environment: string): void {
    const names = new Set([...text.matchAll(/\b([A-Z][A-Z0-9_]*)=/g)].map((match) => match[1]));
    for (const entry of environment.split("\0")) {
      const [, name = "", value = ""] = /^(\w+)=([\s\S]*)$/.exec(entry) ?? [];
      if (names.has(name)) this.#exported[name] = value;
    }
  }
}
