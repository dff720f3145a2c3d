/** `kernelboard backfill_hardware_aggregations`: computes hardware_status and latest_checkout anew (chapter 02, section 12.3). */
import { Command } from "commander";
import { errorMessage } from "../database/errors.ts";
import { backfillHardware } from "../rollups/backfill.ts";
import { addMended, nothingMended, rebuildDerived, type Mended } from "../rollups/rebuild.ts";
import type { Connection } from "../database/pool.ts";
import { verifyDerived } from "../rollups/verify.ts";
import { openRepairSession } from "../rollups/repair_session.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";
import { bringUpToDateUnless } from "./migrate.ts";
import { mendedText } from "./table_text.ts";

/** What the reference implementation's option empties first. */
const TRUNCATED = ["latest_checkout", "pending_test"] as const;

interface BackfillArguments {
  days: number;
  truncate?: boolean;
  batchSize: number;
  dryRun?: boolean;
  json?: boolean;
}

async function run(
  { signal }: Context,
  connection: Connection,
  { days, truncate, batchSize, dryRun = false, json }: BackfillArguments,
): Promise<void> {
  const mended = new Map<string, Mended>();
  const add = (more: Iterable<[string, Mended]>): void => {
    for (const [table, counts] of more) {
      const sum = mended.get(table) ?? nothingMended();
      addMended(sum, counts);
      mended.set(table, sum);
    }
  };
  if (truncate) add(await truncated(connection, dryRun, signal));
  const errors: { checkout: string; error: string }[] = [];
  const onError = (checkout: string, error: unknown): void => {
    errors.push({ checkout, error: errorMessage(error) });
    if (json !== true) console.log(`Error processing checkout=${checkout}: ${errorMessage(error)}`);
  };
  const session = await openRepairSession(connection, "kernelboard backfill");
  try {
    // What was made anew before is right by now, unless nothing was.
    const more = await backfillHardware(session, { days, batchSize, dryRun, signal, onError });
    add(Object.entries(more).filter(([table]) => !(dryRun && mended.has(table))));
  } finally {
    await session.close();
  }
  if (json) {
    const tables = [...mended].map(([table, counts]) => ({ table, ...counts }));
    console.log(JSON.stringify({ dry_run: dryRun, tables, errors }, null, 2));
  } else console.log(`${mendedText(mended)}${dryRun ? "\n[DRY RUN] Nothing was written." : ""}`);
  if (errors.length > 0) throw new CommandError(`${errors.length} commits could not be processed`);
}

/** Makes what the option names anew, or tells what would be written. */
async function truncated(
  connection: Connection,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<Iterable<[string, Mended]>> {
  if (!dryRun) return rebuildDerived({ connection, tables: TRUNCATED, signal });
  const reports = await verifyDerived({ connection, tables: TRUNCATED, examples: 0, signal });
  return reports.map(({ table, missing, extra, different }) => [
    table,
    { inserted: missing, deleted: extra, updated: different },
  ]);
}

export function backfillHardwareAggregationsCommand(): Command {
  return new Command("backfill_hardware_aggregations")
    .summary("compute hardware_status and latest_checkout anew")
    .description(
      "Computes the hardware rows of the checkouts of the last days, and the newest checkouts of their trees, from the\n" +
        "rows. Rows that are right are not written, and nothing else is touched. May run beside an ingestion.",
    )
    .option("--days <n>", "how many days to go back", wholeNumber(0, 100_000), 30)
    .option(
      "--truncate",
      "first make all of latest_checkout and pending_test anew, of all days: what stands for nothing goes, nothing else is lost",
    )
    .option("--dry-run", "only show what would be written")
    .option("--json", "print the result as JSON")
    .option("--batch-size <n>", "checkouts and builds of a transaction", wholeNumber(1, 1_000_000), 2000)
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard backfill_hardware_aggregations\n  kernelboard backfill_hardware_aggregations --days 365 --truncate\n" +
        "  kernelboard backfill_hardware_aggregations --dry-run --json",
    )
    .action((args: BackfillArguments) =>
      runCommand((context) =>
        withDatabase(context, async (database) => {
          await bringUpToDateUnless(args.dryRun, database, context.log);
          await run(context, database.connection, args);
        }),
      ),
    );
}
