/** `kernelboard prune_db`: deletes old checkouts, builds and tests, and what refers to them (chapter 08, section 4.2). */
import { Command } from "commander";
import { prune, type PruneResult } from "../upkeep/prune.ts";
import { PRUNED_TABLES, type PruneChoice, type PrunedTable, type PrunePlan } from "../upkeep/prune_plan.ts";
import { wholeNumber } from "./arguments.ts";
import { isConfirmed } from "./confirm.ts";
import { CommandError, runCommand, type Context } from "./context.ts";
import { commaList, intervalAgo, intervalMs } from "./interval.ts";
import { withMigrated } from "./migrated.ts";

const MAX_BATCH_SIZE = 1_000_000;
/** Digits of a count in the table. */
const COUNT_WIDTH = 8;

interface PruneArguments {
  olderThan: string;
  origins?: string;
  tables: string;
  batchSize: number;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
  skipIssueProtection?: boolean;
  cascadeAggregates?: boolean;
}

/** @throws CommandError */
function choiceOf(args: PruneArguments): PruneChoice {
  if (intervalMs(args.olderThan) <= 0)
    throw new CommandError(`--older-than must be a positive age (got ${args.olderThan}).`);
  if (args.batchSize < 1)
    throw new CommandError(
      `--batch-size must be at least 1 (got ${args.batchSize}). It sets how many rows are deleted per batch, so it needs to be a positive number.`,
    );
  const names = commaList(args.tables);
  const isTable = (name: string): name is PrunedTable => PRUNED_TABLES.some((table) => table === name);
  const unknown = names.filter((name) => !isTable(name));
  if (unknown.length > 0 || names.length === 0)
    throw new CommandError(
      `Unknown table(s): ${unknown.join(", ")}. Valid options are: ${PRUNED_TABLES.join(", ")}.`,
    );
  const origins = args.origins === undefined ? undefined : commaList(args.origins);
  if (origins?.length === 0) throw new CommandError("--origins names no origin");
  return {
    cutoff: intervalAgo(args.olderThan).toISOString().replace("Z", "000+00:00"),
    tables: PRUNED_TABLES.filter((table) => names.includes(table)),
    isProtected: args.skipIssueProtection !== true,
    ...(origins ? { origins } : {}),
  };
}

function totalOf({ doomed }: PrunePlan): number {
  return doomed.checkouts + doomed.builds + doomed.tests;
}

/** What would be deleted, what is kept, and why. */
export function planText({ cutoff, tables, isProtected }: PruneChoice, plan: PrunePlan): string {
  const line = (name: string, count: number): string => `* ${name}:\t${String(count).padStart(COUNT_WIDTH)}`;
  const { linked, ageless } = plan.kept;
  const listed = (counts: PrunePlan["doomed"]): string =>
    tables
      .filter((table) => counts[table] > 0)
      .map((table) => `${counts[table]} ${table}`)
      .join(", ");
  const lines = [
    `Rows older than ${cutoff}:`,
    ...tables.map((table) => line(table, plan.doomed[table])),
    "----------------------",
    line("total", totalOf(plan)),
    "Note: counts include children cascaded from pruned parents.",
  ];
  if (isProtected) lines.push("Note: rows linked to an incident are kept.");
  if (listed(linked) !== "")
    lines.push(`Kept although they are old, linked to an incident: ${listed(linked)}.`);
  if (listed(ageless) !== "") lines.push(`Kept because they have no time: ${listed(ageless)}.`);
  if (plan.incidents.doomed > 0)
    lines.push(`Incidents that refer to nothing but these rows go with them: ${plan.incidents.doomed}.`);
  if (plan.incidents.kept > 0)
    lines.push(`Incidents kept because they also refer to rows that stay: ${plan.incidents.kept}.`);
  return lines.join("\n");
}

/** What a program reads. */
function resultJson(choice: PruneChoice, args: PruneArguments, result: PruneResult): string {
  const { plan, deleted, derived, leftovers } = result;
  return JSON.stringify(
    {
      cutoff: choice.cutoff,
      tables: choice.tables,
      dry_run: args.dryRun ?? false,
      doomed: plan.doomed,
      kept: plan.kept,
      incidents: plan.incidents,
      deleted: deleted ?? null,
      derived: Object.fromEntries(derived),
      leftovers: leftovers ?? null,
    },
    null,
    2,
  );
}

