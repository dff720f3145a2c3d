/**
 * Takes submissions from a spool directory into the database.
 *
 * A scan gives the waiting files in byte order of their names. Workers take groups of them in that order; each reads
 * its files, fills batches, writes them in one transaction each, and moves the files whose objects are all committed.
 * With one worker everything is merged in the order of the names.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { transientReason } from "../database/errors.ts";
import type { Connection } from "../database/pool.ts";
import type { LogExcerpts } from "../excerpts/excerpts.ts";
import type { UploadSettings } from "../excerpts/uploads.ts";
import type { Log } from "../log.ts";
import type { Batch, SubmissionOutcome } from "./batch.ts";
import { Backlog } from "./backlog.ts";
import { microsecondClock } from "./clock.ts";
import type { BatchMeasures } from "./measures.ts";
import { finishFile, openSpool, scanSpool, type Spool } from "./spool.ts";
import { treeNamesFile, type TreeNames } from "./tree_names.ts";
import { Worker } from "./worker.ts";
import { Turn, Writer } from "./writer.ts";

/** A file that cannot be read or moved is tried again after this time. */
const STUCK_PAUSE_MS = 60_000;

export interface IngestOptions {
  spoolDir: string;
  connection: Connection;
  log: Log;
  maxWorkers: number;
  /** Seconds between scans when nothing waits. */
  intervalSeconds: number;
  /** Returns when a scan finds nothing. */
  once: boolean;
  treesFile: string;
  /** Files that a worker takes at a time. */
  filesBatchSize: number;
  /** Files taken from one scan. */
  cycleBatchSize: number;
  /** Objects after which a batch is written. */
  batchSize: number;
  /** Stops after the files that are being read, with everything read committed. */
  signal?: AbortSignal;
  /** How long to wait for a database that is away; undefined for ever. */
  giveUpAfterMs?: number;
  /** Where long log excerpts are moved to; they stay in their rows when it is absent. */
  excerpts?: UploadSettings | undefined;
  /** Called after each commit, before its files are moved. */
  onMeasures?: (measures: BatchMeasures) => void;
  /** Told what waits. */
  backlog?: Backlog;
  onProgress?: (progress: IngestProgress) => void;
}

/** Running totals since the start. */
export interface IngestProgress {
  filesDone: number;
  /** Of those, the ones of which something was refused. */
  filesFailed: number;
  /** Files of the last scan that are not done. */
  filesWaiting: number;
  /** Objects committed. */
  objects: number;
  startedAt: number;
}

/**
 * Runs until the signal, or with `once` until nothing waits.
 *
 * @returns what was done
 * @throws SpoolError when the spool cannot be used
 * @throws DatabaseUnavailable, or another database error, when the database cannot be used
 */
export async function ingest(options: IngestOptions): Promise<IngestProgress> {
  const { signal, once, intervalSeconds } = options;
  const spool = await openSpool(options.spoolDir);
  const run = new IngestRun(spool, options, await openExcerpts(options));
  try {
    for (;;) {
      const found = await run.cycle();
      if (isAborted(signal) || (once && found === 0)) return run.progress;
      if (found > 0) continue;
      await sleep(intervalSeconds * 1000, undefined, signal ? { signal } : {}).catch(() => undefined);
      if (isAborted(signal)) return run.progress;
    }
  } finally {
    await run.close();
  }
}

async function openExcerpts({
  excerpts: settings,
  connection,
  log,
}: IngestOptions): Promise<LogExcerpts | undefined> {
  if (settings === undefined) return undefined;
  // Loaded here, so that those who move nothing start without the HTTP client.
  const { createLogExcerpts } = await import("../excerpts/excerpts.ts");
  return createLogExcerpts({ settings, connection, log });
}

