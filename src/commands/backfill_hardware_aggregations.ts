/** `kernelboard backfill_hardware_aggregations`: computes hardware_status and latest_checkout anew (chapter 02, section 12.3). */
import { Command } from "commander";
import { errorMessage } from "../database/errors.ts";
import { backfillHardware } from "../rollups/backfill.ts";
import { rebuildDerived } from "../rollups/rebuild.ts";
import { openRepairSession } from "../rollups/repair_session.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, withDatabase } from "./context.ts";
import { bringUpToDate } from "./migrate.ts";
import { mendedText } from "./table_text.ts";

/** What the reference implementation's option empties first. */
const TRUNCATED = ["latest_checkout", "pending_test"] as const;

interface BackfillArguments {
  days: number;
  truncate?: boolean;
  batchSize: number;
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
    .option("--batch-size <n>", "checkouts and builds of a transaction", wholeNumber(1, 1_000_000), 2000)
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard backfill_hardware_aggregations\n  kernelboard backfill_hardware_aggregations --days 365 --truncate",
    )
    .action((args: BackfillArguments) =>
      runCommand((context) =>
        withDatabase(context, async (database) => {
          await bringUpToDate(database, context.log);
          const { connection } = database;
          const { signal } = context;
          if (args.truncate)
            console.log(mendedText(await rebuildDerived({ connection, tables: TRUNCATED, signal })));
          let failed = 0;
          const onError = (checkoutId: string, error: unknown): void => {
            failed++;
            console.log(`Error processing checkout=${checkoutId}: ${errorMessage(error)}`);
          };
          const session = await openRepairSession(connection, "kernelboard backfill");
          try {
            const { days, batchSize } = args;
            const mended = await backfillHardware(session, { days, batchSize, signal, onError });
            console.log(mendedText(new Map(Object.entries(mended))));
          } finally {
            await session.close();
          }
          if (failed > 0) throw new CommandError(`${failed} commits could not be processed`);
        }),
      ),
    );
}
