/** The reference implementation's names for questions about migrations: `showmigrations`, `makemigrations`. */
import { Command } from "commander";
import { migrationStatus } from "../database/migrate.ts";
import { runCommand, withDatabase } from "./context.ts";

export function showMigrationsCommand(): Command {
  return new Command("showmigrations")
    .summary("list the migrations, and which of them are applied")
    .description("Lists the migrations of this version: [X] when applied to the database, [ ] when not yet.")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExamples:\n  kernelboard showmigrations\n  kernelboard showmigrations --json")
    .action((args: { json?: boolean }) =>
      runCommand((context) =>
        withDatabase(context, async ({ connection }) => {
          const status = await migrationStatus(connection);
          if (args.json) {
            const list = status.map(({ number, name, appliedAt }) => ({
              number,
              name,
              applied_at: appliedAt ?? null,
            }));
            console.log(JSON.stringify(list, null, 2));
            return;
          }
          console.log("kernelboard");
          for (const { number, name, appliedAt } of status)
            console.log(
              ` [${appliedAt === undefined ? " " : "X"}] ${String(number).padStart(4, "0")}-${name}`,
            );
        }),
      ),
    );
}

export function makeMigrationsCommand(): Command {
  return new Command("makemigrations")
    .summary("nothing: migrations are part of the program")
    .description("Migrations come with the program and are never made where it runs; 'migrate' applies them.")
    .argument("[names...]", "accepted and ignored")
    .option("--check", "accepted and ignored")
    .option("--dry-run", "accepted and ignored")
    .option("--json", "print the result, which is always the same, as JSON")
    .addHelpText("after", "\nExamples:\n  kernelboard makemigrations")
    .action((_names: string[], { json }: { json?: boolean }) => {
      console.log(json ? JSON.stringify({ migrations: [] }, null, 2) : "No changes detected");
    });
}
