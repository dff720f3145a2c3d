/**
 * The list of jobs: the default ones, as the operators' YAML file changes them. Problems name the file, the job, the
 * key and the rule.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { ScheduleSettings } from "../settings.ts";
import { errorMessage } from "../database/errors.ts";
import { defaultJobs } from "./default_jobs.ts";
import { jobHash, MISSED_RUNS, pattern, type Job, type MissedRuns } from "./job.ts";

/** A jobs file that cannot be used; the message is one line for the operator. */
export class JobsFileError extends Error {
  override name = "JobsFileError";
}

const MOST_JOBS = 100;
const MOST_BYTES = 1024 * 1024;
const MOST_ARGUMENTS = 100;
const LONGEST_ARGUMENT = 2000;
const DEFAULT_TIMEOUT_SECONDS = 3600;
const DEFAULT_CATCH_UP_SECONDS = 60;
/** The time in which another node takes over; runs of this time are nobody's fault. */
const LEAST_CATCH_UP_SECONDS = 15;
const MOST_CATCH_UP_SECONDS = 7 * 86_400;
const MOST_TIMEOUT_SECONDS = 86_400;
/** Runs of a job at once; each is a process. */
const MOST_AT_ONCE = 16;

const TOP_KEYS = ["default_jobs", "jobs"];
const JOB_KEYS = [
  "enabled",
  "schedule",
  "args",
  "options",
  "timeout_seconds",
  "catch_up_seconds",
  "missed_runs",
  "at_once",
];

type Entry = Record<string, unknown>;

/**
 * The jobs that the settings ask for; none when they are skipped.
 *
 * @throws JobsFileError
 */
export function loadJobs(
  { skip, jobsFile, hardwareRegistryUrl }: ScheduleSettings,
  readFile = readJobsFile,
): Job[] {
  if (skip) return [];
  const jobs = new Map(defaultJobs(hardwareRegistryUrl).map((job) => [job.name, job]));
  if (jobsFile !== undefined) {
    try {
      applyFile(jobs, readFile(jobsFile));
    } catch (error) {
      throw new JobsFileError(`${jobsFile}: ${errorMessage(error)}`);
    }
  }
  return [...jobs.values()];
}

function readJobsFile(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > MOST_BYTES) throw new Error(`has ${bytes.length} bytes, more than ${MOST_BYTES}`);
  return bytes.toString("utf8");
}

function applyFile(jobs: Map<string, Job>, text: string): void {
  const file = entry("the file", parse(text, { maxAliasCount: 100 }) ?? {});
  onlyKeys("the file", file, TOP_KEYS);
  if (typeof (file.default_jobs ?? true) !== "boolean")
    throw new Error("default_jobs: must be true or false");
  if (file.default_jobs === false) jobs.clear();
  const changes = Object.entries(entry("jobs", file.jobs ?? {}));
  if (changes.length > MOST_JOBS) throw new Error(`jobs: has ${changes.length}, more than ${MOST_JOBS}`);
  for (const [name, value] of changes) {
    if (!/^[a-z0-9_]{1,64}$/.test(name))
      throw new Error(`jobs: '${name.slice(0, 100)}' must be 1 to 64 of a-z, 0-9 and _`);
    const job = changedJob(name, jobs.get(name), entry(name, value));
    if (job === undefined) jobs.delete(name);
    else jobs.set(name, job);
  }
  const hashes = new Map<string, string>();
  for (const job of jobs.values()) {
    const twin = hashes.get(jobHash(job));
    if (twin !== undefined) throw new Error(`${job.name}: has the schedule and args of ${twin}`);
    hashes.set(jobHash(job), job.name);
  }
}

