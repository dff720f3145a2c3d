/** `kernelboard retry-failed`: failed submission files back into the spool's inbox. */
import { Command } from "commander";
import { retryFailed } from "../ingest/retry_failed.ts";
import { pointInTime } from "./arguments.ts";
import { CommandError, requiredSpoolDir, runCommand } from "./context.ts";

interface RetryArguments {
  spoolDir?: string;
  since?: Date;
  dryRun?: boolean;
  json?: boolean;
}

async function run(args: RetryArguments, spoolDir: string): Promise<void> {
  const { since, dryRun = false } = args;
  const result = await retryFailed({ spoolDir, dryRun, ...(since ? { since } : {}) });
  if (args.json) console.log(JSON.stringify({ dry_run: dryRun, ...result }, null, 2));
  else {
    for (const file of result.moved) console.log(`${dryRun ? "DRY-RUN " : ""}${file}`);
    for (const { file, reason } of result.skipped) console.log(`skipped ${file}: ${reason}`);
    for (const { file, error } of result.errors) console.log(`ERROR ${file}: ${error}`);
    console.log(
      `${result.moved.length} file${result.moved.length === 1 ? "" : "s"} ${dryRun ? "would be " : ""}put back, ${result.skipped.length} skipped`,
    );
  }
  if (result.errors.length > 0) throw new CommandError(`${result.errors.length} files could not be moved`);
}

export function retryFailedCommand(): Command {
  return new Command("retry-failed")
    .summary("put failed submission files back into the spool")
    .description(
      "Moves the files of failed/ and pending_retry/ back into the spool directory, where they are ingested again; their\n" +
        "reports are removed. What is stored of them already is merged, not counted twice.",
    )
    .option(
      "--spool-dir <dir>",
      "directory of submission files (required, unless KERNELBOARD_SPOOL_DIR is set)",
    )
    .option(
      "--since <time>",
      "only files that failed since then: 2d, 12h, 30m, or a date such as 2026-11-01",
      pointInTime,
    )
    .option("--dry-run", "only show which files would be moved")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard retry-failed --spool-dir /spool --since 2d\n  kernelboard retry-failed --spool-dir /spool --dry-run --json",
    )
    .action((args: RetryArguments, command: Command) =>
      runCommand((context) => run(args, requiredSpoolDir(args, context, command))),
    );
}
