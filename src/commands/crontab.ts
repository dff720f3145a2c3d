/** `kernelboard crontab`: the scheduled jobs in the system's crontab, for who prefers it (chapter 08, section 6.2). */
import { existsSync } from "node:fs";
import { Command } from "commander";
import { jobHash, jobText, type Job } from "../schedule/job.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, type Context } from "./context.ts";
import { failUnlessDone, runOneJob } from "./run_one_job.ts";

interface CrontabArguments {
  verbosity: number;
  dryRun?: boolean;
  json?: boolean;
}

/** To the log of the container, whose first process is not cron's parent. */
const CONTAINER_SUFFIX = ">> /proc/1/fd/1 2>&1";
const CONTAINER_SIGNS = ["/.dockerenv", "/run/.containerenv"];
const MINUTE_MS = 60_000;
const LAST_NOTICES_MS = 10_000;
/** A system's crontab knows nothing of seconds. */
const CRONTAB_FIELDS = 5;

async function jobsOf({ settings }: Context): Promise<Job[]> {
  const { loadJobs } = await import("../schedule/jobs_file.ts");
  return loadJobs(settings.schedule);
}

function suffixOf({ settings }: Context): string {
  const isContainer = CONTAINER_SIGNS.some((path) => existsSync(path));
  return settings.schedule.crontabSuffix ?? (isContainer ? CONTAINER_SUFFIX : "");
}

/** Replaces our lines in the crontab by those of some jobs. */
async function replace(
  context: Context,
  jobs: readonly Job[],
  { verbosity, dryRun = false, json }: CrontabArguments,
): Promise<void> {
  const { crontabLine, readCrontab, splitCrontab, writeCrontab } = await import("../schedule/crontab.ts");
  const { OWN_PROGRAM } = await import("../schedule/child.ts");
  const known = new Map((await jobsOf(context)).map((job) => [jobHash(job), job]));
  const { own, foreign } = splitCrontab(await readCrontab());
  const program = [process.execPath, OWN_PROGRAM];
  const fine = jobs.filter(({ schedule }) => schedule.split(" ").length === CRONTAB_FIELDS);
  if (!dryRun)
    await writeCrontab([...foreign, ...fine.map((job) => crontabLine(job, program, suffixOf(context)))]);
  if (json) {
    const removed = own.map(({ hash }) => ({ hash: hash ?? null, job: nameOf(known, hash) }));
    const added = fine.map((job) => ({ hash: jobHash(job), job: job.name }));
    console.log(JSON.stringify({ dry_run: dryRun, removed, added }, null, 2));
  } else if (verbosity > 0) {
    for (const { hash } of own)
      console.log(`removing cronjob: (${hash ?? "?"}) -> ${described(known, hash)}`);
    for (const job of fine) console.log(`  adding cronjob: (${jobHash(job)}) -> ${jobText(job)}`);
    if (dryRun) console.log("[DRY RUN] The crontab was not changed.");
  }
  for (const { name, schedule } of jobs) {
    if (schedule.split(" ").length !== CRONTAB_FIELDS)
      context.log.warn(`job ${name} is left out: '${schedule}' has seconds, which a crontab does not`);
  }
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (fine.length > 0 && new Date().getTimezoneOffset() !== 0)
    context.log.warn(`cron goes by this system's time zone, ${timeZone}; the schedules are meant in UTC`);
}

function nameOf(known: ReadonlyMap<string, Job>, hash: string | undefined): string | null {
  return (hash === undefined ? undefined : known.get(hash)?.name) ?? null;
}

function described(known: ReadonlyMap<string, Job>, hash: string | undefined): string {
  const job = hash === undefined ? undefined : known.get(hash);
  return job === undefined ? "no job of the present list" : jobText(job);
}

async function show(context: Context, { verbosity }: CrontabArguments): Promise<void> {
  const { NoCrontab, readCrontab, splitCrontab } = await import("../schedule/crontab.ts");
  const known = new Map((await jobsOf(context)).map((job) => [jobHash(job), job]));
  const hashes: (string | undefined)[] = [];
  let title = "Currently active jobs in crontab:";
  try {
    for (const { hash } of splitCrontab(await readCrontab()).own) hashes.push(hash);
  } catch (error) {
    if (!(error instanceof NoCrontab)) throw error;
    // As in the container, whose server runs the jobs by itself.
    title = "There is no cron here. Jobs that the scheduler runs:";
    hashes.push(...known.keys());
  }
  if (verbosity === 0) return;
  console.log(title);
  for (const hash of hashes) console.log(`${hash ?? "?"} -> ${described(known, hash)}`);
}

