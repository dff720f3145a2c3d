/** The spool's files as those see them who receive submissions: `spool_thread.ts` has them in hand. */
import { Worker as Thread } from "node:worker_threads";
import { errorMessage } from "../database/errors.ts";
import { threadProgram } from "../ingest/thread_program.ts";
import type { FoundFile } from "./places.ts";

export type Task =
  /** Adds bytes to a temporary file. */
  | { type: "write"; file: number; temporaryName: string; bytes: Uint8Array<ArrayBuffer> }
  /** Adds the last bytes, and makes it a submission that waits. */
  | { type: "publish"; file: number; temporaryName: string; bytes: Uint8Array<ArrayBuffer>; id: string }
  | { type: "discard"; file: number }
  | { type: "find"; id: string };

export interface Call {
  number: number;
  task: Task;
}

/** Of `publish`, whether the file is new; of `find`, where it lies. */
export type TaskResult = boolean | FoundFile | undefined;

export interface Answer {
  number: number;
  result?: TaskResult;
  failure?: { message: string; code?: string };
}

/** Thrown when the spool's files cannot be used; with the system's code, where it is the system that says so. */
export class FilesError extends Error {
  override name = "FilesError";
  readonly code: string | undefined;

  constructor({ message, code }: { message: string; code?: string }) {
    super(message);
    this.code = code;
  }
}

/** It keeps next to nothing; without this its heap would begin with the room that the process is started with. */
const HEAP_MEGABYTES = 64;

interface Waiting {
  resolve: (result: TaskResult) => void;
  reject: (error: Error) => void;
}

/** Starts its thread when there is something to do for the first time, and again after it ended by itself. */
export class SpoolFiles {
  readonly #folder: string;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Thread | undefined;
  #calls = 0;
  #files = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A number for a new temporary file, which is made when something is written to it. */
  newNumber(): number {
    return ++this.#files;
  }

  /**
   * @param task bytes in it are taken away from whoever gives it
   * @throws FilesError
   */
  async write(task: Task & { type: "write" }): Promise<void> {
    await this.#call(task);
  }

  /** @returns when it lies in the spool durably: false when one with this id was there before. @throws FilesError */
  async publish(task: Task & { type: "publish" }): Promise<boolean> {
    return (await this.#call(task)) === true;
  }

  /** Removes a temporary file, if there is one. @throws FilesError */
  async discard(file: number): Promise<void> {
    await this.#call({ type: "discard", file });
  }

  /** Where the file of a submission lies. @throws FilesError */
  async find(id: string): Promise<FoundFile | undefined> {
    const found = await this.#call({ type: "find", id });
    return typeof found === "object" ? found : undefined;
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #call(task: Task): Promise<TaskResult> {
    this.#thread ??= this.#start();
    const number = ++this.#calls;
    const bytes = "bytes" in task ? [task.bytes.buffer] : [];
    this.#thread.postMessage({ number, task } satisfies Call, bytes);
    return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  }

  #start(): Thread {
    const thread = new Thread(threadProgram(import.meta.url, "spool_thread.js"), {
      workerData: { folder: this.#folder },
      name: "spool",
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
    });
    let failure = "the thread of the spool's files ended";
    thread.on("message", ({ number, result, failure: problem }: Answer) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (problem === undefined) waiting?.resolve(result);
      else waiting?.reject(new FilesError(problem));
    });
    thread.on("error", (error) => {
      failure = errorMessage(error);
    });
    thread.on("exit", () => {
      this.#thread = undefined;
      for (const { reject } of this.#waiting.values()) reject(new FilesError({ message: failure }));
      this.#waiting.clear();
    });
    // Requests keep the process alive, not this.
    thread.unref();
    return thread;
  }
}
