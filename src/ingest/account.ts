/**
 * The account of submissions: table `submissions` says of each file what became of its objects. A row is written in the
 * transaction that holds the last of the file's objects so far, and only if it still says what it said when the file was
 * opened. So whatever happens to processes and connections, no object is taken in twice: after a crash a file is read on
 * where its row ends, and of two processes that have the same file only the first one's transaction commits.
 */
import type pg from "pg";
import { zeroCounts, type Counts } from "../kcidb/types.ts";
import { KINDS, type Refusal } from "../kcidb/types.ts";
import type { Batch, Share } from "./batch.ts";
import { copyLine } from "./copy_text.ts";
import { MAX_LISTED_REFUSALS, zeroTally, type SubmissionOutcome, type Tally } from "./outcome.ts";

/** partial: the file has more objects; committed: all are stored, the file has to be moved; done: it was moved. */
export type AccountState = "partial" | "committed" | "done";

export interface Account {
  id: string;
  /** Inode, size and time of change: tells a file from another one of the same name, and stays when it is moved. */
  fingerprint: string;
  bytes: number;
  /** ISO 8601. */
  receivedAt: string;
  /** How often the file was taken in from its start, this time included. */
  run: number;
  /** What the row says; undefined while there is none. */
  row: { run: number; elements: number; state: AccountState } | undefined;
}

/** A file as it lies in the spool. */
export interface SpoolFile {
  name: string;
  fingerprint: string;
  bytes: number;
  receivedAt: string;
}

/** SQLSTATE of `CHECK_ACCOUNTS`. */
export const ACCOUNT_CONFLICT = "KB001";

const RECEIVED_NAME = /^submission-(?<id>[A-Za-z0-9]{32})\.json$/;

/** The id of a submission: the receiver's, when the file has the receiver's name, else its name without `.json`. */
export function submissionId(fileName: string): string {
  return RECEIVED_NAME.exec(fileName)?.groups?.id ?? fileName.replace(/\.json$/, "");
}

interface AccountRow {
  id: string;
  fingerprint: string;
  run: number;
  state: AccountState;
  elements_done: number;
  objects: number;
  refused: number;
  counts: { stored: Counts; merged: Counts };
  refusals: Refusal[];
}

