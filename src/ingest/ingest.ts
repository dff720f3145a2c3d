/**
 * Takes submissions from a spool directory into the database.
 *
 * A scan gives the waiting files in byte order of their names. With one worker everything is merged in that order; with more,
 * files that others wait for come first. Ingest threads ask for groups of them; a group is claimed, so that no other process has
 * it, and its files are read, written in batches of one transaction each, and moved when all of their objects are committed.
 */
import { availableParallelism } from "node:os";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { Connection } from "../database/pool.ts";
import type { UploadSettings } from "../excerpts/uploads.ts";
import type { Log } from "../log.ts";
import { statementSecrets } from "../database/statement_log.ts";
import { Backlog } from "./backlog.ts";
import { Bell, watchInbox } from "./bell.ts";
import { Claims } from "./claims.ts";
import type { BatchMeasures } from "./measures.ts";
import type { SubmissionOutcome } from "./outcome.ts";
import { parentsFirst } from "./parents_first.ts";
import { openSpool, postponeFile, requeuePostponed, scanSpool, type Spool } from "./spool.ts";
import { IngestThread, ThreadBroken, type Task, type ThreadData } from "./threads.ts";
import type { WorkerReport } from "./worker.ts";

/** System errors of a spool that is full or read-only for a while. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);
/** For fewer files a thread takes longer to start than another one takes to read them. */
const FILES_WORTH_A_THREAD = 20;
/** A file that cannot be moved is tried again after this time. */
const STUCK_PAUSE_MS = 60_000;
/** Time between two looks for files that others left or that were put aside. */
const TIDY_INTERVAL_MS = 10_000;
/**
 * Where nothing waits any more, a thread writes what it has, and takes no more for the rest of this time; nor does another one
 * begin until so long after it began. What comes alone is written at once, and what comes in a stream in few commits. Each has a
 * price, for the database and for all who keep answers.
 */
const WRITING_INTERVAL_MS = 200;
/** Batches that a thread writes at once: it reads faster than one session of the database writes. */
const WRITERS_PER_THREAD = 2;

/**
 * How many writers each thread has, of as many workers as somebody asks for: more than the cores only take time from each other, and another
 * thread costs a tenth of the time. One more is worth that where files come in all the time: small ones need not wait for a large one.
 */
function writersByThread({ maxWorkers, once }: Pick<IngestOptions, "maxWorkers" | "once">): number[] {
  const most = Math.max(availableParallelism(), WRITERS_PER_THREAD) + (once ? 0 : 1);
  const writers = Math.min(maxWorkers, most);
  return Array.from({ length: Math.ceil(writers / WRITERS_PER_THREAD) }, (_, thread) =>
    Math.min(WRITERS_PER_THREAD, writers - thread * WRITERS_PER_THREAD),
  );
}

/** Threads that are used for as many workers as somebody asks for. */
export function threadCount(options: Pick<IngestOptions, "maxWorkers" | "once">): number {
  return writersByThread(options).length;
}

