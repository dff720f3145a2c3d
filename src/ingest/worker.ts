/**
 * One ingest worker: fills a batch from files while its writers store those before it. With one writer batches are written
 * in the order in which they were filled; with more of them, side by side, but for batches that have parts of one file.
 */
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { LogExcerpts } from "../excerpts/excerpts.ts";
import { FileRefused } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import { isComplete } from "./account.ts";
import { Batch, type Share } from "./batch.ts";
import { convertExcerpts } from "./excerpt_rows.ts";
import { countsBefore, measureBatch, type BatchMeasures } from "./measures.ts";
import { addRefusal, type SubmissionOutcome } from "./outcome.ts";
import { finishFile, postponeFile, type Spool } from "./spool.ts";
import { readSubmission } from "./submission_file.ts";
import type { TreeNames } from "./tree_names.ts";
import { AccountConflict, BatchStuck, type RecordsWritten, type Writer } from "./writer.ts";

/** Characters of row data after which a batch is written, whatever its number of objects: bounds the memory. */
const MAX_BATCH_CHARACTERS = 16 * 1024 * 1024;

/** Full batches that may wait for a writer: a writer that waits for another one's commit must not keep files from being read. */
const MOST_WAITING = 2;
/** The part of a batch's size that the last batches have at least: those of a few objects cost more than they help. */
const SMALLEST_SHARE = 5;

/** A batch that is older is written as soon as no other one is, so that what comes slowly is seen soon. */
const MAX_BATCH_AGE_MS = 200;

/** What a worker has done with some files. */
export interface WorkerReport {
  /** Files that were moved away, with what became of them. */
  finished: SubmissionOutcome[];
  /** Files that are to be taken again at once: another process had them, or a batch was given up. */
  again: string[];
  /** Files that could not be moved or read, and stay. */
  stuck: string[];
  /** Files that have vanished, or were put aside. */
  gone: string[];
  /** Of those, the ones that were put aside. */
  postponed: number;
  /** Objects committed. */
  objects: number;
  milliseconds: number;
}

export interface WorkerOptions {
  /** Moves long log excerpts, when they are to be moved. */
  excerpts: LogExcerpts | undefined;
  /** How often batches were tried again since this was called last. */
  takeRetries: () => BatchMeasures["retries"];
  /** Called after each commit, before its files are moved. */
  onMeasures: ((measures: BatchMeasures) => void) | undefined;
  spool: Spool;
  /** Where the files lie that this process has claimed. */
  folder: string;
  /** At least one; each writes one batch at a time. */
  writers: readonly Writer[];
  log: Log;
  clock: () => string;
  /** Objects after which a batch is written. */
  batchSize: number;
  treeNames: () => Promise<TreeNames>;
  /** True once no further file shall be begun. */
  isStopping: () => boolean;
  report: (report: WorkerReport) => void;
}

