/** The objects of one transaction, folded so that each object is one row, and the files that they came from. */
import { mergeRow } from "../kcidb/merge.ts";
import { columnIndex, countedMisc, rowKey, type Row } from "../kcidb/rows.ts";
import type { Accepted } from "../kcidb/submission.ts";
import { KINDS, type Kind, type Refusal } from "../kcidb/types.ts";
import { copyLine, parseCopyLine } from "./copy_text.ts";
import { addRefusal, type SubmissionOutcome } from "./outcome.ts";

/** One object as it came in one file. Rows are kept as text: an array of values takes several times the memory. */
export interface Fragment {
  share: Share;
  id: string;
  pointer: string;
  line: string;
  /** Of a test, the line of what counts of it. */
  arriving: string;
}

/** One row to be written, and the fragments that were folded into it, in the order of arrival. */
export interface BatchRow {
  kind: Kind;
  key: string;
  sortKey: string;
  line: string;
  arriving: string;
  fragments: [Fragment, ...Fragment[]];
}

/** What a batch has of one file. */
export interface Share {
  outcome: SubmissionOutcome;
  objects: number;
  elements: number;
  refused: number;
  refusals: Refusal[];
  /** The file has nothing more. */
  isLast: boolean;
}

const PARENT_INDEX: Partial<Record<Kind, number>> = {
  builds: columnIndex("builds", "checkout_id"),
  tests: columnIndex("tests", "build_id"),
};

/** Columns of a test that count, beside the two `misc`. */
const ARRIVING_COLUMNS = [
  "id",
  "build_id",
  "origin",
  "status",
  "path",
  "start_time",
  "environment_compatible",
];
const ARRIVING_INDEXES = ARRIVING_COLUMNS.map((name) => columnIndex("tests", name));
/** The columns of `arrivingLine`, in its order. */
export const ARRIVING_NAMES = [...ARRIVING_COLUMNS, "environment_misc", "misc"];

/** What counts of a test, as a line for COPY. */
function arrivingLine(row: Row, counted: Accepted["counted"]): string {
  const values = ARRIVING_INDEXES.map((index) => row[index] ?? null);
  return copyLine([...values, ...(counted ?? countedMisc(row))]);
}

export class Batch {
  readonly rows: Record<Kind, Map<string, BatchRow>>;
  readonly shares = new Map<SubmissionOutcome, Share>();
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

  /** What the batch has of a file. */
  share(outcome: SubmissionOutcome): Share {
    let share = this.shares.get(outcome);
    if (share === undefined) {
      share = { outcome, objects: 0, elements: 0, refused: 0, refusals: [], isLast: false };
      this.shares.set(outcome, share);
    }
    return share;
  }

  add(share: Share, { kind, id, row, pointer, counted }: Accepted): void {
    const line = copyLine(row);
    const arriving = kind === "tests" ? arrivingLine(row, counted) : "";
    this.objects++;
    this.characters += line.length + arriving.length;
    const parent = PARENT_INDEX[kind];
    const key = rowKey(kind, row);
    const sortKey = parent === undefined ? key : `${row[parent]}\n${key}`;
    this.#fold(kind, key, sortKey, { share, id, pointer, line, arriving });
  }

  /** The rows of a kind in the order in which every writer inserts them: by parent, so that siblings lie together on disk, then by key. */
  sorted(kind: Kind): BatchRow[] {
    return [...this.rows[kind].values()].sort((a, b) =>
      a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0,
    );
  }

  all(): BatchRow[] {
    return KINDS.flatMap((kind) => [...this.rows[kind].values()]);
  }

  /** Takes refused fragments out, and counts them as refused. */
  refuse(refused: ReadonlyMap<Fragment, Refusal>): void {
    for (const [fragment, refusal] of refused) addRefusal(fragment.share, refusal);
    for (const row of this.all()) {
      if (!row.fragments.some((fragment) => refused.has(fragment))) continue;
      const rest = row.fragments.filter((fragment) => !refused.has(fragment));
      this.rows[row.kind].delete(row.key);
      for (const fragment of rest) this.#fold(row.kind, row.key, row.sortKey, fragment);
    }
  }

  /** A batch of some of the rows, to be tried. */
  static of(rows: readonly BatchRow[]): Batch {
    const batch = new Batch();
    for (const row of rows) batch.rows[row.kind].set(row.key, row);
    batch.objects = rows.length;
    return batch;
  }

  #fold(kind: Kind, key: string, sortKey: string, fragment: Fragment): void {
    const known = this.rows[kind].get(key);
    if (known === undefined) {
      const { line, arriving } = fragment;
      this.rows[kind].set(key, { kind, key, sortKey, line, arriving, fragments: [fragment] });
      return;
    }
    known.fragments.push(fragment);
    const row = parseCopyLine(known.line);
    mergeRow(kind, row, parseCopyLine(fragment.line));
    known.line = copyLine(row);
    if (kind === "tests") known.arriving = arrivingLine(row, undefined);
  }
}
