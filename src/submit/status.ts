/** What became of a submission: by its row, which holds the account of it, and by where its file lies (chapter 02, section 14). */
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { errorMessage } from "../database/errors.ts";
import { isoTimestamp } from "../database/json.ts";
import type { Pool } from "../database/pool.ts";
import { named, raw, sql } from "../database/sql.ts";
import type { Log } from "../log.ts";
import { notNow } from "./errors.ts";
import { readReport, type FilePlace, type FoundFile } from "./places.ts";

/** How many refusals are shown; the report in `failed/` has more. */
export const MAX_SHOWN_REFUSALS = 100;

const Refusal = Type.Object({
  kind: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  pointer: Type.String(),
  rule: Type.String(),
  message: Type.String(),
});
const Counts = Type.Record(Type.String(), Type.Integer());

/** A report as ingestion writes it. */
const Report = Type.Object({
  stored: Counts,
  merged: Counts,
  refused: Type.Integer(),
  refusals: Type.Array(Refusal),
});

/** What became of the objects: those that came in are those stored, merged and refused. */
const Account = Type.Object({
  objects: Type.Integer(),
  stored: Type.Integer(),
  merged: Type.Integer(),
  refused: Type.Integer(),
  counts: Type.Object({ stored: Type.Optional(Counts), merged: Type.Optional(Counts) }),
  refusals: Type.Array(Refusal),
});
export type Account = Static<typeof Account>;

const Row = Type.Object({
  ...Account.properties,
  state: Type.Union([Type.Literal("partial"), Type.Literal("committed"), Type.Literal("done")]),
  received_at: Type.String(),
  stored_at: Type.String(),
});
type Row = Static<typeof Row>;

export interface SubmissionStatus extends Partial<Account> {
  id: string;
  status: "error" | "inprogress" | "ready" | "processed" | "failed" | "notfound";
  message: string;
  received_at?: string;
  stored_at?: string;
}

export interface StatusSources {
  pool: Pool;
  /** Where the file of a submission lies; undefined where there is no spool. Then only the database is asked. */
  findFile: ((id: string) => Promise<FoundFile | undefined>) | undefined;
  log: Log;
}

/** Whether a text may be the id of a submission. */
export function isSubmissionId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,200}$/.test(text);
}

/**
 * What became of a submission.
 *
 * @param id one that `isSubmissionId` takes
 * @throws SubmitError 503 when the database is away and the spool does not know it, and what `findFile` does
 */
export async function submissionStatus(
  { pool, findFile, log }: StatusSources,
  id: string,
): Promise<SubmissionStatus> {
  const asked = await readRow(pool, id).then(
    (row) => ({ row, failed: false }),
    (error: unknown) => {
      log.warn({ error: errorMessage(error) }, "the database was not asked what became of a submission");
      return { row: undefined, failed: true };
    },
  );
  const file = await findFile?.(id);
  if (asked.row !== undefined) return statusOfRow(id, asked.row, file?.place);
  if (file !== undefined) return statusOfFile(id, file.place, await accountInReport(file.path, file.place));
  if (asked.failed) throw notNow("What became of it cannot be told at the moment: try again later", 30);
  return { id, status: "notfound", message: "No submission with this id is known" };
}

async function readRow(pool: Pool, id: string): Promise<Row | undefined> {
  const { rows } = await pool.query(
    named(
      "submission_status",
      // submissions_pkey
      sql`select state, objects, stored, merged, refused, counts,
          jsonb_path_query_array(refusals, ${raw(`'$[0 to ${MAX_SHOWN_REFUSALS - 1}]'`)}) as refusals,
          ${raw(isoTimestamp("received_at"))} as received_at, ${raw(isoTimestamp("stored_at"))} as stored_at
        from submissions where id = ${id}`,
    ),
  );
  return rows[0] === undefined ? undefined : Value.Parse(Row, rows[0]);
}

/** Places of a file that is still to be taken in. */
const WAITING: readonly (FilePlace | undefined)[] = ["inbox", "claimed", "pending_retry"];

function statusOfRow(id: string, { state, ...account }: Row, place: FilePlace | undefined): SubmissionStatus {
  if (state === "partial")
    return {
      id,
      status: "ready",
      message: "It is being ingested; these are the objects so far",
      ...account,
    };
  // Its file was moved away, and somebody put it back.
  if (state === "done" && WAITING.includes(place))
    return {
      id,
      status: "ready",
      message: "It waits to be ingested again; these are the objects of the last time",
      ...account,
    };
  return { id, ...outcomeOf(account), ...account };
}

function outcomeOf(account: Account): Pick<SubmissionStatus, "status" | "message"> {
  const { objects, stored, merged, refused } = account;
  if (refused === 0)
    return {
      status: "processed",
      message: `Of ${objects} objects ${stored} were new and ${merged} were merged into known ones`,
    };
  return {
    status: "failed",
    message:
      stored + merged === 0
        ? "Nothing of it is stored: see refusals"
        : `${refused} of ${objects} objects were refused, the others are stored: see refusals`,
  };
}

function statusOfFile(id: string, place: FilePlace, account: Account | undefined): SubmissionStatus {
  switch (place) {
    case "incoming":
      return { id, status: "inprogress", message: "It is being received" };
    case "inbox":
    case "claimed":
      return { id, status: "ready", message: "It waits to be ingested" };
    case "pending_retry":
      return { id, status: "ready", message: "It could not be ingested yet, and is tried again" };
    case "archive":
      return { id, status: "processed", message: "Everything of it is stored" };
    case "failed":
      return account === undefined
        ? { id, status: "failed", message: "Something of it was refused" }
        : { id, ...outcomeOf(account), ...account };
  }
}

/** The account that a report holds, of a file that was ingested before there were rows of accounts. */
async function accountInReport(path: string, place: FilePlace): Promise<Account | undefined> {
  if (place !== "failed") return undefined;
  const report = parseReport((await readReport(path)) ?? "");
  if (report === undefined) return undefined;
  const { refused, refusals, ...counts } = report;
  const [stored, merged] = [sum(counts.stored), sum(counts.merged)];
  return {
    objects: stored + merged + refused,
    stored,
    merged,
    refused,
    counts: { stored: counts.stored, merged: counts.merged },
    refusals: refusals.slice(0, MAX_SHOWN_REFUSALS),
  };
}

function parseReport(text: string): Static<typeof Report> | undefined {
  try {
    return Value.Parse(Report, JSON.parse(text));
  } catch {
    // Whatever lies there is no report of ours.
    return undefined;
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
