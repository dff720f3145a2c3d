/** The database for commands that look and change nothing. */
import { stat } from "node:fs/promises";
import { openDatabase, type Database } from "../database/database.ts";
import { errorMessage } from "../database/errors.ts";
import { createLog } from "../log.ts";
import type { DatabaseSettings } from "../settings.ts";

/** The database, or why the embedded one cannot be opened now. None is created. */
export async function existingDatabase(settings: DatabaseSettings): Promise<Database | string> {
  if (settings.kind === "embedded" && !(await stat(settings.dataDir).catch(() => undefined)))
    return `there is none in ${settings.dataDir} yet`;
  try {
    return await openDatabase(settings, createLog("silent"));
  } catch (error) {
    return errorMessage(error);
  }
}
