/** `kernelboard update_db snapshot` and `update_db restore`: tables into an archive and out of it (chapter 08, section 4.6). */
import { access, constants, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { errorMessage } from "../database/errors.ts";
import { restoreSnapshot } from "../upkeep/restore.ts";
import { writeSnapshot } from "../upkeep/snapshot.ts";
import { DEFINITIONS, SNAPSHOT_TABLES, type SnapshotTable } from "../upkeep/snapshot_tables.ts";
import { CommandError, runCommand, type Context } from "./context.ts";
import { commaList, intervalAgo } from "./interval.ts";
import { withMigrated } from "./migrated.ts";

const SUFFIX = ".tar.gz";
const KIBI = 1024;

interface SnapshotArguments {
  startInterval: string;
  endInterval: string;
  filepath: string;
  table?: string;
  origins?: string;
  relatedDataOnly?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

interface RestoreArguments {
  filepath: string;
  dryRun?: boolean;
  json?: boolean;
}

function archivePath(text: string): string {
  return resolve(text.endsWith(SUFFIX) ? text : `${text}${SUFFIX}`);
}

/** For example `16.73 KiB`. */
export function sizeText(bytes: number): string {
  const units = ["Bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= KIBI && unit < units.length - 1; unit++) value /= KIBI;
  return `${value.toFixed(2)} ${units[unit] ?? ""}`;
}

function tablesOf(name: string | undefined): readonly SnapshotTable[] {
  if (name === undefined) return SNAPSHOT_TABLES;
  const table = SNAPSHOT_TABLES.find((known) => known === name);
  if (table === undefined)
    throw new CommandError(`Unknown table: ${name}. Valid options are: ${SNAPSHOT_TABLES.join(", ")}.`);
  return [table];
}

async function snapshot(context: Context, args: SnapshotArguments): Promise<void> {
  const show = (line: string): void => {
    if (args.json !== true) console.log(line);
  };
  const now = Date.now();
  const window = { start: intervalAgo(args.startInterval, now), end: intervalAgo(args.endInterval, now) };
  if (window.end <= window.start)
    throw new CommandError(
      "End interval cannot be greater than start interval. Aborting. " +
        "The start lies further back, for example --start-interval '7 days' --end-interval '2 days'.",
    );
  const tables = tablesOf(args.table);
  const origins = args.origins === undefined ? undefined : commaList(args.origins);
  if (origins?.length === 0) throw new CommandError("--origins names no origin");
  const path = archivePath(args.filepath);
  const { dryRun = false } = args;
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw new CommandError(`cannot write ${path}: ${errorMessage(error)}`);
  });
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new CommandError(`cannot write ${path}: it is a directory`);
  if (window.end.getTime() < now && tables.some((table) => DEFINITIONS[table].isAggregate))
    console.error(
      "WARNING: with --end-interval the aggregate tables may disagree with the rows: they also count what came later.",
    );
  show(`Filtering data between ${args.startInterval} and ${args.endInterval}`);
  const done: { table: SnapshotTable; rows: number; bytes: number }[] = [];
  await withMigrated(context, ({ connection }) =>
    writeSnapshot({
      connection,
      window,
      ...(origins ? { origins } : {}),
      relatedOnly: args.relatedDataOnly ?? false,
      tables,
      path,
      dryRun,
      signal: context.signal,
      onStart: (label) => {
        show(`Migrating ${label}...`);
      },
      onDone: (table, label, rows, bytes) => {
        done.push({ table, rows, bytes });
        if (dryRun) {
          show(`${rows} ${label.toLowerCase()} records`);
          return;
        }
        show(`Processed ${rows} ${label.toLowerCase()} records: ${sizeText(bytes)}`);
        show(`${label} migration completed`);
      },
    }),
  );
  if (args.json)
    console.log(
      JSON.stringify(
        // How many bytes there would be is not known.
        { path, dry_run: dryRun, tables: done.map((one) => (dryRun ? { ...one, bytes: null } : one)) },
        null,
        2,
      ),
    );
  show(dryRun ? `[DRY RUN] ${path} was not written.` : "Successfully migrated all data to dashboard_db");
}

async function restore(context: Context, args: RestoreArguments): Promise<void> {
  const path = archivePath(args.filepath);
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new CommandError(`cannot read ${path}: ${errorMessage(error)}`);
  });
  const done: { table: SnapshotTable; read: number; inserted: number }[] = [];
  await withMigrated(context, ({ connection }) =>
    restoreSnapshot({
      connection,
      path,
      dryRun: args.dryRun ?? false,
      signal: context.signal,
      onTable: (table, label, counts) => {
        done.push({ table, ...counts });
        if (args.json !== true) console.log(`Processed ${counts.read} ${label} records`);
      },
      onUnknown: (name) => {
        console.error(`WARNING: ${JSON.stringify(name)} is in the archive and is no table; it is skipped.`);
      },
    }),
  );
  const inserted = done.reduce((sum, table) => sum + table.inserted, 0);
  if (args.json) console.log(JSON.stringify({ path, dry_run: args.dryRun ?? false, tables: done }, null, 2));
  else if (args.dryRun) console.log(`[DRY RUN] ${inserted} rows would be inserted. Nothing was written.`);
  else
    console.log(
      `${inserted} rows inserted; the others were there already.\n` +
        "'kernelboard rollups verify' tells whether the derived tables agree with all rows, 'rollups rebuild' makes them.",
    );
}

