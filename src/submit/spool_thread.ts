/**
 * The program of the thread that has the spool's files in hand. A submission takes a dozen system calls: made one by one in
 * the thread that answers requests, each costs that several times what it takes here, and some wait for the disk.
 */
import { closeSync, fsync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { errorCode, errorMessage } from "../database/errors.ts";
import { fileNameOf, findComplete, findFile } from "./places.ts";
import type { Answer, Call, Task, TaskResult } from "./spool_files.ts";

const sync = promisify(fsync);

/** Temporary files that are being written, by the numbers that their owner gave them. */
const open = new Map<number, { path: string; descriptor: number }>();

async function perform(folder: string, task: Task): Promise<TaskResult> {
  switch (task.type) {
    case "write":
      write(folder, task.file, task.temporaryName, task.bytes);
      return undefined;
    case "publish":
      write(folder, task.file, task.temporaryName, task.bytes);
      return publish(folder, task.file, task.id);
    case "discard":
      discard(task.file);
      return undefined;
    case "find":
      return findFile(folder, task.id);
  }
}

/** Adds bytes to a temporary file, which is made when there is none yet. */
function write(folder: string, file: number, name: string, bytes: Uint8Array): void {
  let known = open.get(file);
  if (known === undefined) {
    const path = join(folder, name);
    known = { path, descriptor: openSync(path, "wx") };
    open.set(file, known);
  }
  writeFileSync(known.descriptor, bytes);
}

/**
 * Makes a temporary file a submission that waits, durably.
 *
 * @returns false when one with this id lies in the spool already
 */
async function publish(folder: string, file: number, id: string): Promise<boolean> {
  const known = open.get(file);
  if (known === undefined) throw new Error("there is no such temporary file");
  const name = fileNameOf(id);
  const isThere = (): boolean => findComplete(folder, [name]) !== undefined;
  let isNew = !isThere();
  if (isNew) {
    await sync(known.descriptor);
    // An equal one may have come meanwhile; between this and the renaming nothing can.
    isNew = !isThere();
  }
  if (isNew) {
    renameSync(known.path, join(folder, name));
    open.delete(file);
    closeSync(known.descriptor);
  }
  // Also of one that was there: whoever put it there may not have got as far as this.
  await syncFolder(folder);
  return isNew;
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing, and needs none.
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    await sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function discard(file: number): void {
  const known = open.get(file);
  if (known === undefined) return;
  open.delete(file);
  closeSync(known.descriptor);
  try {
    unlinkSync(known.path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** An error's code is lost between threads unless it is told. */
function failure(error: unknown): NonNullable<Answer["failure"]> {
  const code = errorCode(error);
  return { message: errorMessage(error), ...(code === undefined ? {} : { code }) };
}

const port = parentPort;
if (port !== null) {
  const { folder } = workerData as { folder: string };
  port.on("message", ({ number, task }: Call) => {
    perform(folder, task)
      .then((result): Answer => ({ number, result }))
      .catch((error: unknown): Answer => ({ number, failure: failure(error) }))
      .then((answer) => {
        port.postMessage(answer);
      })
      // Nothing that is sent here cannot be sent.
      .catch(() => process.exit(1));
  });
}
