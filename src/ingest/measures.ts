/**
 * What a commit did, as plain numbers: a worker makes them after each commit, so that nothing is counted that is not
 * stored, and the process's metrics add them up (chapter 02, section 13; D35).
 */
import type { UploadCounts } from "../excerpts/uploads.ts";
import { columnIndex, type Row } from "../kcidb/rows.ts";
import { zeroCounts, type Counts } from "../kcidb/submission.ts";
import { isJsonObject, KINDS, type Kind, type Rule } from "../kcidb/types.ts";
import type { TransientReason } from "../database/errors.ts";
import type { Batch, BatchRow, Fragment, SubmissionOutcome } from "./batch.ts";

/** Objects that a commit took in, by what the reference's metrics tell them apart by. */
export interface ObjectGroup {
  kind: Kind;
  origin: string;
  /** Of builds and tests that name one. */
  lab?: string;
  /** Of tests that name one. */
  platform?: string;
  count: number;
}

export interface RefusalGroup {
  /** `unlisted` for those beyond what a report lists. */
  rule: Rule | "unlisted";
  /** Undefined for files refused as a whole. */
  kind?: Kind;
  count: number;
}

/** Derived tables of which written rows are counted. */
export const AGGREGATED_TABLES = ["tree_listing", "hardware_status", "tree_tests_rollup"] as const;
export type AggregatedTable = (typeof AGGREGATED_TABLES)[number];

/** Can be posted from a worker thread. */
export interface BatchMeasures {
  groups: ObjectGroup[];
  stored: Counts;
  merged: Counts;
  /** Of the files that this commit completed. */
  refusals: RefusalGroup[];
  /** Files completed: read as submissions, and refused as a whole. */
  submissions: { processed: number; failed: number; unreadable: number };
  /** Rows that were staged. */
  rows: number;
  milliseconds: number;
  retries: Partial<Record<TransientReason, number>>;
  excerpts?: UploadCounts;
  /** Rows of derived tables written by the commit, where the writer knows. */
  aggregated?: Partial<Record<AggregatedTable, number>>;
}

/** What `measureBatch` compares with: to be taken before a batch is written. */
export type Tally = Pick<BatchMeasures, "stored" | "merged">;

/** What is counted already in the outcomes of a batch's files. */
export function tally(batch: Batch): Tally {
  const outcomes = new Set<SubmissionOutcome>();
  for (const { fragments } of batch.all()) for (const { outcome } of fragments) outcomes.add(outcome);
  const sum = { stored: zeroCounts(), merged: zeroCounts() };
  for (const { stored, merged } of outcomes) {
    for (const kind of KINDS) {
      sum.stored[kind] += stored[kind];
      sum.merged[kind] += merged[kind];
    }
  }
  return sum;
}

export interface MeasuredCommit {
  batch: Batch;
  /** Of the same batch, from before it was written. */
  before: Tally;
  /** Files that this commit completed. */
  complete: readonly SubmissionOutcome[];
  milliseconds: number;
  retries?: BatchMeasures["retries"];
  excerpts?: UploadCounts;
  aggregated?: BatchMeasures["aggregated"];
}

/** The measures of a batch that was written, some of its objects refused by the database or none. */
export function measureBatch(commit: MeasuredCommit): BatchMeasures {
  const { batch, before, complete, milliseconds, retries = {}, excerpts, aggregated } = commit;
  const rows = batch.all();
  const after = tally(batch);
  return {
    groups: groupObjects(rows),
    stored: difference(after.stored, before.stored),
    merged: difference(after.merged, before.merged),
    refusals: groupRefusals(complete),
    submissions: {
      processed: complete.filter(({ refusedCount }) => refusedCount === 0).length,
      failed: complete.filter(({ refusedCount }) => refusedCount > 0).length,
      unreadable: complete.filter(isRefusedWhole).length,
    },
    rows: rows.length,
    milliseconds,
    retries,
    ...(excerpts === undefined ? {} : { excerpts }),
    ...(aggregated === undefined ? {} : { aggregated }),
  };
}

function difference(after: Counts, before: Counts): Counts {
  const counts = zeroCounts();
  for (const kind of KINDS) counts[kind] = after[kind] - before[kind];
  return counts;
}