function snapshotCommand(): Command {
  return new Command("snapshot")
    .summary("write rows of some days into an archive")
    .description(
      "Writes the rows of a window into a .tar.gz of CSV files, which 'restore' reads, and the KernelCI Dashboard's\n" +
        "command too. All tables are read as one moment has them; the archive gets its name when it is complete.",
    )
    .requiredOption("--start-interval <interval>", 'how far back the window begins, for example "7 days"')
    .option("--end-interval <interval>", "how far back it ends", "0 hours")
    .requiredOption("--filepath <file>", "the archive; .tar.gz is added where it is missing")
    .option("--table <table>", `only one of ${SNAPSHOT_TABLES.join(", ")}`)
    .option("--origins <list>", "only rows of these origins, separated by commas")
    .option(
      "--related-data-only",
      "only builds of checkouts of the window, tests of builds of the window, incidents of stored issues",
    )
    .option("--dry-run", "only show how many rows the archive would have")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  kernelboard update_db snapshot --start-interval "7 days" --filepath week\n' +
        '  kernelboard update_db snapshot --start-interval "30 days" --end-interval "7 days" --table tests --origins maestro --filepath tests.tar.gz',
    )
    .action((args: SnapshotArguments) => runCommand((context) => snapshot(context, args)));
}

function restoreCommand(): Command {
  return new Command("restore")
    .summary("insert the rows of an archive")
    .description(
      "Inserts the rows of an archive that are not stored yet; what is stored stays as it is. The derived tables get the\n" +
        "rows of the archive. When it is interrupted, run it again.",
    )
    .requiredOption("--filepath <file>", "the archive; .tar.gz is added where it is missing")
    .option("--dry-run", "only read the archive and tell what would be inserted")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard update_db restore --filepath week.tar.gz\n" +
        "  kernelboard update_db restore --filepath week --dry-run",
    )
    .action((args: RestoreArguments) => runCommand((context) => restore(context, args)));
}

export function updateDbCommand(): Command {
  return new Command("update_db")
    .summary("write rows into an archive, and read them")
    .description("Takes rows from one database to another by an archive.")
    .addCommand(snapshotCommand())
    .addCommand(restoreCommand())
    .addHelpText(
      "after",
      '\nExamples:\n  kernelboard update_db snapshot --start-interval "7 days" --filepath week\n' +
        "  kernelboard update_db restore --filepath week",
    );
}