async function run(context: Context, hash: string, { verbosity }: CrontabArguments): Promise<void> {
  const job = (await jobsOf(context)).find((one) => jobHash(one) === hash);
  if (job === undefined)
    throw new CommandError(
      `No job with hash ${hash.slice(0, 100)} found. It seems the crontab is out of sync with the list of jobs. Run ` +
        '"kernelboard crontab add" again to resolve this issue!',
    );
  const { createNotices } = await import("../notices/notices.ts");
  const notices = createNotices(context.settings, context.log);
  try {
    const result = await runOneJob(context, {
      job,
      // The minute that cron woke up for: the same on all machines, and for the scheduler.
      scheduledFor: new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS),
      startedBy: "crontab",
      notices,
      onOutput: (chunk) => {
        if (verbosity > 0) process.stdout.write(chunk);
      },
    });
    if (result === undefined) {
      if (verbosity > 0) console.log(`Job ${job.name} was run for this minute already.`);
      return;
    }
    failUnlessDone(job, result);
  } finally {
    await notices.close(LAST_NOTICES_MS);
  }
}

function verbose(command: Command): Command {
  return command.option("-v, --verbosity <level>", "0 prints nothing but errors", wholeNumber(0, 3), 1);
}

function changing(command: Command): Command {
  return verbose(command)
    .option("--dry-run", "only show what would be removed and added")
    .option("--json", "print what was removed and added as JSON");
}

export function crontabCommand(): Command {
  const add = changing(new Command("add"))
    .summary("put the jobs into the crontab")
    .description(
      "Removes our lines from the calling user's crontab, also those of the KernelCI Dashboard, and adds one for each job.\n" +
        "Other lines stay. Each ends with CRONTAB_COMMAND_SUFFIX. cron starts jobs with hardly any environment: set DB_HOST\n" +
        "and the like at the top of the crontab.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard crontab add\n  SKIP_CRONJOBS=true kernelboard crontab add",
    )
    .action((options: CrontabArguments) =>
      runCommand(async (context) => replace(context, await jobsOf(context), options)),
    );
  const remove = changing(new Command("remove"))
    .summary("take the jobs out of the crontab")
    .description("Removes our lines from the calling user's crontab. Other lines stay.")
    .addHelpText("after", "\nExamples:\n  kernelboard crontab remove")
    .action((options: CrontabArguments) => runCommand((context) => replace(context, [], options)));
  const showing = verbose(new Command("show"))
    .summary("list the jobs in the crontab")
    .description(
      "Lists our lines of the calling user's crontab; where there is no cron, as in the container, the jobs that the\n" +
        "scheduler runs.",
    )
    .addHelpText("after", "\nExamples:\n  kernelboard crontab show")
    .action((options: CrontabArguments) => runCommand((context) => show(context, options)));
  const running = verbose(new Command("run"))
    .summary("run one job of the crontab")
    .description(
      "What the crontab's lines call: runs the job unless it runs already, or was run for this minute by another machine\n" +
        "or by the scheduler. Exit code 1 when it fails.",
    )
    .argument("<hash>", "hash of the job, as `crontab show` lists it")
    .addHelpText("after", "\nExamples:\n  kernelboard crontab run 0123456789abcdef0123456789abcdef")
    .action((hash: string, options: CrontabArguments) =>
      runCommand((context) => run(context, hash, options)),
    );
  return new Command("crontab")
    .summary("the scheduled jobs in the system's crontab")
    .description(
      "Lets cron run the scheduled jobs, instead of `kernelboard schedule`: puts them into the calling user's crontab, lists\n" +
        "them, and takes them out.",
    )
    .addHelpText("after", "\nExamples:\n  kernelboard crontab add\n  kernelboard crontab show")
    .addCommand(add)
    .addCommand(showing)
    .addCommand(remove)
    .addCommand(running);
}