export class Worker {
  readonly #options: WorkerOptions;
  #batch = new Batch();
  /** When the first file of the batch was taken. */
  #batchBegan = 0;
  /** Batches that are being written. They never fail: what goes wrong is kept in `#failure`. */
  readonly #inFlight = new Map<Batch, Promise<void>>();
  readonly #free: Writer[];
  /** Batches that wait for a writer, in the order in which they were filled. */
  readonly #waiting: ((writer: Writer) => void)[] = [];
  #failure: { error: unknown } | undefined;
  /** Files that were read, their objects, and the files that are still to come, as far as is known. */
  #read = { files: 0, objects: 0 };
  #filesToCome = 0;
  /** Counts the batches that were thrown away; what was read for one of them is void. */
  #generation = 0;
  /** Files of such batches, which were told to be taken again. */
  readonly #givenUp = new WeakSet<SubmissionOutcome>();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#free = [...options.writers];
  }

  /**
   * Takes claimed files in, in their order. What does not fill a batch waits for more, or for `finish`.
   *
   * @param outcomes of the files as `openAccounts` gives them
   * @param waiting how many files this worker can expect after these
   * @throws the database's error when it cannot be used
   */
  async take(outcomes: readonly SubmissionOutcome[], waiting: number): Promise<void> {
    const trees = await this.#options.treeNames();
    this.#filesToCome = outcomes.length + waiting;
    for (const outcome of outcomes) {
      if (this.#options.isStopping()) return;
      this.#filesToCome--;
      this.#read.files++;
      if (this.#batch.shares.size === 0) this.#batchBegan = Date.now();
      if (isComplete(outcome)) await this.#moveOnly(outcome);
      else await this.#takeFile(outcome, trees);
      const isOld = Date.now() - this.#batchBegan > MAX_BATCH_AGE_MS;
      const isDue = this.#inFlight.size === 0 && isOld;
      if (isDue || this.#holds(Math.min(this.#options.batchSize, this.#share()))) await this.#startWriting();
    }
  }

  /** Writes what is left, and waits until everything is committed. */
  async finish(): Promise<void> {
    await this.#startWriting();
    await this.#allWritten();
  }

  async #allWritten(): Promise<void> {
    await Promise.all(this.#inFlight.values());
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Adds the objects of a file to the batch, which is written whenever it is full. */
  async #takeFile(outcome: SubmissionOutcome, treeNames: TreeNames): Promise<void> {
    const { folder, clock, excerpts } = this.#options;
    const longExcerpts = excerpts !== undefined;
    const { name, tally } = outcome;
    const generation = this.#generation;
    // After a crash: what is accounted for already.
    let skip = tally.elements;
    try {
      for await (const objects of readSubmission(join(folder, name), { treeNames, clock, longExcerpts })) {
        // While this was read the batch was given up, and the file with it: nothing of it may come into the next one.
        if (generation !== this.#generation) break;
        for (const { accepted, refused } of objects) {
          if (skip > 0) {
            skip--;
            continue;
          }
          const share = this.#batch.share(outcome);
          share.elements++;
          this.#read.objects++;
          share.objects += accepted.length + refused.length;
          for (const refusal of refused) addRefusal(share, refusal);
          for (const object of accepted) this.#batch.add(share, object);
          if (!this.#isCutBy(share)) continue;
          await this.#startWriting();
          if (generation !== this.#generation) break;
        }
        if (generation !== this.#generation) break;
      }
    } catch (error) {
      // A batch that could not be written says nothing about this file.
      this.#throwFailure();
      if (!(error instanceof FileRefused)) {
        await this.#onUnreadable(name, error);
        return;
      }
      if (generation === this.#generation) {
        const share = this.#batch.share(outcome);
        share.objects++;
        addRefusal(share, error.refusal);
      }
    }
    if (generation === this.#generation) this.#batch.share(outcome).isLast = true;
    // Told twice, it could be taken twice: another thread may have it by now.
    else if (!this.#givenUp.has(outcome)) this.#report({ again: [name] });
  }

  /** A crash came between the commit of a file's last objects and its move. */
  async #moveOnly(outcome: SubmissionOutcome): Promise<void> {
    await this.#allWritten();
    const [writer] = this.#options.writers;
    if (writer !== undefined) await this.#finishFiles([outcome], writer, 0, 0);
  }

  async #onUnreadable(name: string, error: unknown): Promise<void> {
    const { log, spool, folder } = this.#options;
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (code === "ENOENT") {
      // Another process, or an operator, took it between the claim and now.
      log.info({ file: name }, "a file has vanished from the spool");
      this.#report({ gone: [name] });
      return;
    }
    log.error(
      { file: name, error: errorMessage(error) },
      "a file cannot be read; it waits in pending_retry/",
    );
    await this.#postpone(spool, folder, [name]);
  }

  async #postpone(spool: Spool, folder: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      try {
        await postponeFile(spool, folder, name);
        this.#report({ gone: [name], postponed: 1 });
      } catch (error) {
        this.#options.log.error({ file: name, error: errorMessage(error) }, "a file could not be put aside");
        this.#report({ stuck: [name] });
      }
    }
  }

  /** Whether the batch has this many objects, or as much text as it may have. */
  #holds(objects: number): boolean {
    return this.#batch.objects >= objects || this.#batch.characters >= MAX_BATCH_CHARACTERS;
  }

  /**
   * Whether a batch that has this of a file is written before it has all of it. Only of large files: what is left of the
   * file has to wait until the batch is committed, and everything behind it too.
   */
  #isCutBy({ elements }: Share): boolean {
    const { batchSize } = this.#options;
    return this.#holds(elements < batchSize ? Infinity : batchSize);
  }

  /** Objects of a batch by which all writers have something to do until the end of what waits. */
  #share(): number {
    const { files, objects } = this.#read;
    const toCome = this.#batch.objects + (this.#filesToCome * objects) / Math.max(files, 1);
    const { batchSize, writers } = this.#options;
    return Math.max(batchSize / SMALLEST_SHARE, toCome / (2 * writers.length));
  }

  /** Lets the batch be written once there are few before it and no part of its files is being written. */
  async #startWriting(): Promise<void> {
    const generation = this.#generation;
    const batch = this.#batch;
    for (;;) {
      this.#throwFailure();
      const withSameFiles = [...this.#inFlight].filter(([other]) => haveCommonFile(batch, other));
      if (withSameFiles.length > 0) await Promise.all(withSameFiles.map(([, written]) => written));
      else if (this.#waiting.length >= MOST_WAITING) await Promise.race(this.#inFlight.values());
      else break;
      if (generation !== this.#generation) return;
    }
    this.#batch = new Batch();
    if (batch.shares.size === 0) return;
    const written = this.#withWriter((writer) => this.#write(batch, writer))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#inFlight.delete(batch);
      });
    this.#inFlight.set(batch, written);
  }

  /** Does something with a writer that is free, or the next that is. */
  async #withWriter(work: (writer: Writer) => Promise<void>): Promise<void> {
    const writer =
      this.#free.pop() ?? (await new Promise<Writer>((resolve) => void this.#waiting.push(resolve)));
    try {
      if (this.#failure === undefined) await work(writer);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(writer);
      else next(writer);
    }
  }

  async #write(batch: Batch, writer: Writer): Promise<void> {
    const { spool, folder, log, excerpts, takeRetries, onMeasures } = this.#options;
    if (excerpts !== undefined) await convertExcerpts(batch, excerpts);
    const started = Date.now();
    const before = countsBefore(batch);
    let aggregated: RecordsWritten;
    try {
      aggregated = await writer.write(batch);
    } catch (error) {
      if (!(error instanceof AccountConflict) && !(error instanceof BatchStuck)) throw error;
      // Files of this batch may go on in the one that is being filled, so that one is void too.
      const outcomes = [...new Set([...batch.shares.keys(), ...this.#batch.shares.keys()])];
      const names = outcomes.map(({ name }) => name);
      for (const outcome of outcomes) this.#givenUp.add(outcome);
      this.#generation++;
      this.#batch = new Batch();
      if (error instanceof AccountConflict) {
        log.info(
          { files: names.length },
          "files were taken in by another process meanwhile; they are looked at again",
        );
        this.#report({ again: names });
      } else {
        log.error(
          { files: names, error: error.message },
          "a batch keeps failing; its files wait in pending_retry/",
        );
        await this.#postpone(spool, folder, names);
      }
      return;
    }
    const milliseconds = Date.now() - started;
    if (onMeasures !== undefined) {
      const counts = excerpts === undefined ? {} : { excerpts: excerpts.takeCounts() };
      onMeasures(
        measureBatch({ batch, before, milliseconds, aggregated, retries: takeRetries(), ...counts }),
      );
    }
    const complete = [...batch.shares.values()].filter(({ isLast }) => isLast).map(({ outcome }) => outcome);
    await this.#finishFiles(complete, writer, batch.objects, milliseconds);
  }

  /** Moves files whose objects are all committed, and remembers that. */
  async #finishFiles(
    complete: SubmissionOutcome[],
    writer: Writer,
    objects: number,
    milliseconds: number,
  ): Promise<void> {
    const { spool, folder, log } = this.#options;
    const finished: SubmissionOutcome[] = [];
    const stuck: string[] = [];
    for (const outcome of complete) {
      if (await finishFile(spool, folder, outcome, log)) finished.push(outcome);
      else stuck.push(outcome.name);
    }
    if (finished.length > 0) await writer.markMoved(finished.map(({ account }) => account.id));
    this.#report({ finished, stuck, objects, milliseconds });
  }

  #report(part: Partial<WorkerReport>): void {
    const report = {
      finished: [],
      again: [],
      stuck: [],
      gone: [],
      postponed: 0,
      objects: 0,
      milliseconds: 0,
      ...part,
    };
    const { finished, again, stuck, gone, objects } = report;
    if (finished.length + again.length + stuck.length + gone.length + objects > 0)
      this.#options.report(report);
  }
}

function haveCommonFile(a: Batch, b: Batch): boolean {
  return [...a.shares.keys()].some((outcome) => b.shares.has(outcome));
}
