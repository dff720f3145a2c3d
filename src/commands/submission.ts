/** `kernelboard submission show`: what became of a submission, as `GET /status` tells it, for people. */
import { existsSync } from "node:fs";
import { Command } from "commander";
import type { SubmissionStatus } from "../submit/status.ts";
import { CommandError, runCommand, withDatabase } from "./context.ts";

interface ShowOptions {
  spoolDir?: string;
  json?: boolean;
}

function showCommand(): Command {
  return new Command("show")
    .summary("tell what became of a submission")
    .description(
      "Prints where a submission is, how many of its objects were stored, merged and refused, and the refusals. The id is\n" +
        "the one that POST /submit answered with, or the name of another file without .json. Exit code 1 when it is not\n" +
        "known.",
    )
    .argument("<id>", "id of the submission")
    .option("--spool-dir <dir>", "spool directory to look into as well (default: KERNELBOARD_SPOOL_DIR)")
    .option("--json", "print what GET /status answers with")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard submission show 3f2a9c0d5b7e41d8a6c0e2f4b8d1a357
  kernelboard submission show 3f2a9c0d5b7e41d8a6c0e2f4b8d1a357 --spool-dir /spool --json`,
    )
    .action((id: string, options: ShowOptions) =>
      runCommand(async (context) => {
        // Loaded here, so that other commands start without it.
        const { isSubmissionId, submissionStatus } = await import("../submit/status.ts");
        const { findFile } = await import("../submit/places.ts");
        if (!isSubmissionId(id))
          throw new CommandError(
            `'${id.slice(0, 200)}' is no id of a submission: 1 to 200 letters, digits, '.', '_' or '-'`,
          );
        const spoolDir = options.spoolDir ?? context.settings.submissions.spoolDir;
        if (spoolDir !== undefined && !existsSync(spoolDir))
          throw new CommandError(`Directory ${spoolDir} does not exist`);
        const { log } = context;
        const find =
          spoolDir === undefined ? undefined : (name: string) => Promise.resolve(findFile(spoolDir, name));
        const status = await withDatabase(context, ({ pool }) =>
          submissionStatus({ pool, findFile: find, log }, id),
        );
        console.log(options.json ? JSON.stringify(status, null, 2) : submissionText(status));
        if (status.status === "notfound") process.exitCode = 1;
      }),
    );
}

/** A submission for a terminal: a line for each thing that is known, a table of counts, and the refusals. */
export function submissionText({ counts, refusals = [], ...status }: SubmissionStatus): string {
  const lines = [`${status.id}  ${status.status}`, status.message];
  if (status.received_at !== undefined) lines.push(`received  ${status.received_at}`);
  if (status.stored_at !== undefined) lines.push(`stored    ${status.stored_at}`);
  if (status.objects !== undefined) {
    const kinds = [...new Set([...Object.keys(counts?.stored ?? {}), ...Object.keys(counts?.merged ?? {})])];
    const rows = kinds
      .map((kind) => [kind, counts?.stored?.[kind] ?? 0, counts?.merged?.[kind] ?? 0] as const)
      .filter(([, stored, merged]) => stored + merged > 0)
      .map(([kind, stored, merged]) => tableRow(kind, stored, merged, ""));
    lines.push("", tableRow("", "stored", "merged", "refused"), ...rows);
    lines.push(
      tableRow(`${status.objects} objects`, status.stored ?? 0, status.merged ?? 0, status.refused ?? 0),
    );
  }
  if (refusals.length > 0) lines.push("", "refused:");
  for (const { id, pointer, rule, message } of refusals)
    lines.push(
      `  ${[pointer, id, rule].filter((part) => part !== null && part !== "").join("  ")}: ${message}`,
    );
  const more = (status.refused ?? 0) - refusals.length;
  if (more > 0 && refusals.length > 0) lines.push(`  ... and ${more} more`);
  return lines.map(printable).join("\n");
}

function tableRow(name: string, ...cells: (string | number)[]): string {
  return `${name.padEnd(16)}${cells.map((cell) => String(cell).padStart(10)).join("")}`.trimEnd();
}

/** What others wrote must not steer the terminal. */
function printable(line: string): string {
  // eslint-disable-next-line no-control-regex
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

export function submissionCommand(): Command {
  return new Command("submission")
    .summary("tell what became of submissions")
    .description("What became of submissions.")
    .addHelpText("after", "\nExamples:\n  kernelboard submission show 3f2a9c0d5b7e41d8a6c0e2f4b8d1a357")
    .addCommand(showCommand());
}
