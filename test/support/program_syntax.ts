/** Whether a command line that is not run could be: the program has its commands and options, the project its files. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { COMMANDS } from "../../src/commands/commands.ts";
import { PROJECT } from "./shared.ts";

const underscored = (name: string): string => name.replaceAll("-", "_");

/** By their names with underscores. */
const commands = new Map<string, Command>();
for (const [name, load] of COMMANDS) commands.set(underscored(name), await load());

/** The words of a command line, without their quotes; operators of the shell are words. */
function words(text: string): string[] {
  return [...text.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)].map(([word]) => word.replaceAll(/^['"]|['"]$/g, ""));
}

const OPERATORS = ["&&", "||", "|", ";"];
/** Stand for something in a text: `kernelboard COMMAND --help`. */
const isPlaceholder = (word: string): boolean => /^[A-Z_]+$|^\.\.\.$/.test(word);

function knows(command: Command, option: string): boolean {
  const name = option.replace(/=.*/, "");
  return (
    ["--help", "-h"].includes(name) ||
    command.options.some(({ long, short }) => long === name || short === name)
  );
}

/** What is wrong with the arguments of the program. */
function argumentsProblem(args: readonly string[]): string | undefined {
  const [name = ""] = args;
  if (isPlaceholder(name) || ["--help", "--version", "help"].includes(name)) return undefined;
  let command = commands.get(underscored(name));
  if (command === undefined) return `there is no command ${name}`;
  let rest = args.slice(1);
  while (command.commands.length > 0 && rest[0] !== undefined && !rest[0].startsWith("-")) {
    const [wanted] = rest;
    if (isPlaceholder(wanted)) return undefined;
    const found: Command | undefined = command.commands.find((candidate) => candidate.name() === wanted);
    if (found === undefined) return `${command.name()} has no command ${wanted}`;
    command = found;
    rest = rest.slice(1);
  }
  const end = rest.indexOf("--");
  const known = command;
  const unknown = (end < 0 ? rest : rest.slice(0, end)).find(
    (word) => /^--?[a-z]/.test(word) && !knows(known, word),
  );
  return unknown === undefined ? undefined : `${known.name()} has no option ${unknown}`;
}

/** Files of the project that a command names, relative to the folder that it goes to. */
function filesProblem(text: string, parts: readonly string[]): string | undefined {
  const folder =
    /\bcd (\S+) &&/.exec(text)?.[1] ?? (text.startsWith("docker compose") ? "deploy/compose" : "");
  const named = parts.filter((word) => /^(deploy|test|scripts|requests)\//.test(word));
  const composed = parts.filter((_, index) => parts[index - 1] === "-f" && text.startsWith("docker compose"));
  const missing = [...named.map((path) => path), ...composed.map((path) => join(folder, path))].find(
    (path) => !existsSync(join(PROJECT, path)),
  );
  return missing === undefined ? undefined : `there is no ${missing}`;
}

interface PackageJson {
  scripts: Record<string, string>;
}

/** Scripts of npm, and options of the project's own scripts, which have to occur in them. */
async function scriptsProblem(text: string, parts: readonly string[]): Promise<string | undefined> {
  const { scripts } = JSON.parse(await readFile(join(PROJECT, "package.json"), "utf8")) as PackageJson;
  for (const [, name = ""] of text.matchAll(/\bnpm run ([\w:]+)/g))
    if (scripts[name] === undefined) return `there is no script ${name}`;
  const [program, file = ""] = parts;
  if (program !== "node") return undefined;
  const source = await readFile(join(PROJECT, file), "utf8");
  const unknown = parts.find((word) => word.startsWith("--") && !source.includes(word.slice(2)));
  return unknown === undefined ? undefined : `${file} has no option ${unknown}`;
}

/** Why a command line cannot be right, or undefined. */
export async function syntaxProblem(text: string): Promise<string | undefined> {
  const parts = words(text);
  for (const [index, word] of parts.entries()) {
    const before = parts[index - 1];
    const isProgram = before === undefined || OPERATORS.includes(before) || /^\w+=/.test(before);
    if (!isProgram || !/^(bin\/)?kernelboard$/.test(word)) continue;
    const rest = parts.slice(index + 1);
    const end = rest.findIndex((candidate) => OPERATORS.includes(candidate) || candidate.startsWith("#"));
    const problem = argumentsProblem(end < 0 ? rest : rest.slice(0, end));
    if (problem !== undefined) return problem;
  }
  return filesProblem(text, parts) ?? (await scriptsProblem(text, parts));
}
