/** `kernelboard populate_tree_tests_rollup`: computes tree_tests_rollup anew (chapter 02, section 12.2). */
import { Command } from "commander";
import { databaseErrorKind, errorMessage } from "../database/errors.ts";
import { chosenCheckouts, recountRollup } from "../rollups/backfill.ts";
import { openRepairSession, type RepairSession } from "../rollups/repair_session.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";
import { bringUpToDateUnless } from "./migrate.ts";

interface PopulateArguments {
  checkoutId?: string;
  sinceDays?: number;
  limit?: number;
  dryRun?: boolean;
  json?: boolean;
}

/** A commit, named by one of its checkouts. */
type CommitResult = { checkout: string } & ({ buckets: number; tests: number } | { error: string });

async function populate(context: Context, session: RepairSession, args: PopulateArguments): Promise<void> {
  const checkouts = await chosenCheckouts(session, args);
  if (args.checkoutId !== undefined && checkouts.length === 0)
    throw new CommandError(`Checkout with id=${args.checkoutId} not found`);
  const commits: CommitResult[] = [];
  const sum = { ok: 0, empty: 0, failed: 0, buckets: 0, rows: 0 };
  for (const [slice, checkout] of checkouts.entries()) {
    context.signal.throwIfAborted();
    const started = Date.now();
    try {
      const { buckets, tests } = await recountRollup(session, slice, checkout, args.dryRun ?? false);
      commits.push({ checkout, buckets, tests });
      if (tests === 0) {
        sum.empty++;
        continue;
      }
      sum.ok++;
      sum.buckets += buckets;
      sum.rows += tests;
      if (args.json) continue;
      const size = `checkout=${checkout} buckets=${buckets} tests=${tests}`;
      const elapsed = ((Date.now() - started) / 1000).toFixed(2);
      console.log(args.dryRun ? `DRY-RUN ${size}` : `${size} elapsed=${elapsed}s`);
    } catch (error) {
      if (databaseErrorKind(error) === "transient") throw error;
      sum.failed++;
      commits.push({ checkout, error: errorMessage(error) });
      if (args.json !== true) console.log(`ERROR checkout=${checkout}: ${errorMessage(error)}`);
    }
  }
  if (args.json) {
    console.log(JSON.stringify({ dry_run: args.dryRun ?? false, summary: sum, commits }, null, 2));
    return;
  }
  console.log(
    `Summary: ok=${sum.ok}, empty=${sum.empty}, failed=${sum.failed}, buckets=${sum.buckets}, rows=${sum.rows}`,
  );
}

export function populateTreeTestsRollupCommand(): Command {
  return new Command("populate_tree_tests_rollup")
    .summary("compute tree_tests_rollup anew")
    .description(
      "Computes the rollup of whole commits from their tests, the newest checkouts first: checkouts of one commit share\n" +
        "their buckets, so each commit is computed once and named by one of them. May run beside an ingestion.",
    )
    .option("--checkout-id <id>", "only the commit of this checkout")
    .option("--since-days <n>", "only checkouts of the last days", wholeNumber(0, 100_000))
    .option("--limit <n>", "only so many checkouts, the newest", wholeNumber(1))
    .option("--batch-size <n>", "accepted and ignored: a commit is one transaction", wholeNumber(1), 5000)
    .option("--dry-run", "only show what there should be")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard populate_tree_tests_rollup --since-days 7\n  kernelboard populate_tree_tests_rollup --checkout-id maestro:687b585b2ce2c1874eda7e6b --dry-run",
    )
    .action((args: PopulateArguments) =>
      runCommand((context) =>
        withDatabase(context, async (database) => {
          await bringUpToDateUnless(args.dryRun, database, context.log);
          const session = await openRepairSession(database.connection, "kernelboard populate");
          try {
            await populate(context, session, args);
          } finally {
            await session.close();
          }
        }),
      ),
    );
}
