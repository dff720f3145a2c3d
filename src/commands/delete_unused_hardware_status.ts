/** `kernelboard delete_unused_hardware_status`: hardware rows that stand for nothing any more (chapter 08, section 4.3). */
import { Command } from "commander";
import { withHealthPings } from "../schedule/health_pings.ts";
import { deleteUnusedHardware, NothingIsUsed, type UnusedRows } from "../upkeep/unused_hardware.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandError, runCommand, type Context } from "./context.ts";
import { withMigrated } from "./migrated.ts";

interface UnusedArguments {
  dryRun?: boolean;
  batchSize: number;
  monitoringId?: string;
  superseded?: boolean;
  force?: boolean;
  json?: boolean;
}

const LABELS: Record<keyof UnusedRows, string> = {
  hardwareStatus: "hardware_status",
  ledger: "processed_hardware_status",
};

async function run(context: Context, args: UnusedArguments): Promise<void> {
  const show = (line: string): void => {
    if (args.json !== true) console.log(line);
  };
  const reference = args.superseded ? "LatestCheckout" : "Checkout";
  const entries = ({ hardwareStatus, ledger }: UnusedRows): string =>
    `${hardwareStatus} HardwareStatus entries and ${ledger} ProcessedListingItems entries`;
  const confirm = (found: UnusedRows): boolean => {
    if (found.hardwareStatus + found.ledger === 0) {
      show("No orphaned HardwareStatus/ProcessedListingItems entries found.");
      return false;
    }
    if (args.dryRun) {
      show(`[DRY RUN] Would delete ${entries(found)} Run without --dry-run to execute deletion.`);
      return false;
    }
    show(`Found ${entries(found)} with no corresponding ${reference}.`);
    return true;
  };
  try {
    const { found, deleted } = await withMigrated(context, ({ connection }) =>
      deleteUnusedHardware({
        connection,
        batchSize: args.batchSize,
        superseded: args.superseded ?? false,
        force: args.force ?? false,
        confirm,
        signal: context.signal,
        onBatch: (name, rows, before, of) => {
          show(`Deleted ${LABELS[name]}(n=${rows}) entries (total: ${before + rows}/${of})`);
        },
      }),
    );
    if (args.json) {
      const named = (rows: UnusedRows): object => ({
        hardware_status: rows.hardwareStatus,
        processed_listing_items: rows.ledger,
      });
      console.log(
        JSON.stringify(
          {
            dry_run: args.dryRun ?? false,
            found: named(found),
            deleted: deleted === undefined ? null : named(deleted),
          },
          null,
          2,
        ),
      );
    }
    if (deleted !== undefined)
      show(
        `Successfully deleted hardware_status(n=${deleted.hardwareStatus}) and processed_hardware_status(n=${deleted.ledger}).`,
      );
  } catch (error) {
    throw error instanceof NothingIsUsed ? new CommandError(error.message) : error;
  }
}

export function deleteUnusedHardwareStatusCommand(): Command {
  return new Command("delete_unused_hardware_status")
    .summary("delete hardware rows of checkouts that are gone")
    .description(
      "Deletes the rows of hardware_status, and of the KernelCI Dashboard's ledger processed_listing_items, whose checkout\n" +
        "is not stored. Ingestion and prune_db leave none behind; an adopted database has them where it was pruned before.",
    )
    .option("--dry-run", "only show how many there are")
    .option("--batch-size <n>", "rows deleted in one transaction", wholeNumber(1, 1_000_000), 10_000)
    .option("--monitoring-id <id>", "tell the health check of this id about start, success and failure")
    .option(
      "--superseded",
      "also delete the rows of stored checkouts that are not the newest of their trees, as the KernelCI Dashboard does:\n" +
        "earlier windows then lack hardware, and 'rollups verify' reports the rows as missing",
    )
    .option("--force", "also where the table that tells what is used is empty, so that everything goes")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard delete_unused_hardware_status --dry-run\n" +
        "  kernelboard delete_unused_hardware_status --monitoring-id delete_unused_hardware_status",
    )
    .action((args: UnusedArguments) =>
      runCommand((context) => withHealthPings(context, args.monitoringId, () => run(context, args))),
    );
}
