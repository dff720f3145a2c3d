/** `kernelboard migrate`: brings the database's schema to this version. */
import { Command } from "commander";
import type { Database } from "../database/database.ts";
import { isMigrated, migrate, migrationStatus, type MigrationStatus } from "../database/migrate.ts";
import { refreshAdopted } from "../rollups/refresh.ts";
import type { Log } from "../log.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";

/** Applies pending migrations; an adopted database gets its derived tables completed. @returns how many there were */
export async function bringUpToDate(database: Database, log: Log, adoptForeign = false): Promise<number> {
  const applied = await migrate(database.connection, log, {
    adoptForeign,
    onAdopted: (client, adoption) => refreshAdopted(client, adoption.derivedTablesAreEmpty, log),
  });
  return applied.length;
}

/** As `bringUpToDate`; but a command that is only to tell what it would do migrates nothing. @throws CommandError then */
export async function bringUpToDateUnless(
  dryRun: boolean | undefined,
  database: Database,
  log: Log,
): Promise<void> {
  if (dryRun !== true) await bringUpToDate(database, log);
  else if (!(await isMigrated(database.pool)))
    throw new CommandError("the database's tables are not up to date; run 'kernelboard migrate' first");
}

interface MigrateArguments {
  status?: boolean;
  adopt?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

function statusJson(status: readonly MigrationStatus[]): object[] {
  return status.map(({ number, name, appliedAt }) => ({ number, name, applied_at: appliedAt ?? null }));
}

async function run({ log }: Context, database: Database, args: MigrateArguments): Promise<void> {
  const before = await migrationStatus(database.connection);
  const pending = before.filter(({ appliedAt }) => appliedAt === undefined);
  const text = (status: readonly MigrationStatus[]): string =>
    status
      .map(
        ({ number, name, appliedAt }) => `${numberText(number)} ${name.padEnd(40)} ${appliedAt ?? "pending"}`,
      )
      .join("\n");
  if (args.status) {
    console.log(args.json ? JSON.stringify(statusJson(before), null, 2) : text(before));
    if (pending.length > 0) process.exitCode = 1;
    return;
  }
  const plural = (count: number): string => `${count} migration${count === 1 ? "" : "s"}`;
  if (args.dryRun) {
    if (args.json) console.log(JSON.stringify({ dry_run: true, migrations: statusJson(pending) }, null, 2));
    else {
      if (pending.length > 0) console.log(text(pending));
      console.log(`[DRY RUN] ${plural(pending.length)} would be applied. Nothing was changed.`);
    }
    return;
  }
  const count = await bringUpToDate(database, log, args.adopt);
  const done = (await migrationStatus(database.connection)).slice(-count);
  if (args.json)
    console.log(JSON.stringify({ dry_run: false, migrations: statusJson(count === 0 ? [] : done) }, null, 2));
  else console.log(count === 0 ? "The database is up to date." : `${plural(count)} applied.`);
}

function numberText(number: number): string {
  return String(number).padStart(4, "0");
}

export function migrateCommand(): Command {
  return new Command("migrate")
    .summary("create or upgrade the database's tables")
    .description(
      "Creates the tables in an empty database, upgrades those of an older version, and adopts a database of the\n" +
        "KernelCI Dashboard in place: every row is kept. Safe to run at any time, from any number of machines.",
    )
    .option("--status", "only show which migrations are applied; exit code 1 when some are pending")
    .option("--dry-run", "only show which migrations would be applied")
    .option("--json", "print the result as JSON")
    .option("--adopt", "also take over KCIDB tables that are of another program")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard migrate
  kernelboard migrate --status
  kernelboard migrate --dry-run --json
  DB_HOST=db.example.org DB_NAME=dashboard DB_USER=admin DB_PASSWORD_FILE=/run/secrets/db kernelboard migrate`,
    )
    .action((args: MigrateArguments) =>
      runCommand((context) => withDatabase(context, (database) => run(context, database, args))),
    );
}
