/** Ingest threads as their owner sees them, and the messages between the two. */
import { Worker as Thread } from "node:worker_threads";
import type { Connection } from "../database/pool.ts";
import type { UploadSettings } from "../excerpts/uploads.ts";
import type { Log } from "../log.ts";
import { errorMessage } from "../database/errors.ts";
import type { BatchMeasures } from "./measures.ts";
import type { SubmissionOutcome } from "./outcome.ts";
import type { Spool } from "./spool.ts";
import { threadProgram } from "./thread_program.ts";
import type { WorkerReport } from "./worker.ts";

/** Of a thread's heap, twice the usual: less of what a batch still needs is copied when the rest is collected. */
const YOUNG_MEGABYTES = 96;

/** What a thread is started with. */
export interface ThreadData {
  connection: Connection;
  spool: Spool;
  /** Where the files lie that this process has claimed. */
  folder: string;
  batchSize: number;
  /** Batches that it writes at once, each in a session of its own. */
  writers: number;
  treesFile: string;
  logLevel: string;
  giveUpAfterMs: number | undefined;
  /** Where long log excerpts are moved to; they stay in their rows when it is absent. */
  excerpts: UploadSettings | undefined;
  /** Statements are logged, without these; undefined when they are not. */
  statementSecrets: readonly string[] | undefined;
  /** Tell the measures of each commit. */
  measures: boolean;
}

export type Task =
  /** Takes files; what does not fill a batch waits. More files will follow, as many as wait now. */
  | { type: "take"; outcomes: SubmissionOutcome[]; waiting: number }
  /** Writes what waits. */
  | { type: "finish" };

export type ToThread =
  | Task
  /** Begins no further file. */
  | { type: "stop" }
  | { type: "close" };

export type FromThread =
  | { type: "done" }
  | { type: "failed"; error: unknown }
  | { type: "report"; report: WorkerReport }
  | { type: "measures"; measures: BatchMeasures }
  | { type: "log"; line: string }
  /** A line about a statement, which is logged whatever the level. */
  | { type: "statement"; line: string };

/** Thrown when a thread ended by itself. */
export class ThreadBroken extends Error {
  override name = "ThreadBroken";
}

export interface ThreadEvents {
  onReport: (report: WorkerReport) => void;
  onMeasures?: ((measures: BatchMeasures) => void) | undefined;
}

/** One ingest thread, started when there is something to do for the first time, and again after it broke down. */
export class IngestThread {
  readonly #data: ThreadData;
  readonly #log: Log;
  readonly #events: ThreadEvents;
  #thread: Thread | undefined;
  #ended: Promise<void> = Promise.resolve();
  /** It has taken files since it last wrote everything. */
  #hasTaken = false;
  #answer: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(data: ThreadData, log: Log, events: ThreadEvents) {
    this.#data = data;
    this.#log = log;
    this.#events = events;
  }

  /**
   * Gives the thread a task, and waits until it is done.
   *
   * @returns false when there is nothing to finish
   * @throws ThreadBroken, or the error that the task failed with
   */
  async give(task: Task): Promise<boolean> {
    if (task.type === "finish" && !this.#hasTaken) return false;
    await new Promise<void>((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#send(task);
    });
    this.#hasTaken = task.type === "take";
    return true;
  }

  /** Lets the thread load what it needs, so that its first task does not have to wait for that. */
  warmUp(): void {
    this.#thread ??= this.#start();
  }

  /** Lets the thread begin no further file. */
  stop(): void {
    if (this.#thread !== undefined) this.#send({ type: "stop" });
  }

  /** Ends the thread after what it is doing. */
  async close(): Promise<void> {
    if (this.#thread !== undefined) this.#send({ type: "close" });
    await this.#ended;
  }

  #send(message: ToThread): void {
    this.#thread ??= this.#start();
    this.#thread.postMessage(message);
  }

  #start(): Thread {
    const thread = new Thread(threadProgram(import.meta.url, "thread.js"), {
      workerData: this.#data,
      name: "ingest",
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    let failure = "it ended";
    thread.on("message", (message: FromThread) => {
      this.#onMessage(message);
    });
    thread.on("error", (error) => {
      failure = errorMessage(error);
    });
    this.#ended = new Promise((resolve) => {
      thread.on("exit", () => {
        this.#thread = undefined;
        this.#hasTaken = false;
        this.#settle((answer) => {
          answer.reject(new ThreadBroken(failure));
        });
        resolve();
      });
    });
    return thread;
  }

  #onMessage(message: FromThread): void {
    switch (message.type) {
      case "log":
        logLine(this.#log, message.line);
        return;
      case "statement":
        logLine(this.#log.child({}, { level: "info" }), message.line);
        return;
      case "report":
        this.#events.onReport(message.report);
        return;
      case "measures":
        this.#events.onMeasures?.(message.measures);
        return;
      case "done":
        this.#settle((answer) => {
          answer.resolve();
        });
        return;
      case "failed":
        this.#settle((answer) => {
          answer.reject(message.error);
        });
    }
  }

  #settle(how: (answer: { resolve: () => void; reject: (error: unknown) => void }) => void): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer !== undefined) how(answer);
  }
}

const LEVELS: Partial<Record<number, "debug" | "info" | "warn" | "error" | "fatal">> = {
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

/** Writes a line that a thread logged into the log of the process. */
function logLine(log: Log, line: string): void {
  const {
    level,
    msg,
    time: _time,
    ...fields
  } = JSON.parse(line) as { level: number; msg?: string; time?: string };
  log[LEVELS[level] ?? "info"](fields, msg);
}
