/**
 * One ingest worker: fills a batch from files while its writer stores the batch before it. Batches are written one
 * after the other, in the order in which they were filled.
 */
import { join } from "node:path";
import { errorCode, errorMessage } from "../database/errors.ts";
import type { LogExcerpts } from "../excerpts/excerpts.ts";
import { FileRefused } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import { Batch, addRefusal, newOutcome, type SubmissionOutcome } from "./batch.ts";
import { excerptRows } from "./excerpt_rows.ts";
import { measureBatch, tally, type BatchMeasures } from "./measures.ts";
import { readSubmission } from "./submission_file.ts";
import type { TreeNames } from "./tree_names.ts";
import type { Writer } from "./writer.ts";

/** Characters of row data after which a batch is written, whatever its number of objects: bounds the memory. */
const MAX_BATCH_CHARACTERS = 16 * 1024 * 1024;

export interface WorkerOptions {
  inbox: string;
  writer: Writer;
  log: Log;
  clock: () => string;
  /** Objects after which a batch is written. */
  batchSize: number;
  /** Moves long log excerpts, when they are to be moved. */
  excerpts?: LogExcerpts | undefined;
  /** How often batches were tried again since this was called last. */
  takeRetries: () => BatchMeasures["retries"];
  onMeasures?: ((measures: BatchMeasures) => void) | undefined;
  /** Called after each commit with the files of which everything is committed or refused now. */
  onWritten: (batch: Batch, complete: SubmissionOutcome[], milliseconds: number) => Promise<void>;
  /** Called for a file that cannot be read and stays where it is. */
  onUnreadable: (name: string) => void;
}

export class Worker {
  readonly #options: WorkerOptions;
  #batch = new Batch();
  #complete: SubmissionOutcome[] = [];
  #inFlight: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Adds the objects of a file to the batch, which is written whenever it is full. */
  async takeFile(name: string, treeNames: TreeNames): Promise<void> {
    const { inbox, clock, log, excerpts } = this.#options;
    const longExcerpts = excerpts !== undefined;
    const outcome = newOutcome(name);
    try {
      for await (const { accepted, refused } of readSubmission(join(inbox, name), {
        treeNames,
        clock,
        longExcerpts,
      })) {
        for (const refusal of refused) addRefusal(outcome, refusal);
        for (const object of accepted) this.#batch.add(outcome, object);
        if (this.#isFull()) await this.#startWriting();
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") {
        // Another process, or an operator, took it between the scan and now.
        log.info({ file: name }, "a file has vanished from the spool");
        this.#options.onUnreadable(name);
        return;
      }
      if (!(error instanceof FileRefused)) {
        if (errorCode(error) === undefined) throw error;
        log.error({ file: name, error: errorMessage(error) }, "a file cannot be read and stays in the spool");
        this.#options.onUnreadable(name);
        return;
      }
      addRefusal(outcome, error.refusal);
    }
    this.#complete.push(outcome);
  }

  /** Writes what is left, and waits until everything is committed. */
  async finish(): Promise<void> {
    await this.#startWriting();
    await this.#inFlight;
  }

  #isFull(): boolean {
    return this.#batch.objects >= this.#options.batchSize || this.#batch.characters >= MAX_BATCH_CHARACTERS;
  }

  /** Hands the batch to the writer once it is free. */
  async #startWriting(): Promise<void> {
    await this.#inFlight;
    const [batch, complete] = [this.#batch, this.#complete];
    this.#batch = new Batch();
    this.#complete = [];
    this.#inFlight = this.#write(batch, complete);
    // A failure is thrown by the next await of it; until then it must not count as unhandled.
    this.#inFlight.catch(() => undefined);
  }

  async #write(batch: Batch, complete: SubmissionOutcome[]): Promise<void> {
    const { writer, excerpts, takeRetries, onMeasures, onWritten } = this.#options;
    await excerpts?.convert(excerptRows(batch));
    const started = Date.now();
    const before = tally(batch);
    await writer.write(batch);
    const milliseconds = Date.now() - started;
    const counts = excerpts === undefined ? {} : { excerpts: excerpts.takeCounts() };
    onMeasures?.(measureBatch({ batch, before, complete, milliseconds, retries: takeRetries(), ...counts }));
    await onWritten(batch, complete, milliseconds);
  }
}