/** A call, because the compiler believes that a property it has seen false stays so. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

class IngestRun {
  readonly progress: IngestProgress = {
    filesDone: 0,
    filesFailed: 0,
    filesWaiting: 0,
    objects: 0,
    startedAt: Date.now(),
  };
  readonly #spool: Spool;
  readonly #options: IngestOptions;
  readonly #writers: Writer[];
  readonly #excerpts: LogExcerpts | undefined;
  #retries: BatchMeasures["retries"] = {};
  readonly #treeNames: () => Promise<TreeNames>;
  readonly #clock = microsecondClock();
  /** Files that cannot be read or moved, with the time at which to try them again. */
  readonly #stuck = new Map<string, number>();

  constructor(spool: Spool, options: IngestOptions, excerpts: LogExcerpts | undefined) {
    this.#spool = spool;
    this.#options = options;
    const staging = new Turn();
    const onRetry = (error: unknown): void => {
      const reason = transientReason(error);
      this.#retries[reason] = (this.#retries[reason] ?? 0) + 1;
    };
    this.#writers = Array.from(
      { length: options.maxWorkers },
      () => new Writer({ ...options, staging, onRetry }),
    );
    this.#excerpts = excerpts;
    this.#treeNames = treeNamesFile(options.treesFile, options.log);
  }

  /** One scan and everything that it found. @returns how many files it found */
  async cycle(): Promise<number> {
    const { cycleBatchSize, filesBatchSize, signal } = this.#options;
    const now = Date.now();
    const names = (await scanSpool(this.#spool, cycleBatchSize)).filter(
      (name) => (this.#stuck.get(name) ?? 0) <= now,
    );
    await this.#options.backlog?.scanned(this.#spool.inbox, names);
    if (names.length === 0) return 0;
    this.progress.filesWaiting = names.length;
    const treeNames = await this.#treeNames();
    const failed = new AbortController();
    // Few files are shared out evenly, many are taken in groups.
    const groupSize = Math.min(filesBatchSize, Math.ceil(names.length / this.#writers.length));
    const groups = (function* (): Generator<string[]> {
      for (let next = 0; next < names.length; next += groupSize) {
        if (isAborted(signal) || isAborted(failed.signal)) return;
        yield names.slice(next, next + groupSize);
      }
    })();
    const results = await Promise.allSettled(
      this.#writers.map(async (writer) => {
        try {
          await this.#work(writer, groups, treeNames);
        } catch (error) {
          failed.abort();
          throw error;
        }
      }),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return names.length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.close()));
    await this.#excerpts?.close();
  }

  /** One worker, until no group of files is left. The groups are shared by all workers. */
  async #work(writer: Writer, groups: Iterator<string[]>, treeNames: TreeNames): Promise<void> {
    const { log, batchSize, signal, onMeasures } = this.#options;
    const worker = new Worker({
      inbox: this.#spool.inbox,
      writer,
      log,
      clock: this.#clock,
      batchSize,
      excerpts: this.#excerpts,
      takeRetries: () => {
        const retries = this.#retries;
        this.#retries = {};
        return retries;
      },
      onMeasures,
      onWritten: (...written) => this.#onWritten(...written),
      onUnreadable: (name) => {
        this.#options.backlog?.finished(name);
        this.progress.filesWaiting--;
        this.#stuck.set(name, Date.now() + STUCK_PAUSE_MS);
      },
    });
    for (let group = groups.next(); !group.done; group = groups.next()) {
      for (const name of group.value) {
        if (isAborted(signal)) break;
        await worker.takeFile(name, treeNames);
      }
    }
    await worker.finish();
  }

  async #onWritten(batch: Batch, complete: SubmissionOutcome[], milliseconds: number): Promise<void> {
    const { log, onProgress } = this.#options;
    this.progress.objects += batch.objects;
    for (const outcome of complete) {
      if (await finishFile(this.#spool, outcome, log)) this.#stuck.delete(outcome.name);
      else this.#stuck.set(outcome.name, Date.now() + STUCK_PAUSE_MS);
      this.#options.backlog?.finished(outcome.name);
      this.progress.filesWaiting--;
      this.progress.filesDone++;
      if (outcome.refusedCount > 0) {
        this.progress.filesFailed++;
        logRefusal(outcome, log);
      }
    }
    if (batch.objects > 0 || complete.length > 0) {
      const { filesWaiting } = this.progress;
      log.info(
        { files: complete.length, objects: batch.objects, ms: milliseconds, waiting: filesWaiting },
        "batch written",
      );
    }
    onProgress?.(this.progress);
  }
}

function logRefusal(outcome: SubmissionOutcome, log: Log): void {
  const first = outcome.refused[0];
  log.warn(
    {
      file: outcome.name,
      refused: outcome.refusedCount,
      rule: first?.rule,
      pointer: first?.pointer,
      message: first?.message.slice(0, 200),
    },
    "a submission was refused in part or whole; the report is beside it in failed/",
  );
}
