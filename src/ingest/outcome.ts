/** What became of a submission's objects, kept while its file is taken in. */
import { zeroCounts, type Counts } from "../kcidb/types.ts";
import type { Refusal } from "../kcidb/types.ts";
import type { Account } from "./account.ts";

/** A report and an account name this many refusals; nobody reads more of one file. */
export const MAX_LISTED_REFUSALS = 1000;

/** Objects in = stored + merged + refused. */
export interface Tally {
  /** Objects of the file, and those that the upgrade of an old one adds. A file that is refused whole counts as one. */
  objects: number;
  /** Elements of the file that are accounted for, in its order. */
  elements: number;
  /** Objects that are rows of their own now. */
  stored: Counts;
  /** Objects that were merged into a row that existed, or came earlier in the same batch. */
  merged: Counts;
  refused: number;
  /** The first ones. */
  refusals: Refusal[];
}

export interface SubmissionOutcome {
  /** Base name of the file. */
  name: string;
  /** What the database says of the file, as of the last batch that held objects of it. */
  account: Account;
  /** What is committed. */
  tally: Tally;
}

/** Nothing yet. */
export function zeroTally(): Tally {
  return { objects: 0, elements: 0, stored: zeroCounts(), merged: zeroCounts(), refused: 0, refusals: [] };
}

/** Counts one refused object, and lists it while there is room. */
export function addRefusal(tally: Pick<Tally, "refused" | "refusals">, refusal: Refusal): void {
  tally.refused++;
  if (tally.refusals.length < MAX_LISTED_REFUSALS) tally.refusals.push(refusal);
}
