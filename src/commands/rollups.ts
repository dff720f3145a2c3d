/** `kernelboard rollups verify` and `rollups rebuild`: are the derived tables right, and make them so. */
import { Command, InvalidArgumentError } from "commander";
import type { Database } from "../database/database.ts";
import type { Log } from "../log.ts";
import { rebuildDerived } from "../rollups/rebuild.ts";
import { COUNTED_TABLES, QUEUES, type DerivedTableName } from "../rollups/refresh.ts";
import { differences, verifyDerived, type TableReport } from "../rollups/verify.ts";
import type { Context } from "./context.ts";
import { onMigrated } from "./migrated.ts";
import { mendedText, tableText } from "./table_text.ts";

const TABLES: readonly DerivedTableName[] = [...COUNTED_TABLES, ...QUEUES];
/** Differing rows of a table that are shown. */
const EXAMPLES = 10;
const PROGRESS_MS = 10_000;

interface RollupsArguments {
  table?: DerivedTableName[];
  json?: boolean;
  dryRun?: boolean;
}

function parseTable(text: string, chosen: DerivedTableName[] | undefined): DerivedTableName[] {
  const table = TABLES.find((name) => name === text);
  if (table === undefined) throw new InvalidArgumentError(`'${text}' is none of ${TABLES.join(", ")}`);
  return [...(chosen ?? []), table];
}

/** What `verify` prints for people. */
export function verifyText(reports: TableReport[]): string {
  const lines = [
    tableText(
      ["table", "rows", "missing", "extra", "different"],
      reports.map(({ table, rows, missing, extra, different }) => [table, rows, missing, extra, different]),
    ),
  ];
  for (const { table, unknown, pruned } of reports) {
    if (unknown > 0)
      lines.push(
        `${table}: ${unknown} rows have columns that are not known yet; 'rollups rebuild' fills them.`,
      );
    if (pruned > 0)
      lines.push(
        `${table}: ${pruned} rows stand for checkouts that are not stored; they came with the adopted database and are kept.`,
      );
  }
  for (const { table, examples } of reports) {
    for (const { verdict, key, columns } of examples) {
      lines.push(`\n${table}, ${verdict}: ${JSON.stringify(key)}`);
      if (verdict !== "different") continue;
      for (const [name, { expected, found }] of Object.entries(columns))
        lines.push(`  ${name} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
    }
  }
  const wrong = reports.reduce((sum, report) => sum + differences(report), 0);
  lines.push(
    wrong === 0
      ? "\nThe derived tables are what follows from the rows."
      : `\n${wrong} rows differ. 'kernelboard rollups rebuild' mends them.`,
  );
  return lines.join("\n");
}

/** A log line now and then. */
function progress(log: Log, message: string): (done: number, slices: number) => void {
  let last = Date.now();
  return (done, slices) => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    log.info({ done, of: slices }, message);
  };
}

async function verify(context: Context, database: Database, args: RollupsArguments): Promise<TableReport[]> {
  return verifyDerived({
    connection: database.connection,
    tables: args.table ?? TABLES,
    examples: EXAMPLES,
    signal: context.signal,
    onProgress: progress(context.log, "slices of commits held against the rows"),
  });
}

async function rebuild(context: Context, database: Database, args: RollupsArguments): Promise<void> {
  const mended = await rebuildDerived({
    connection: database.connection,
    tables: args.table ?? TABLES,
    signal: context.signal,
    onProgress: progress(context.log, "slices of commits mended"),
  });
  const tables = [...mended].map(([table, counts]) => ({ table, ...counts }));
  console.log(args.json ? JSON.stringify({ tables }, null, 2) : mendedText(mended));
}

function verifyCommand(): Command {
  return new Command("verify")
    .summary("hold the derived tables against the rows")
    .description(
      "Computes every derived table from the checkouts, builds, tests and incidents, and compares, in one snapshot:\n" +
        "nothing is written, and ingestion goes on. Exit code 1 when a row is missing, extra or different.",
    )
    .option("--table <table>", `one of ${TABLES.join(", ")}; may be repeated (default: all)`, parseTable)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard rollups verify\n  kernelboard rollups verify --table tree_listing --table hardware_status --json",
    )
    .action((args: RollupsArguments) =>
      onMigrated(async (context, database) => {
        const reports = await verify(context, database, args);
        const clean = reports.every((report) => differences(report) === 0);
        console.log(args.json ? JSON.stringify({ clean, tables: reports }, null, 2) : verifyText(reports));
        if (!clean) process.exitCode = 1;
      }),
    );
}

function rebuildCommand(): Command {
  return new Command("rebuild")
    .summary("make the derived tables right")
    .description(
      "Writes the rows of derived tables that are not what follows from the checkouts, builds, tests and incidents,\n" +
        "and no others. Readers never see a table emptied; ingestion waits for some commits at a time. May be\n" +
        "interrupted and run again.",
    )
    .option("--table <table>", `one of ${TABLES.join(", ")}; may be repeated (default: all)`, parseTable)
    .option("--dry-run", "only show what differs, as 'rollups verify' does")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  kernelboard rollups rebuild\n  kernelboard rollups rebuild --table tree_tests_rollup --dry-run",
    )
    .action((args: RollupsArguments) =>
      onMigrated(async (context, database) => {
        if (!args.dryRun) {
          await rebuild(context, database, args);
          return;
        }
        const reports = await verify(context, database, args);
        console.log(args.json ? JSON.stringify({ tables: reports }, null, 2) : verifyText(reports));
      }),
    );
}

export function rollupsCommand(): Command {
  return new Command("rollups")
    .summary("check and mend the derived tables")
    .description(
      "The derived tables (listings, hardware, rollups, queues) follow from the rows that were submitted. They are\n" +
        "changed with every batch and should never differ; these commands tell, and mend them.",
    )
    .addCommand(verifyCommand())
    .addCommand(rebuildCommand())
    .addHelpText("after", "\nExamples:\n  kernelboard rollups verify\n  kernelboard rollups rebuild");
}
