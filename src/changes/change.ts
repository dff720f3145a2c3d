/** What a commit of submissions changed, as the log `changes` has it; `rollups/changes.ts` writes it. */
import { isoTimestamp } from "../database/json.ts";
import type { Pool } from "../database/pool.ts";

/** `{"all": true}` stands for so many that they are not listed. */
export type ChangeList<T> = readonly T[] | { readonly all: true };

export interface ChangedTree {
  origin: string;
  tree_name: string | null;
  git_repository_url: string | null;
  git_repository_branch: string | null;
  git_commit_hash: string | null;
}

export interface ChangedHardware {
  /** Of the tests. */
  origin: string;
  platform: string | null;
  compatibles: readonly string[] | null;
}

export interface ChangedIssue {
  id: string;
  version: number;
}

/** What a commit's rows were; for caches, which have to know also of what changes no tree, hardware or issue. */
export interface ChangedRows {
  /** Kinds (checkouts, builds, tests, issues, incidents) of which rows came that were not stored. */
  new: readonly string[];
  /** Of which stored rows got something that they lacked. */
  changed: readonly string[];
  /** Of which rows came that were stored: their time of ingestion moved. */
  repeated: readonly string[];
  /** Trees of new checkouts. Undefined in what older versions of the program wrote. */
  new_checkouts?: ChangeList<ChangedTree>;
  /** Trees of repeated checkouts. */
  trees: ChangeList<ChangedTree>;
  /** Repeated issues, and those of repeated incidents. */
  issues: ChangeList<ChangedIssue>;
}

export interface Change {
  /** Ids are in the order of the commits, with gaps. */
  id: number;
  /** ISO 8601 in UTC with `Z`. */
  changedAt: string;
  trees: ChangeList<ChangedTree>;
  hardware: ChangeList<ChangedHardware>;
  issues: ChangeList<ChangedIssue>;
  /** Undefined in what older versions of the program wrote. */
  rows?: ChangedRows;
}

/** A part of the log as one moment has it. */
export interface LogPart {
  /** Id of the newest change of the whole log, 0 when it is empty. */
  newest: number;
  /**
   * Some changes after the one that was asked for are not in the log any more, or it was never of this log: who comes
   * from there has missed something.
   */
  hasGap: boolean;
  /** In order, as many as were asked for at most. */
  changes: Change[];
}

interface LogRow {
  newest: string;
  oldest: string | null;
  id: string | null;
  changed_at: string | null;
  changed: Pick<Change, "trees" | "hardware" | "issues" | "rows"> | null;
}

/**
 * Reads the log behind a change.
 *
 * @param after id of a change, or 0
 */
export async function readChanges(pool: Pool, after: number, limit: number): Promise<LogPart> {
  // One statement, so that the bounds are those of the same moment.
  const { rows } = await pool.query<LogRow>({
    name: "changes",
    text: `
      -- index changes_pkey
      select log.newest, log.oldest, c.id, ${isoTimestamp("c.changed_at")} as changed_at, c.changed
      from (
        select coalesce((select id from changes order by id desc limit 1), 0) as newest,
          (select id from changes order by id limit 1) as oldest
      ) log
      left join (select * from changes where id > $1 order by id limit $2) c on true
      order by c.id`,
    values: [after, limit],
  });
  const newest = Number(rows[0]?.newest ?? 0);
  const oldest = rows[0]?.oldest ?? null;
  return {
    newest,
    hasGap: after > newest || (oldest !== null && after < Number(oldest) - 1),
    changes: rows.flatMap(({ id, changed_at, changed }) =>
      id === null || changed_at === null || changed === null
        ? []
        : [{ id: Number(id), changedAt: changed_at, ...changed }],
    ),
  };
}
