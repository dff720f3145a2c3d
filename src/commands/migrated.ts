/** Commands that work on a database with today's tables, and migrate nothing on the way. */
import type { Database } from "../database/database.ts";
import { isMigrated } from "../database/migrate.ts";
import { CommandError, runCommand, withDatabase, type Context } from "./context.ts";

/** Runs a command's work; an operator who forgot to migrate is told. */
export async function onMigrated(
  work: (context: Context, database: Database) => Promise<void>,
): Promise<void> {
  await runCommand((context) => withMigrated(context, (database) => work(context, database)));
}

/** Opens the database for the time of `work`. @throws CommandError when its tables are not up to date */
export function withMigrated<T>(context: Context, work: (database: Database) => Promise<T>): Promise<T> {
  return withDatabase(context, async (database) => {
    if (!(await isMigrated(database.pool)))
      throw new CommandError("the database's tables are not up to date; run 'kernelboard migrate' first");
    return work(database);
  });
}
