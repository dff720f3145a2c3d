/** The objects of one transaction, folded so that each object is one row, and the files that they came from. */
import { mergeRow } from "../kcidb/merge.ts";
import {
  columnIndex,
  FREE_COLUMNS,
  rowKey,
  testFactsOfRow,
  type Row,
  type TestFacts,
} from "../kcidb/rows.ts";
import type { Accepted } from "../kcidb/submission.ts";
import { KINDS, ofKinds, type Kind, type Refusal } from "../kcidb/types.ts";
import { copyLine, parseCopyLine } from "./copy_text.ts";
import { addRefusal, type SubmissionOutcome } from "./outcome.ts";

/** One object as it came in one file. Rows are kept as text: an array of values takes several times the memory. */
export interface Fragment {
  share: Share;
  id: string;
  pointer: string;
  line: string;
  /** Of a test, the line of what counts of it. */
  facts: string;
}

/** One row to be written, and the fragments that were folded into it, in the order of arrival. */
export interface BatchRow {
  kind: Kind;
  key: string;
  /** The checkout of a build, the build of a test; empty for the other kinds. */
  parent: string;
  line: string;
  facts: string;
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

const FACT_INDEXES = ["id", "build_id", "origin", "status", "path", "start_time"].map((name) =>
  columnIndex("tests", name),
);
const COMPATIBLE = columnIndex("tests", "environment_compatible");

const NONE: readonly number[] = [];

/** What counts of a test, as a line for COPY with the columns of `TEST_FACT_COLUMNS`. */
function factsLine(row: Row, { platform, lab, isBoot }: TestFacts, isPlain: boolean): string {
  const values = FACT_INDEXES.map((index) => row[index] ?? null);
  values.push(platform, lab, row[COMPATIBLE] ?? null, isBoot ? "t" : "f");
  return copyLine(values, isPlain ? NONE : undefined);
}

export class Batch {
  readonly rows: Record<Kind, Map<string, BatchRow>>;
  readonly shares = new Map<SubmissionOutcome, Share>();
  /** Objects, before folding. */
  objects = 0;
  /** Characters in all rows: what bounds the memory. */
  characters = 0;

  constructor() {
    this.rows = ofKinds(() => new Map<string, BatchRow>());
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

  add(share: Share, { kind, id, row, pointer, isPlain = false, facts }: Accepted): void {
    const line = copyLine(row, isPlain ? NONE : FREE_COLUMNS[kind]);
    const factText = kind === "tests" ? factsLine(row, facts ?? testFactsOfRow(row), isPlain) : "";
    this.objects++;
    this.characters += line.length + factText.length;
    const parentIndex = PARENT_INDEX[kind];
    const parent = parentIndex === undefined ? "" : (row[parentIndex] ?? "");
    this.#fold({ kind, key: rowKey(kind, row), parent }, { share, id, pointer, line, facts: factText });
  }

  /** The rows of a kind in the order in which every writer inserts them: by parent, so that siblings lie together on disk, then by key. */
  sorted(kind: Kind): BatchRow[] {
    const families = new Map<string, BatchRow[]>();
    for (const row of this.rows[kind].values()) {
      const family = families.get(row.parent);
      if (family === undefined) families.set(row.parent, [row]);
      else family.push(row);
    }
    return [...families]
      .sort(([a], [b]) => compare(a, b))
      .flatMap(([, rows]) => rows.sort((a, b) => compare(a.key, b.key)));
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
      for (const fragment of rest) this.#fold(row, fragment);
    }
  }

  /** A batch of some of the rows, to be tried. */
  static of(rows: readonly BatchRow[]): Batch {
    const batch = new Batch();
    for (const row of rows) batch.rows[row.kind].set(row.key, row);
    batch.objects = rows.length;
    return batch;
  }

  #fold({ kind, key, parent }: Pick<BatchRow, "kind" | "key" | "parent">, fragment: Fragment): void {
    const known = this.rows[kind].get(key);
    if (known === undefined) {
      const { line, facts } = fragment;
      this.rows[kind].set(key, { kind, key, parent, line, facts, fragments: [fragment] });
      return;
    }
    known.fragments.push(fragment);
    const row = parseCopyLine(known.line);
    mergeRow(kind, row, parseCopyLine(fragment.line));
    known.line = copyLine(row);
    if (kind === "tests") known.facts = factsLine(row, testFactsOfRow(row), false);
  }
}

/** By code units, which is one order for all writers. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
