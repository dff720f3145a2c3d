/** Statements of routes that give one JSON text. */
import { named, type Statement } from "../database/sql.ts";
import type { Pool } from "../database/pool.ts";

/**
 * Runs a statement that gives at most one row with a column `body`, JSON text.
 *
 * @param name of the prepared statement, unique for its text
 * @returns the text, or undefined when there is no row or its body is null
 */
export async function queryBody(pool: Pool, name: string, statement: Statement): Promise<string | undefined> {
  const { rows } = await pool.query<{ body: string | null }>(named(name, statement));
  return rows[0]?.body ?? undefined;
}
