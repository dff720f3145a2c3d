/**
 * What a commit did, as plain numbers: a worker makes them after each commit, so that nothing is counted that is not
 * stored, and the process's metrics add them up (chapter 02, section 13; D35).
 */
import type { UploadCounts } from "../excerpts/uploads.ts";
import { columnIndex, type Row } from "../kcidb/rows.ts";
import { parseCopyLine } from "./copy_text.ts";
import {
  isJsonObject,
  KINDS,
  ofKinds,
  zeroCounts,
  type Counts,
  type Kind,
  type Rule,
} from "../kcidb/types.ts";
import type { TransientReason } from "../database/errors.ts";
import type { Batch, Share } from "./batch.ts";
import type { RecordsWritten } from "./writer.ts";

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

/** Can be posted from a worker thread. */
export interface BatchMeasures {
  groups: ObjectGroup[];
  stored: Counts;
  merged: Counts;
  refusals: RefusalGroup[];
  /** Files completed: read as submissions, and refused as a whole. */
  submissions: { processed: number; failed: number; unreadable: number };
  /** Rows that were staged. */
  rows: number;
  milliseconds: number;
  retries: Partial<Record<TransientReason, number>>;
  /** Rows of derived tables that were written. */
  aggregated: RecordsWritten;
  excerpts?: UploadCounts;
}

/** What `measureBatch` compares with: to be taken before a batch is written. */
export type CountsBefore = Pick<BatchMeasures, "stored" | "merged">;

/** What is counted already of a batch's files. */
export function countsBefore(batch: Batch): CountsBefore {
  const sum = { stored: zeroCounts(), merged: zeroCounts() };
  for (const { tally } of batch.shares.keys()) {
    for (const kind of KINDS) {
      sum.stored[kind] += tally.stored[kind];
      sum.merged[kind] += tally.merged[kind];
    }
  }
  return sum;
}

export interface MeasuredCommit {
  batch: Batch;
  /** Of the same batch, from before it was written. */
  before: CountsBefore;
  milliseconds: number;
  retries: BatchMeasures["retries"];
  aggregated: RecordsWritten;
  excerpts?: UploadCounts;
}

/** The measures of a batch that was written, some of its objects refused by the database or none. */
export function measureBatch({
  batch,
  before,
  milliseconds,
  retries,
  aggregated,
  excerpts,
}: MeasuredCommit): BatchMeasures {
  const after = countsBefore(batch);
  const shares = [...batch.shares.values()];
  const complete = shares.filter(({ isLast }) => isLast);
  const failed = complete.filter(({ outcome }) => outcome.tally.refused > 0);
  const rows = KINDS.reduce((sum, kind) => sum + batch.rows[kind].size, 0);
  return {
    groups: groupObjects(batch),
    stored: difference(after.stored, before.stored),
    merged: difference(after.merged, before.merged),
    refusals: groupRefusals(shares),
    submissions: {
      processed: complete.length - failed.length,
      failed: failed.length,
      unreadable: failed.filter(isRefusedWhole).length,
    },
    rows,
    milliseconds,
    retries,
    aggregated,
    ...(excerpts === undefined ? {} : { excerpts }),
  };
}

function difference(after: Counts, before: Counts): Counts {
  const counts = zeroCounts();
  for (const kind of KINDS) counts[kind] = after[kind] - before[kind];
  return counts;
}

/** A file of which nothing could be read; one refusal, of no object. */
function isRefusedWhole({ refusals }: Share): boolean {
  return refusals.some(({ kind }) => kind === undefined);
}

function groupObjects(batch: Batch): ObjectGroup[] {
  const groups = new Map<string, ObjectGroup>();
  for (const { kind, fragments } of batch.all()) {
    for (const { line } of fragments) {
      const labels = labelsOf(kind, parseCopyLine(line));
      // No text of a row has a NUL in it.
      const key = `${kind}\0${labels.origin}\0${labels.lab ?? ""}\0${labels.platform ?? ""}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { kind, ...labels, count: 1 });
      else group.count++;
    }
  }
  return [...groups.values()];
}

function groupRefusals(shares: readonly Share[]): RefusalGroup[] {
  const groups = new Map<string, RefusalGroup>();
  const add = (rule: RefusalGroup["rule"], kind: Kind | undefined, count: number): void => {
    const key = `${rule} ${kind ?? ""}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { rule, ...(kind === undefined ? {} : { kind }), count });
    else group.count += count;
  };
  for (const { refusals, refused } of shares) {
    for (const { rule, kind } of refusals) add(rule, kind, 1);
    const unlisted = refused - refusals.length;
    if (unlisted > 0) add("unlisted", refusals.at(-1)?.kind, unlisted);
  }
  return [...groups.values()];
}

const ORIGIN = ofKinds((kind) => columnIndex(kind, "origin"));
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