/** A job with what the file says of it; undefined when it is switched off. */
function changedJob(name: string, known: Job | undefined, said: Entry): Job | undefined {
  onlyKeys(name, said, JOB_KEYS);
  if (typeof (said.enabled ?? true) !== "boolean") throw new Error(`${name}.enabled: must be true or false`);
  if (said.enabled === false) return undefined;
  return {
    name,
    schedule: scheduleOf(name, said.schedule ?? known?.schedule),
    args: withOptions(
      name,
      argsOf(name, said.args ?? known?.args),
      entry(`${name}.options`, said.options ?? {}),
    ),
    timeoutSeconds: wholeNumber(
      `${name}.timeout_seconds`,
      "of seconds ",
      said.timeout_seconds ?? known?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
      1,
      MOST_TIMEOUT_SECONDS,
    ),
    catchUpSeconds: wholeNumber(
      `${name}.catch_up_seconds`,
      "of seconds ",
      said.catch_up_seconds ?? known?.catchUpSeconds ?? DEFAULT_CATCH_UP_SECONDS,
      LEAST_CATCH_UP_SECONDS,
      MOST_CATCH_UP_SECONDS,
    ),
    missedRuns: missedRunsOf(name, said.missed_runs ?? known?.missedRuns ?? "newest"),
    atOnce: wholeNumber(`${name}.at_once`, "", said.at_once ?? known?.atOnce ?? 1, 1, MOST_AT_ONCE),
  };
}

function missedRunsOf(name: string, value: unknown): MissedRuns {
  const known = MISSED_RUNS.find((candidate) => candidate === value);
  if (known === undefined) throw new Error(`${name}.missed_runs: must be one of ${MISSED_RUNS.join(", ")}`);
  return known;
}

function scheduleOf(name: string, value: unknown): string {
  if (value === undefined) throw new Error(`${name}.schedule: is missing; example: "30 2 * * *"`);
  const text = typeof value === "string" ? value.trim().replace(/\s+/g, " ") : "";
  const fields = text.split(" ").length;
  if (text.length > 200 || (fields !== 5 && fields !== 6))
    throw new Error(`${name}.schedule: must be a text of five fields, or of six beginning with the second`);
  try {
    if (pattern(text).nextRun() === null) throw new Error("it never comes");
  } catch (error) {
    throw new Error(`${name}.schedule: '${text}' cannot be used: ${errorMessage(error)}`, { cause: error });
  }
  return text;
}

function argsOf(name: string, value: unknown): string[] {
  if (value === undefined) throw new Error(`${name}.args: is missing; example: [update_hardware_registry]`);
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_ARGUMENTS)
    throw new Error(`${name}.args: must be a list of 1 to ${MOST_ARGUMENTS} texts, the command first`);
  return value.map((argument) => argumentOf(`${name}.args`, argument));
}

/** Replaces `--name=value` in the arguments, adds it where it is not there yet, and removes it for null. */
function withOptions(name: string, args: string[], options: Entry): string[] {
  let changed = args;
  for (const [option, value] of Object.entries(options)) {
    if (!/^[a-z][a-z0-9-]{0,63}$/.test(option))
      throw new Error(
        `${name}.options: '${option.slice(0, 100)}' is no name of an option without its dashes`,
      );
    const isSame = (argument: string): boolean =>
      argument === `--${option}` || argument.startsWith(`--${option}=`);
    const at = changed.findIndex(isSame);
    const rest = changed.filter((argument) => !isSame(argument));
    if (value === null) {
      changed = rest;
      continue;
    }
    const text =
      value === true ? `--${option}` : `--${option}=${argumentOf(`${name}.options.${option}`, value)}`;
    changed = at === -1 ? [...rest, text] : [...rest.slice(0, at), text, ...rest.slice(at)];
  }
  return changed;
}

function argumentOf(where: string, value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  // eslint-disable-next-line no-control-regex
  if (typeof text !== "string" || text.length > LONGEST_ARGUMENT || /[\u0000-\u001f]/.test(text))
    throw new Error(`${where}: must be a text of at most ${LONGEST_ARGUMENT} characters on one line`);
  return text;
}

/** @param unit with a blank behind it, for the message */
function wholeNumber(where: string, unit: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > maximum)
    throw new Error(`${where}: must be a whole number ${unit}from ${minimum} to ${maximum}`);
  return value;
}

function entry(where: string, value: unknown): Entry {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${where}: must be a mapping of names to values`);
  return value as Entry;
}

function onlyKeys(where: string, value: Entry, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Error(`${where}: '${unknown.slice(0, 100)}' is none of ${known.join(", ")}`);
}
