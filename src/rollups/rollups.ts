/**
 * The derived tables as one: what a writer runs around the merge of a batch, in the batch's own transaction, so that
 * after every commit each table is what follows from the rows (chapter 02, section 19).
 *
 * Exactness rests on one transaction at a time between `LOCK_WRITERS` and its commit. Inserting new rows is left
 * outside of that, and any number of writers do it side by side: a row that another writer has not committed yet is
 * not counted by this one, and is counted by the other, which sees everything committed once it has the lock. Existing
 * rows and derived tables are only changed under the lock. Readers are not affected by it.
 */
import { CHANGES_TABLES, FIND_NEW_HARDWARE } from "./changes.ts";
import { CHANGE_HARDWARE_STATUS } from "./hardware_status.ts";
import { CHANGE_LATEST_CHECKOUT, LATEST_CHECKOUT_TABLES } from "./latest_checkout.ts";
import { CHANGE_PENDING, PENDING_TABLES, QUEUE_NEW_TESTS } from "./pending.ts";
import { FIND_TOUCHED, TOUCHED_TABLES, takeMoves } from "./touched.ts";
import { CHANGE_TREE_LISTING, TREE_LISTING_TABLES } from "./tree_listing.ts";
import { CHANGE_TREE_TESTS_ROLLUP, ROLLUP_TABLES } from "./tree_tests_rollup.ts";

/** Any number of our own; the same for every process of the project. */
export const WRITER_LOCK = 5_265_920_419;

/** Waits until no other transaction writes; released by commit and rollback. */
export const LOCK_WRITERS = `select pg_advisory_xact_lock(${WRITER_LOCK})`;

/** Temporary tables of a writer's session, by name, with their columns. */
export const ROLLUP_TEMPORARY_TABLES: Record<string, string> = {
  ...TOUCHED_TABLES,
  ...LATEST_CHECKOUT_TABLES,
  ...TREE_LISTING_TABLES,
  ...ROLLUP_TABLES,
  ...PENDING_TABLES,
  ...CHANGES_TABLES,
  records_written: "table_name text, records bigint",
};

/** Derived tables of which the written rows are counted. */
export const AGGREGATED_TABLES = ["tree_listing", "hardware_status", "tree_tests_rollup"] as const;
export type AggregatedTable = (typeof AGGREGATED_TABLES)[number];

/** How many rows of them the transaction wrote, as one object `records_written`; to run after `AFTER_MERGE`. */
export const RECORDS_WRITTEN =
  "select jsonb_object_agg(table_name, records) as records_written from records_written";

/** To run when the new rows of a batch are inserted, before the lock: what follows from these alone. */
export const BEFORE_LOCK = [FIND_NEW_HARDWARE, QUEUE_NEW_TESTS].join(";\n");

/** To run under the lock, before the known rows of the batch are merged. */
export const BEFORE_MERGE = [FIND_TOUCHED, takeMoves("before")].join(";\n");

/** To run when they are merged. */
export const AFTER_MERGE = [
  takeMoves("after"),
  CHANGE_LATEST_CHECKOUT,
  CHANGE_TREE_LISTING,
  CHANGE_HARDWARE_STATUS,
  CHANGE_TREE_TESTS_ROLLUP,
  CHANGE_PENDING,
].join(";\n");
