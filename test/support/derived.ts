/** Derived tables: holds them against what follows from the rows of the five tables, or fills them from these. */
import pg from "pg";
import { pino } from "pino";
import { clientOptions, type Connection, type Pool } from "../../src/database/pool.ts";
import { EXPECTED, refreshAdopted } from "../../src/rollups/refresh.ts";

const SURROGATE_KEYS = ["id"];

/** Rows that a derived table lacks or should not have, as texts; empty when all tables are exact. */
export async function derivedDifferences(pool: Pool): Promise<string[]> {
  const differences: string[] = [];
  for (const [table, expected] of Object.entries(EXPECTED)) {
    const query = expected("select id from checkouts");
    const { fields } = await pool.query(`select * from (${query}) q limit 0`);
    const columns = fields
      .map((field) => field.name)
      .filter((name) => !SURROGATE_KEYS.includes(name))
      .join(", ");
    const { rows } = await pool.query<{ row: string }>(`
      with wanted as (select ${columns} from (${query}) q), found as (select ${columns} from ${table})
      select 'missing ' || row_to_json(w)::text as row from (select * from wanted except all select * from found) w
      union all
      select 'not wanted ' || row_to_json(f)::text from (select * from found except all select * from wanted) f`);
    differences.push(...rows.map(({ row }) => `${table}: ${row}`));
  }
  return differences;
}

/** Computes all derived tables, after rows were inserted behind their back. */
export async function fillDerivedTables(connection: Connection): Promise<void> {
  const client = new pg.Client(clientOptions(connection, "kernelboard test"));
  await client.connect();
  try {
    await client.query("begin");
    await refreshAdopted(client, true, pino({ level: "silent" }));
    await client.query("commit");
  } finally {
    await client.end();
  }
}