export interface IngestOptions {
  spoolDir: string;
  connection: Connection;
  log: Log;
  /** The most batches that are written at once. */
  maxWorkers: number;
  /** Seconds between scans when nothing waits and nothing is heard of new files. */
  intervalSeconds: number;
  /** Returns when a scan finds nothing. */
  once: boolean;
  treesFile: string;
  /** Files that a thread takes at a time. */
  filesBatchSize: number;
  /** Files taken from one scan. */
  cycleBatchSize: number;
  /** Objects after which a batch is written. */
  batchSize: number;
  /** Stops after the files that are being read, with everything read committed. */
  signal?: AbortSignal;
  /** How long to wait for a database that is away; undefined for ever. */
  giveUpAfterMs?: number;
  /** Rung when a file is there, by whoever puts it there in this process. */
  bell?: Bell;
  /** Where long log excerpts are moved to; they stay in their rows when it is absent. */
  excerpts?: UploadSettings | undefined;
  /** Called after each commit. */
  onMeasures?: (measures: BatchMeasures) => void;
  /** Called when a file is put aside because of failures that are not its own. */
  onPostponed?: () => void;
  /** Called when a thread ended by itself. */
  onThreadBroken?: () => void;
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
  const spool = await openSpool(options.spoolDir);
  const claims = new Claims({ ...options, spool });
  const run = new IngestRun(spool, claims, options);
  try {
    await run.warmUp();
    await claims.open();
    await run.work();
    return run.progress;
  } finally {
    await run.close();
    await claims.close();
  }
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
  readonly #claims: Claims;
  readonly #options: IngestOptions;
  readonly #bell: Bell;
  readonly #threads: IngestThread[];
  /** Names that the last scan found and nobody was given yet. */
  #queue: string[] = [];
  /** Claimed files that are to be taken again. */
  #again: string[] = [];
  /** Claimed files, by the thread that has them. */
  readonly #inHand = new Map<string, IngestThread>();
  /** Claimed files that could not be moved, with the time at which to try again. */
  readonly #stuck = new Map<string, number>();
  /** Files whose thread broke down. They are taken one by one, and put aside when it happens again. */
  readonly #suspects = new Set<string>();
  /** How often files were tried again that had been put aside. */
  readonly #retries = new Map<string, number>();
  #lastGroup: Promise<unknown> = Promise.resolve();
  #tidyAt = 0;
  /** The thread that was the last to begin, having had nothing in hand, and when another one may. */
  #begun: { by: IngestThread; others: number } | undefined;
  #failure: Error | undefined;

