/** The objects of one transaction, folded so that each object is one row, and the files that they came from. */
import { mergeRow } from "../kcidb/merge.ts";
import { columnIndex, rowKey, type Row } from "../kcidb/rows.ts";
import { zeroCounts, type Accepted, type Counts } from "../kcidb/submission.ts";
import { KINDS, type Kind, type Refusal } from "../kcidb/types.ts";

/** What became of a file's objects so far. */
export interface SubmissionOutcome {
  /** Base name of the file. */
  name: string;
  /** Objects that are rows of their own now. */
  stored: Counts;
  /** Objects that were merged into a row that existed, or came earlier in the same batch. */
  merged: Counts;
  /** The first ones; see `refusedCount` for all. */
  refused: Refusal[];
  refusedCount: number;
}

/** A report names this many refusals; a file with more is no submission that somebody reads one by one. */
const MAX_LISTED_REFUSALS = 10_000;

export function newOutcome(name: string): SubmissionOutcome {
  return { name, stored: zeroCounts(), merged: zeroCounts(), refused: [], refusedCount: 0 };
}

export function addRefusal(outcome: SubmissionOutcome, refusal: Refusal): void {
  outcome.refusedCount++;
  if (outcome.refused.length < MAX_LISTED_REFUSALS) outcome.refused.push(refusal);
}

/** One object as it came in one file. */
export interface Fragment {
  outcome: SubmissionOutcome;
  id: string;
  pointer: string;
  row: Row;
}

/** One row to be written, and the fragments that were folded into it, in the order of arrival. */
export interface BatchRow {
  kind: Kind;
  row: Row;
  fragments: [Fragment, ...Fragment[]];
}

const PARENT_INDEX: Partial<Record<Kind, number>> = {
  builds: columnIndex("builds", "checkout_id"),
  tests: columnIndex("tests", "build_id"),
};

export class Batch {
  readonly rows: Record<Kind, Map<string, BatchRow>>;
  /** Objects, before folding. */
  objects = 0;
  /** Characters in all rows: what bounds the memory. */
  characters = 0;

  constructor() {
    this.rows = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<
      Kind,
      Map<string, BatchRow>
    >;
  }

  add(outcome: SubmissionOutcome, { kind, id, row, pointer }: Accepted): void {
    this.addFragment(kind, { outcome, id, row, pointer });
  }

  addRow(row: BatchRow): void {
    for (const fragment of row.fragments) this.addFragment(row.kind, fragment);
  }

  /**
   * The rows of a kind in the order in which every writer inserts them: by parent, so that siblings lie together on
   * disk, then by key.
   */
  sorted(kind: Kind): BatchRow[] {
    const parent = PARENT_INDEX[kind];
    const sortKey = ({ row }: BatchRow): string =>
      `${parent === undefined ? "" : row[parent]}\n${rowKey(kind, row)}`;
    return [...this.rows[kind].values()]
      .map((row) => ({ row, key: sortKey(row) }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ row }) => row);
  }

  all(): BatchRow[] {
    return KINDS.flatMap((kind) => [...this.rows[kind].values()]);
  }

  private addFragment(kind: Kind, fragment: Fragment): void {
    this.objects++;
    for (const value of fragment.row) this.characters += value?.length ?? 0;
    const key = rowKey(kind, fragment.row);
    const known = this.rows[kind].get(key);
    if (known === undefined) {
      this.rows[kind].set(key, { kind, row: fragment.row, fragments: [fragment] });
      return;
    }
    // The first fragment keeps its own row, in case the database refuses the folded one.
    if (known.fragments.length === 1) known.row = [...known.row];
    known.fragments.push(fragment);
    mergeRow(kind, known.row, fragment.row);
  }
}

/** Adds the counts of a batch that was committed to the outcomes of its files. */
export function countCommitted(
  batch: Batch,
  knownByFile: (kind: Kind, outcome: SubmissionOutcome) => number,
): void {
  for (const kind of KINDS) {
    const first = new Map<SubmissionOutcome, number>();
    for (const { fragments } of batch.rows[kind].values()) {
      const [opening, ...later] = fragments;
      first.set(opening.outcome, (first.get(opening.outcome) ?? 0) + 1);
      for (const { outcome } of later) outcome.merged[kind]++;
    }
    for (const [outcome, count] of first) {
      const known = knownByFile(kind, outcome);
      outcome.merged[kind] += known;
      outcome.stored[kind] += count - known;
    }
  }
}
