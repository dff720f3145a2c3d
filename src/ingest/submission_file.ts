/**
 * Reads one submission file as objects. A small file is read once and kept; a big one is read twice, first to know
 * that all of it is JSON and which version it has, then object by object, so that memory stays bounded whatever the
 * size. Either way nothing of a file is handed on before the whole file is known to be a submission.
 */
import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Splitter, type Element } from "../kcidb/split.ts";
import {
  objectContext,
  parseFrame,
  prepareObject,
  prepareWhole,
  type ContextOptions,
  type Frame,
  type ObjectOutcome,
} from "../kcidb/submission.ts";
import { FileRefused } from "../kcidb/types.ts";
import { MAX_DEPTH } from "../kcidb/limits.ts";

/** The receiver's limit. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** Files up to this size are kept in memory while they are taken in. */
const SMALL_FILE_BYTES = 16 * 1024 * 1024;
/** Files up to this size are parsed as one, which takes several times their size of memory. */
const WHOLE_FILE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

export interface ReadOptions extends ContextOptions {
  /** For tests: the size above which a file is read twice. */
  smallFileBytes?: number;
  /** For tests: the size above which a file is cut before it is parsed. */
  wholeFileBytes?: number;
}

/**
 * The objects of a file, in its order, as many at a time as were read at once.
 *
 * @throws FileRefused before the first object, when nothing of the file can be stored
 * @throws the system's error when the file cannot be read (ENOENT when it has vanished)
 */
export async function* readSubmission(path: string, options: ReadOptions): AsyncGenerator<ObjectOutcome[]> {
  const bytes = readIfSmall(path, options.smallFileBytes ?? SMALL_FILE_BYTES);
  if (bytes === undefined) yield* readBig(path, options);
  else {
    // Those who write what was read before have their turn between two files.
    await nextTurn();
    yield prepareSmall(bytes, options);
  }
}

/**
 * The bytes of a file that is not big. Read in place: handing each of some hundred small reads to another thread and back takes longer
 * than they do.
 */
function readIfSmall(path: string, limit: number): Buffer | undefined {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size === 0) throw new FileRefused("empty", "the file is empty");
    if (size > MAX_FILE_BYTES)
      throw new FileRefused("too-large", `${size} bytes are more than the limit of ${MAX_FILE_BYTES}`);
    return size <= limit ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}

function prepareSmall(bytes: Buffer, options: ReadOptions): ObjectOutcome[] {
  if (bytes.length <= (options.wholeFileBytes ?? WHOLE_FILE_BYTES) && isUtf8(bytes)) {
    const outcomes = prepareWhole(bytes.toString("utf8"), options);
    if (outcomes !== undefined) return outcomes;
  }
  const elements: Element[] = [];
  const splitter = new Splitter((element) => elements.push(element));
  splitter.write(bytes);
  const prepare = preparer(parseFrame(splitter.end()), options);
  return elements.map(prepare).filter((outcome) => outcome !== undefined);
}

async function* readBig(path: string, options: ReadOptions): AsyncGenerator<ObjectOutcome[]> {
  const file = await open(path, "r");
  try {
    const checker = new Splitter(checkSyntax);
    for await (const chunk of chunks(file)) checker.write(chunk);
    const prepare = preparer(parseFrame(checker.end()), options);
    let elements: Element[] = [];
    const splitter = new Splitter((element) => elements.push(element));
    for await (const chunk of chunks(file)) {
      splitter.write(chunk);
      const ready = elements;
      elements = [];
      yield ready.map(prepare).filter((outcome) => outcome !== undefined);
    }
  } finally {
    await file.close();
  }
}

/** @throws FileRefused when the element is no JSON. One that is refused for its depth is not looked into. */
function checkSyntax(element: Element): void {
  if (element.depth > MAX_DEPTH) return;
  try {
    JSON.parse(element.text);
  } catch (error) {
    throw new FileRefused("json", error instanceof Error ? error.message : "is not valid JSON");
  }
}

function preparer(frame: Frame, options: ReadOptions): (element: Element) => ObjectOutcome | undefined {
  const context = objectContext(frame.version, options);
  return (element) => {
    const place = frame.places.get(element.number);
    if (place !== undefined) return prepareObject(context, place, element);
    // In a section that the file repeats later, which counts alone; it still has to be JSON.
    checkSyntax(element);
    return undefined;
  };
}

/** The file's bytes from the start; each chunk is valid until the next one is asked for. */
async function* chunks(file: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
