/** The variables for those who look for a fault (chapter 08, section 9). */
import type { EnvironmentReader } from "./settings_reader.ts";

export interface DebugSettings {
  /** Whether each statement is logged, whatever `DEBUG` says. */
  sqlQuery: boolean;
  /** Whether every command begins by telling which database it uses. */
  databaseVariables: boolean;
}

export function debugSettings(read: EnvironmentReader): DebugSettings {
  return {
    sqlQuery: read.flag({
      name: "DEBUG_SQL_QUERY",
      fallback: false,
      about: "logs every statement with its values, time, rows and route",
    }),
    databaseVariables: read.flag({
      name: "DEBUG_DB_VARS",
      fallback: false,
      about: "writes the database's variables at start, the password masked",
    }),
  };
}
