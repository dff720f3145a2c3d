/**
 * Hardware rows that stand for nothing any more (chapter 08, section 4.3), and those of the reference implementation's ledger.
 *
 * A row is unused when its checkout is not stored. The reference implementation takes all rows whose checkout is not the
 * newest of its tree, which past windows and `commitsList` need (chapter 05, D21); that rule can be asked for.
 */
import type { Connection } from "../database/pool.ts";
import { inTransaction, openRepairSession } from "../rollups/repair_session.ts";
import { LOCK_WRITERS } from "../rollups/rollups.ts";
import { ANNOUNCE_EVERYTHING } from "../rollups/changes.ts";

export interface UnusedOptions {
  connection: Connection;
  batchSize: number;
  /** Also rows of stored checkouts that are not the newest of their trees. */
  superseded: boolean;
  /** Go on where the table that says what is used is empty. */
  force: boolean;
  /** Asked with what was found whether to delete it. */
  confirm: (found: UnusedRows) => boolean;
  /** Stops between two batches. */
  signal?: AbortSignal;
  onBatch: (table: keyof UnusedRows, rows: number, before: number, of: number) => void;
}

export interface UnusedRows {
  hardwareStatus: number;
  ledger: number;
}

/** What is used is told by an empty table, so nothing would be. */
export class NothingIsUsed extends Error {
  override name = "NothingIsUsed";
}

interface Cleaned {
  name: keyof UnusedRows;
  table: string;
  key: string[];
}

const CLEANED: Cleaned[] = [
  { name: "hardwareStatus", table: "hardware_status", key: ["test_origin", "platform", "checkout_id"] },
  { name: "ledger", table: "processed_listing_items", key: ["listing_item_key"] },
];

/**
 * Finds unused rows and deletes them in batches, each a transaction of its own under the writers' lock, in which the row is looked
 * at again.
 *
 * @returns what was found, and what was deleted when it was confirmed
 * @throws NothingIsUsed, the signal's reason, or the database's error; what was deleted before stays deleted
 */
export async function deleteUnusedHardware(
  options: UnusedOptions,
): Promise<{ found: UnusedRows; deleted?: UnusedRows }> {
  const { superseded, batchSize, signal } = options;
  const reference = superseded ? "latest_checkout" : "checkouts";
  // indexes latest_checkout_checkout_id, checkouts_pkey
  const isUnused = superseded
    ? "not exists (select from latest_checkout l where l.checkout_id = r.checkout_id)"
    : "not exists (select from checkouts c where c.id = r.checkout_id)";
  const session = await openRepairSession(options.connection, "kernelboard delete unused");
  const { client } = session;
  try {
    const used = await client.query<{ any: boolean }>(`select exists (select from ${reference}) as any`);
    const found = { hardwareStatus: 0, ledger: 0 };
    for (const { name, table, key } of CLEANED) {
      const { rowCount } = await client.query(`
        create temp table unused_${table} as
        select row_number() over (order by checkout_id) as place, ${key.join(", ")}
        from ${table} r where ${isUnused}`);
      await client.query(`create index on unused_${table} (place); analyze unused_${table}`);
      found[name] = rowCount ?? 0;
    }
    if (found.hardwareStatus + found.ledger > 0 && used.rows[0]?.any !== true && !options.force)
      throw new NothingIsUsed(`${reference} is empty, so every row would be deleted; --force does it`);
    if (!options.confirm(found)) return { found };
    const deleted = { hardwareStatus: 0, ledger: 0 };
    for (const { name, table, key } of CLEANED) {
      const sameRow = key.map((column) => `r.${column} = u.${column}`).join(" and ");
      for (let from = 0; from < found[name]; from += batchSize) {
        signal?.throwIfAborted();
        const rows = await inTransaction(session, "begin", async () => {
          await client.query(LOCK_WRITERS);
          const { rowCount } = await client.query(
            `delete from ${table} r using unused_${table} u
             where u.place > $1 and u.place <= $2 and ${sameRow} and ${isUnused}`,
            [from, from + batchSize],
          );
          if (name === "hardwareStatus") await client.query(ANNOUNCE_EVERYTHING);
          return rowCount ?? 0;
        });
        options.onBatch(name, rows, deleted[name], found[name]);
        deleted[name] += rows;
      }
    }
    return { found, deleted };
  } finally {
    await session.close();
  }
}