/** A file of which nothing could be read; one refusal, of no object. */
function isRefusedWhole({ refused }: SubmissionOutcome): boolean {
  return refused.some(({ kind }) => kind === undefined);
}

function groupObjects(rows: BatchRow[]): ObjectGroup[] {
  const groups = new Map<string, ObjectGroup>();
  const refused = refusedByDatabase(rows);
  for (const { kind, fragments } of rows) {
    for (const fragment of fragments) {
      if (refused(kind, fragment)) continue;
      const labels = labelsOf(kind, fragment.row);
      // No text of a row has a NUL in it.
      const key = `${kind}\0${labels.origin}\0${labels.lab ?? ""}\0${labels.platform ?? ""}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { kind, ...labels, count: 1 });
      else group.count++;
    }
  }
  return [...groups.values()];
}

/** Tells the objects of a batch that the database did not take: they are in it, but not stored. */
function refusedByDatabase(rows: BatchRow[]): (kind: Kind, fragment: Fragment) => boolean {
  const pointers = new Map<SubmissionOutcome, Set<string>>();
  for (const { fragments } of rows) {
    for (const { outcome } of fragments) {
      if (outcome.refusedCount === 0 || pointers.has(outcome)) continue;
      const refused = outcome.refused.filter(({ rule }) => rule === "database");
      pointers.set(outcome, new Set(refused.map(({ kind, pointer }) => `${kind ?? ""} ${pointer}`)));
    }
  }
  return (kind, { outcome, pointer }) => pointers.get(outcome)?.has(`${kind} ${pointer}`) ?? false;
}

function groupRefusals(complete: readonly SubmissionOutcome[]): RefusalGroup[] {
  const groups = new Map<string, RefusalGroup>();
  const add = (rule: RefusalGroup["rule"], kind: Kind | undefined, count: number): void => {
    const key = `${rule} ${kind ?? ""}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { rule, ...(kind === undefined ? {} : { kind }), count });
    else group.count += count;
  };
  for (const { refused, refusedCount } of complete) {
    for (const { rule, kind } of refused) add(rule, kind, 1);
    const unlisted = refusedCount - refused.length;
    if (unlisted > 0) add("unlisted", refused.at(-1)?.kind, unlisted);
  }
  return [...groups.values()];
}

const ORIGIN = Object.fromEntries(KINDS.map((kind) => [kind, columnIndex(kind, "origin")])) as Record<
  Kind,
  number
>;
const BUILD_MISC = columnIndex("builds", "misc");
const TEST_MISC = columnIndex("tests", "misc");
const ENVIRONMENT_MISC = columnIndex("tests", "environment_misc");

function labelsOf(kind: Kind, row: Row): { origin: string; lab?: string; platform?: string } {
  const origin = row[ORIGIN[kind]] ?? "";
  if (kind === "builds") {
    const lab = member(row[BUILD_MISC], "lab");
    return { origin, ...(lab === undefined ? {} : { lab }) };
  }
  if (kind !== "tests") return { origin };
  const lab = member(row[TEST_MISC], "lab") ?? member(row[TEST_MISC], "runtime");
  const platform = member(row[ENVIRONMENT_MISC], "platform");
  return { origin, ...(lab === undefined ? {} : { lab }), ...(platform === undefined ? {} : { platform }) };
}

/** A member of an object's JSON text that is a text with something in it. */
function member(json: string | null | undefined, name: string): string | undefined {
  const key = `"${name}":`;
  const at = json?.indexOf(key) ?? -1;
  if (json === undefined || json === null || at < 0) return undefined;
  return (json.includes("{", 1) ? undefined : plainText(json, at + key.length)) ?? parsedMember(json, name);
}

/**
 * The text that begins here, unless it has to be unescaped. In an object without objects in it the key can only be its
 * own, as quotes within texts are escaped; most are such objects, and to parse them all would take a tenth of a second
 * of each batch.
 */
function plainText(json: string, start: number): string | undefined {
  if (json[start] !== '"') return undefined;
  const text = json.slice(start + 1, json.indexOf('"', start + 1));
  return text === "" || text.includes("\\") ? undefined : text;
}

function parsedMember(json: string, name: string): string | undefined {
  const object: unknown = JSON.parse(json);
  const value = isJsonObject(object) ? object[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}