  constructor(spool: Spool, claims: Claims, options: IngestOptions) {
    this.#spool = spool;
    this.#claims = claims;
    this.#options = options;
    this.#bell = options.bell ?? new Bell();
    this.#threads = writersByThread(options).map(
      (writers) =>
        new IngestThread(this.#threadData(writers), options.log, {
          onReport: this.#onReport.bind(this),
          onMeasures: options.onMeasures,
        }),
    );
  }

  /** Looks what waits, and lets as many threads as have something to do load while connections are made. */
  async warmUp(): Promise<void> {
    await this.#scan();
    for (const thread of this.#threads.slice(0, 1 + this.#queue.length / FILES_WORTH_A_THREAD))
      thread.warmUp();
  }

  /** Lets all threads work until there is nothing more to do. */
  async work(): Promise<void> {
    const { signal, once } = this.#options;
    const onStop = (): void => {
      for (const thread of this.#threads) thread.stop();
      this.#bell.ring();
    };
    signal?.addEventListener("abort", onStop, { once: true });
    const stopWatching = once
      ? () => undefined
      : watchInbox(this.#spool.inbox, this.#bell, this.#options.log);
    try {
      await Promise.all(
        this.#threads.map(async (thread) => {
          try {
            await this.#serve(thread);
          } catch (error) {
            this.#failure ??= error instanceof Error ? error : new Error(String(error));
            onStop();
          }
        }),
      );
    } finally {
      stopWatching();
      signal?.removeEventListener("abort", onStop);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #isStopping(): boolean {
    return this.#failure !== undefined || this.#options.signal?.aborted === true;
  }

  /** Gives a thread groups of files while there are any; then it writes what it has, and waits. */
  async #serve(thread: IngestThread): Promise<void> {
    const { once, intervalSeconds } = this.#options;
    let hasBegun = false;
    while (!this.#isStopping()) {
      const heard = this.#bell.heard;
      if (!once && !hasBegun && this.#begun !== undefined && this.#begun.by !== thread)
        await this.#pauseUntil(this.#begun.others);
      const group = await this.#nextGroup(thread);
      if (group.length > 0) {
        if (!hasBegun) this.#begun = { by: thread, others: Date.now() + WRITING_INTERVAL_MS };
        hasBegun = true;
        const waiting = Math.ceil(this.#queue.length / this.#threads.length);
        await this.#give(thread, { type: "take", outcomes: group, waiting });
        continue;
      }
      hasBegun = false;
      const begunAt = Date.now();
      if (await this.#give(thread, { type: "finish" })) {
        if (!once) await this.#pauseUntil(begunAt + WRITING_INTERVAL_MS);
        continue;
      }
      if (once && this.#inHand.size === 0 && this.#again.length === 0) {
        // The others may be waiting for what this one had.
        this.#bell.ring();
        return;
      }
      await this.#bell.wait(heard, intervalSeconds * 1000);
    }
    await this.#give(thread, { type: "finish" });
  }

  /** Also ends when the run does. */
  async #pauseUntil(time: number): Promise<void> {
    for (let left = time - Date.now(); left > 0 && !this.#isStopping(); left = time - Date.now())
      await this.#bell.wait(this.#bell.heard, left);
  }

  /** @returns false when the thread had nothing to do */
  async #give(thread: IngestThread, task: Task): Promise<boolean> {
    try {
      return await thread.give(task);
    } catch (error) {
      if (!(error instanceof ThreadBroken)) throw error;
      await this.#onBroken(thread, error);
      return true;
    }
  }

  /** A thread broke down: what it had is taken again, file by file; what breaks it a second time is put aside. */
  async #onBroken(thread: IngestThread, error: ThreadBroken): Promise<void> {
    const { log } = this.#options;
    const names = [...this.#inHand].filter(([, owner]) => owner === thread).map(([name]) => name);
    log.error(
      { error: error.message, files: names.length },
      "an ingest thread broke down; another one takes its files",
    );
    this.#options.onThreadBroken?.();
    const [only] = names;
    if (only !== undefined && names.length === 1 && this.#suspects.delete(only)) {
      log.error({ file: only }, "a file breaks ingest threads; it waits in pending_retry/");
      this.#inHand.delete(only);
      await postponeFile(this.#spool, this.#claims.folder, only);
      this.#options.onPostponed?.();
      return;
    }
    for (const name of names) {
      this.#suspects.add(name);
      this.#takeAgain(name);
    }
  }

  /** The next files for a thread, claimed; none when nothing waits. Threads are served one after the other. */
  #nextGroup(thread: IngestThread): Promise<SubmissionOutcome[]> {
    const result = this.#lastGroup.then(async () => {
      const group = await this.#group();
      for (const { name } of group) this.#inHand.set(name, thread);
      this.#showWaiting();
      return group;
    });
    this.#lastGroup = result.catch(() => undefined);
    return result;
  }

  async #group(): Promise<SubmissionOutcome[]> {
    if (this.#isStopping()) return [];
    await this.#tidy();
    const { filesBatchSize } = this.#options;
    while (this.#again.length > 0) {
      const names = this.#again.splice(
        0,
        this.#again.some((name) => this.#suspects.has(name)) ? 1 : filesBatchSize,
      );
      const group = await this.#claims.reopen(names);
      if (group.length > 0) return group;
    }
    for (;;) {
      if (this.#queue.length === 0) await this.#scan();
      if (this.#queue.length === 0) return [];
      // Few files are shared out evenly, many are given in groups.
      const size = Math.min(filesBatchSize, Math.ceil(this.#queue.length / this.#threads.length));
      // A file whose name is still in hand is a new one of an old name; its turn comes when that one is moved.
      const names = this.#queue
        .splice(0, size)
        .filter((name) => !this.#inHand.has(name) && !this.#stuck.has(name));
      const group = await this.#claim(names);
      if (group.length > 0) return group;
      if (this.#queue.length === 0) return [];
    }
  }

  /** Claims files; none when the spool has no room for it, which passes. */
  async #claim(names: string[]): Promise<SubmissionOutcome[]> {
    try {
      return await this.#claims.claim(names);
    } catch (error) {
      if (this.#options.once || !NO_ROOM.has(errorCode(error) ?? "")) throw error;
      this.#options.log.error(
        { error: errorMessage(error) },
        "no files can be claimed; they wait in the spool",
      );
      return [];
    }
  }

  async #scan(): Promise<void> {
    const { cycleBatchSize, backlog } = this.#options;
    const names = await scanSpool(this.#spool, cycleBatchSize);
    await backlog?.scanned(this.#spool.inbox, names, this.#inHand);
    // With several writers the order of the commits is open anyway.
    this.#queue =
      this.#options.maxWorkers > 1 && names.length > 1 ? await parentsFirst(this.#spool.inbox, names) : names;
  }

  /** What is due from time to time: files that others left behind, that could not be moved, or that were put aside. */
  async #tidy(): Promise<void> {
    const now = Date.now();
    if (now < this.#tidyAt) return;
    if (this.#tidyAt === 0) await this.#claims.reconcile();
    this.#tidyAt = now + TIDY_INTERVAL_MS;
    // What comes back may be first in the order of names.
    if ((await this.#claims.reap()) > 0) this.#queue = [];
    await requeuePostponed(this.#spool, this.#retries, this.#options.log);
    for (const [name, at] of this.#stuck) {
      if (at > now) continue;
      this.#stuck.delete(name);
      this.#again.push(name);
    }
  }

  #threadData(writers: number): ThreadData {
    const { connection, batchSize, treesFile, log, giveUpAfterMs, excerpts, onMeasures } = this.#options;
    return {
      connection,
      spool: this.#spool,
      folder: this.#claims.folder,
      batchSize,
      writers,
      treesFile,
      logLevel: log.level,
      giveUpAfterMs,
      excerpts,
      statementSecrets: statementSecrets(),
      measures: onMeasures !== undefined,
    };
  }

  #onReport({ finished, again, stuck, gone, postponed, objects, milliseconds }: WorkerReport): void {
    const { log, onProgress, onPostponed, backlog } = this.#options;
    for (let count = 0; count < postponed; count++) onPostponed?.();
    for (const name of [...finished.map((outcome) => outcome.name), ...gone, ...stuck])
      backlog?.finished(name);
    this.progress.objects += objects;
    for (const outcome of finished) {
      this.#inHand.delete(outcome.name);
      this.#suspects.delete(outcome.name);
      this.#retries.delete(outcome.name);
      this.progress.filesDone++;
      if (outcome.tally.refused > 0) {
        this.progress.filesFailed++;
        logRefusal(outcome, log);
      }
    }
    for (const name of gone) this.#inHand.delete(name);
    for (const name of again) this.#takeAgain(name);
    for (const name of stuck) {
      this.#inHand.delete(name);
      this.#stuck.set(name, Date.now() + STUCK_PAUSE_MS);
    }
    this.#showWaiting();
    if (objects > 0 || finished.length > 0) {
      const { filesWaiting } = this.progress;
      log.info({ files: finished.length, objects, ms: milliseconds, waiting: filesWaiting }, "batch written");
    }
    if (again.length > 0) this.#bell.ring();
    onProgress?.(this.progress);
  }

  #takeAgain(name: string): void {
    // A file may be reported twice, by the batch that was thrown away and by its reader.
    if (this.#inHand.delete(name)) this.#again.push(name);
  }

  #showWaiting(): void {
    this.progress.filesWaiting = this.#queue.length + this.#inHand.size + this.#again.length;
  }
}

function logRefusal({ name, tally }: SubmissionOutcome, log: Log): void {
  const first = tally.refusals[0];
  log.warn(
    {
      file: name,
      refused: tally.refused,
      rule: first?.rule,
      pointer: first?.pointer,
      message: first?.message.slice(0, 200),
    },
    "a submission was refused in part or whole; the report is beside it in failed/",
  );
}