async function run(context: Context, args: PruneArguments, input: NodeJS.ReadableStream): Promise<void> {
  const choice = choiceOf(args);
  const show = (line: string): void => {
    if (args.json !== true) console.log(line);
  };
  if (args.json && args.yes !== true && args.dryRun !== true)
    throw new CommandError("--json asks no questions; add --yes or --dry-run");
  const confirm = async (plan: PrunePlan): Promise<boolean> => {
    show(planText(choice, plan));
    if (totalOf(plan) === 0 && args.cascadeAggregates !== true) {
      show("Nothing to prune.");
      return false;
    }
    if (args.dryRun) {
      if (args.json !== true) console.error("[DRY RUN] No rows deleted. Run without --dry-run to execute.");
      return false;
    }
    if (args.yes) return true;
    const write = (text: string): boolean => process.stdout.write(text);
    if (await isConfirmed("Delete these rows? [y/N] ", input, write, context.signal)) return true;
    show("Aborted.");
    return false;
  };
  const result = await withMigrated(context, ({ connection }) =>
    prune({
      connection,
      choice,
      batchSize: args.batchSize,
      cascadeAggregates: args.cascadeAggregates ?? false,
      confirm,
      signal: context.signal,
      onBatch: (table, rows, total) => {
        show(`Deleted ${table}(n=${rows}) total=${total}`);
      },
    }),
  );
  const { plan, deleted, leftovers } = result;
  if (args.json) console.log(resultJson(choice, args, result));
  if (deleted === undefined) return;
  const rows = deleted.checkouts + deleted.builds + deleted.tests;
  if (totalOf(plan) > rows)
    show(
      `${totalOf(plan) - rows} rows were submitted again, linked or given children meanwhile, and are kept.`,
    );
  if (deleted.incidents > 0) show(`Deleted ${deleted.incidents} incidents that referred to nothing else.`);
  if (leftovers !== undefined) {
    const sum = Object.values(leftovers).reduce((a, b) => a + b, 0);
    show(`Deleted ${sum} rows that referred to rows which were gone before.`);
  }
  show(`Successfully pruned ${rows} rows.`);
}

/** @param input where the confirmation is read from */
export function pruneDbCommand(input: NodeJS.ReadableStream = process.stdin): Command {
  return new Command("prune_db")
    .summary("delete old checkouts, builds and tests")
    .description(
      "Deletes the checkouts, builds and tests that are older than an age, with the builds and tests that hang on them.\n" +
        "What an incident names is kept, with its build and checkout. The derived tables change in the same transactions.\n" +
        "Goes by batches, beside an ingestion; when it is interrupted, the same command goes on.",
    )
    .requiredOption("--older-than <interval>", 'the age, for example "180 days", "12 hours", "30 minutes"')
    .option("--origins <list>", "only rows of these origins are old, separated by commas (default: all)")
    .option("--tables <list>", "any of checkouts,builds,tests", PRUNED_TABLES.join(","))
    .option(
      "--batch-size <n>",
      "rows deleted in one transaction",
      wholeNumber(-MAX_BATCH_SIZE, MAX_BATCH_SIZE),
      10_000,
    )
    .option("--dry-run", "only show what would be deleted")
    .option("--yes", "do not ask before deleting")
    .option("--json", "print the result as JSON")
    .option(
      "--skip-issue-protection",
      "also delete rows linked to an incident, and the incidents that refer to nothing else",
    )
    .option(
      "--cascade-aggregates",
      "also delete what refers to rows that were gone before: derived rows of checkouts that are not stored, and old\n" +
        "incidents without their builds and tests. A database of the KernelCI Dashboard has such rows when it was pruned",
    )
    .addHelpText(
      "after",
      '\nExamples:\n  kernelboard prune_db --older-than "180 days" --dry-run\n' +
        '  kernelboard prune_db --older-than "180 days" --yes\n' +
        '  kernelboard prune_db --older-than "30 days" --origins maestro --tables tests --json --yes',
    )
    .action((args: PruneArguments) => runCommand((context) => run(context, args, input)));
}