/** Where to begin with some files: anew, where a crash interrupted, or with nothing but moving them. */
export async function openAccounts(
  client: pg.Client,
  files: readonly SpoolFile[],
): Promise<SubmissionOutcome[]> {
  // index submissions_pkey
  const { rows } = await client.query<AccountRow>(
    `select id, fingerprint, run, state, elements_done, objects, refused, counts, refusals
     from submissions where id = any($1)`,
    [files.map(({ name }) => submissionId(name))],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return files.map((file) => openAccount(file, byId.get(submissionId(file.name))));
}

function openAccount(file: SpoolFile, row: AccountRow | undefined): SubmissionOutcome {
  const { name, fingerprint, bytes, receivedAt } = file;
  const known = row && { run: row.run, elements: row.elements_done, state: row.state };
  const account: Account = { id: submissionId(name), fingerprint, bytes, receivedAt, run: 1, row: known };
  if (row === undefined) return { name, account, tally: zeroTally() };
  // A file that was moved away and is here again was put here by an operator, to be taken in again.
  const goesOn = row.fingerprint === fingerprint && row.state !== "done";
  account.run = goesOn ? row.run : row.run + 1;
  return { name, account, tally: goesOn ? tallyOf(row) : zeroTally() };
}

function tallyOf({ objects, elements_done, refused, counts, refusals }: AccountRow): Tally {
  return {
    objects,
    elements: elements_done,
    stored: { ...zeroCounts(), ...counts.stored },
    merged: { ...zeroCounts(), ...counts.merged },
    refused,
    refusals,
  };
}

/** All objects of the file are committed already: it only has to be moved. */
export function isComplete({ account }: SubmissionOutcome): boolean {
  return account.row?.state === "committed" && account.row.run === account.run;
}

/** Temporary tables of a writer's session, by name, with their columns. */
export const ACCOUNT_TABLES: Record<string, string> = {
  // known_*: what the row said when the file was opened
  staged_submissions: `file_number integer, known_run integer, known_elements integer, known_state text, id text,
    file_name text, fingerprint text, run integer, state text, elements_done integer, bytes bigint, objects integer,
    refused integer, refusals jsonb, received_at timestamptz`,
  // per file and kind: rows that the file brought first, objects folded into a row of the batch, and counts before it
  staged_counts: `file_number integer, kind text, rows integer, folded integer, stored_before integer,
    merged_before integer`,
  known_counts: "file_number integer, kind text, known integer",
};

export const CREATE_CHECK_ACCOUNTS = `
  create function pg_temp.check_accounts() returns void language plpgsql as $$
  begin
    if exists (
      select from staged_submissions f
      left join lateral (
        -- index submissions_pkey
        select run, elements_done, state from submissions where id = f.id offset 0
      ) s on true
      where (s.run, s.elements_done, s.state) is distinct from (f.known_run, f.known_elements, f.known_state)
    ) then
      raise exception 'a submission of this batch was taken in by another process' using errcode = '${ACCOUNT_CONFLICT}';
    end if;
  end $$`;

/** To run under the writers' lock, before anything is merged. Fails with `ACCOUNT_CONFLICT`. */
export const CHECK_ACCOUNTS = "select pg_temp.check_accounts()";

const STAGED_COLUMNS = {
  staged_submissions: columnNames("staged_submissions"),
  staged_counts: columnNames("staged_counts"),
};

function columnNames(table: string): string {
  return (ACCOUNT_TABLES[table] ?? "")
    .split(",")
    .map((column) => column.trim().split(" ")[0])
    .join(", ");
}

/** `copy` of one of the staging tables. */
export function copyAccounts(table: keyof typeof STAGED_COLUMNS): string {
  return `copy ${table} (${STAGED_COLUMNS[table]}) from stdin`;
}

/** The lines of `staged_submissions`: each file of the batch as it is after it. */
export function* submissionLines(batch: Batch): Generator<string> {
  let number = 0;
  for (const share of batch.shares.values()) {
    const { account, name, tally } = share.outcome;
    const known = account.row;
    const total = addShare(tally, share);
    yield copyLine([
      String(number++),
      ...[known?.run, known?.elements, known?.state].map((value) =>
        value === undefined ? null : String(value),
      ),
      account.id,
      name,
      account.fingerprint,
      String(account.run),
      share.isLast ? "committed" : "partial",
      String(total.elements),
      String(account.bytes),
      String(total.objects),
      String(total.refused),
      storableJson(total.refusals),
      account.receivedAt,
    ]);
  }
}

/** The lines of `staged_counts`. */
export function* countLines(batch: Batch): Generator<string> {
  const numbers = new Map([...batch.shares.values()].map((share, number) => [share, number]));
  for (const kind of KINDS) {
    const first = new Map<Share, number>();
    const folded = new Map<Share, number>();
    const count = (map: Map<Share, number>, share: Share): void =>
      void map.set(share, (map.get(share) ?? 0) + 1);
    for (const { fragments } of batch.rows[kind].values()) {
      fragments.forEach(({ share }, index) => {
        count(index === 0 ? first : folded, share);
      });
    }
    for (const [share, number] of numbers) {
      const { stored, merged } = share.outcome.tally;
      const values = [first.get(share) ?? 0, folded.get(share) ?? 0, stored[kind], merged[kind]];
      if (values.some((value) => value !== 0)) yield [number, kind, ...values].join("\t");
    }
  }
}

/** Writes the rows of the batch's files, and gives what they hold now, as `file_number` and `counts`. */
export const WRITE_ACCOUNTS = `
  with counts as (
    select c.file_number,
      sum(stored_before + rows - coalesce(known, 0)) as stored,
      sum(merged_before + folded + coalesce(known, 0)) as merged,
      jsonb_build_object(
        'stored', jsonb_object_agg(kind, stored_before + rows - coalesce(known, 0)),
        'merged', jsonb_object_agg(kind, merged_before + folded + coalesce(known, 0))
      ) as by_kind
    from staged_counts c
    left join known_counts k using (file_number, kind)
    group by c.file_number
  ), written as (
    insert into submissions as s (id, file_name, fingerprint, run, state, elements_done, bytes, objects, stored, merged,
      refused, counts, refusals, received_at, stored_at)
    select id, file_name, fingerprint, run, state, elements_done, bytes, objects, coalesce(stored, 0),
      coalesce(merged, 0), refused, coalesce(by_kind, '{"stored": {}, "merged": {}}'), refusals, received_at, clock_timestamp()
    from staged_submissions
    left join counts using (file_number)
    on conflict (id) do update
      set file_name = excluded.file_name, fingerprint = excluded.fingerprint, run = excluded.run, state = excluded.state,
        elements_done = excluded.elements_done, bytes = excluded.bytes, objects = excluded.objects,
        stored = excluded.stored, merged = excluded.merged, refused = excluded.refused, counts = excluded.counts,
        refusals = excluded.refusals, received_at = excluded.received_at, stored_at = excluded.stored_at
  )
  select file_number, coalesce(by_kind, '{"stored": {}, "merged": {}}') as counts
  from staged_submissions
  left join counts using (file_number)`;

export interface WrittenCounts {
  file_number: number;
  counts: { stored: Partial<Counts>; merged: Partial<Counts> };
}

/** Brings the outcomes of a batch's files to what was committed. */
export function settle(batch: Batch, written: readonly WrittenCounts[]): void {
  const countsByNumber = new Map(written.map((row) => [row.file_number, row.counts]));
  [...batch.shares.values()].forEach((share, number) => {
    const { outcome } = share;
    const counts = countsByNumber.get(number);
    outcome.tally = {
      ...addShare(outcome.tally, share),
      stored: { ...zeroCounts(), ...counts?.stored },
      merged: { ...zeroCounts(), ...counts?.merged },
    };
    outcome.account.row = {
      run: outcome.account.run,
      elements: outcome.tally.elements,
      state: share.isLast ? "committed" : "partial",
    };
  });
}

function addShare(tally: Tally, share: Share): Tally {
  return {
    ...tally,
    objects: tally.objects + share.objects,
    elements: tally.elements + share.elements,
    refused: tally.refused + share.refused,
    refusals: [...tally.refusals, ...share.refusals].slice(0, MAX_LISTED_REFUSALS),
  };
}

/** Remembers that files were moved out of the inbox. */
export async function markMoved(client: pg.Client, ids: readonly string[]): Promise<void> {
  // index submissions_pkey
  await client.query("update submissions set state = 'done' where id = any($1) and state = 'committed'", [
    ids,
  ]);
}

/** JSON text that jsonb takes: an id or a message may hold what no column can. */
function storableJson(refusals: readonly Refusal[]): string {
  return JSON.stringify(refusals, (_key, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\u{fffd}").slice(0, 2000) : value,
  );
}
