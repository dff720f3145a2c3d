/** `kernelboard migrate`: brings the database's schema to this version. */
import { Command } from "commander";
import type { Database } from "../database/database.ts";
import { migrate, migrationStatus } from "../database/migrate.ts";
import { refreshAdopted } from "../rollups/refresh.ts";
import type { Log } from "../log.ts";
import { runCommand, withDatabase } from "./context.ts";

/** Applies pending migrations; an adopted database gets its derived tables completed. @returns how many there were */
export async function bringUpToDate(database: Database, log: Log, adoptForeign = false): Promise<number> {
  const applied = await migrate(database.connection, log, {
    adoptForeign,
    onAdopted: (client, adoption) => refreshAdopted(client, adoption.derivedTablesAreEmpty, log),
  });
  return applied.length;
}

export function migrateCommand(): Command {
  return new Command("migrate")
    .summary("create or upgrade the database's tables")
    .description(
      "Creates the tables in an empty database, upgrades those of an older version, and adopts a database of the\n" +
        "KernelCI Dashboard in place: every row is kept. Safe to run at any time, from any number of machines.",
    )
    .option("--status", "only show which migrations are applied; exit code 1 when some are pending")
    .option("--adopt", "also take over KCIDB tables that are of another program")
    .addHelpText(
      "after",
      `
Examples:
  kernelboard migrate
  kernelboard migrate --status
  DB_HOST=db.example.org DB_NAME=dashboard DB_USER=admin DB_PASSWORD_FILE=/run/secrets/db kernelboard migrate`,
    )
    .action((options: { status?: boolean; adopt?: boolean }) =>
      runCommand((context) =>
        withDatabase(context, async (database) => {
          if (options.status) {
            const status = await migrationStatus(database.connection);
            for (const { number, name, appliedAt } of status) {
              console.log(`${String(number).padStart(4, "0")} ${name.padEnd(40)} ${appliedAt ?? "pending"}`);
            }
            if (status.some((migration) => migration.appliedAt === undefined)) process.exitCode = 1;
            return;
          }
          const count = await bringUpToDate(database, context.log, options.adopt);
          console.log(
            count === 0
              ? "The database is up to date."
              : `${count} migration${count === 1 ? "" : "s"} applied.`,
          );
        }),
      ),
    );
}
