/**
 * Looks at a submission while it arrives: whether it has the shape of one, and whether each object is of an origin that
 * its submitter may submit for. Objects are looked at one by one and forgotten, so memory does not depend on the size.
 */
import { MAX_DEPTH } from "../kcidb/limits.ts";
import { Splitter, type Element } from "../kcidb/split.ts";
import { parseFrame } from "../kcidb/submission.ts";
import { FileRefused, isJsonObject } from "../kcidb/types.ts";
import { SubmitError } from "./errors.ts";
import type { Submitter } from "./submitter.ts";

/** Of one object; the largest real ones, with whole logs in them, have 8 MiB. */
const MAX_OBJECT_BYTES = 32 * 1024 * 1024;
/** Four million bytes of frame and more; the largest real submissions have tens of thousands. */
const MAX_OBJECTS = 2_000_000;
/** Of an id or origin that an error names. */
const MAX_NAMED_CHARACTERS = 200;
const MAX_MESSAGE_CHARACTERS = 500;

/** The first object of a foreign origin. What section it is in is known at the end. */
interface Foreign {
  number: number;
  id: string | undefined;
  origin: string;
}

export class ContentCheck {
  readonly #submitter: Submitter;
  readonly #splitter: Splitter;
  #objects = 0;
  #foreign: Foreign | undefined;

  constructor(submitter: Submitter) {
    this.#submitter = submitter;
    this.#splitter = new Splitter(
      (element) => {
        this.#look(element);
      },
      { maxElementBytes: MAX_OBJECT_BYTES },
    );
  }

  /** Takes the next bytes. @throws SubmitError 400 or 413 */
  write(chunk: Buffer): void {
    try {
      this.#splitter.write(chunk);
    } catch (error) {
      throw clientError(error);
    }
  }

  /**
   * To be called when all bytes were written.
   *
   * @returns the number of objects
   * @throws SubmitError 400 when the submission has not the shape of one, 403 for an object of another origin
   */
  end(): number {
    try {
      const { places } = parseFrame(this.#splitter.end());
      if (this.#foreign === undefined) return this.#objects;
      const place = places.get(this.#foreign.number);
      throw this.#foreignError(
        this.#foreign,
        place === undefined ? "in a section that comes again later" : `${place.kind}[${place.index}]`,
      );
    } catch (error) {
      throw clientError(error);
    }
  }

  #look({ number, text, depth }: Element): void {
    this.#objects++;
    if (this.#objects > MAX_OBJECTS)
      throw new FileRefused("too-large", `has more than ${MAX_OBJECTS} objects`);
    // Ingestion refuses it without looking into it.
    if (depth > MAX_DEPTH) return;
    const value = parse(text, number);
    // What is no object, or of no origin, is refused by ingestion on its own, with a report.
    if (!isJsonObject(value) || typeof value.origin !== "string") return;
    if (this.#foreign !== undefined || this.#submitter.maySubmitFor(value.origin)) return;
    this.#foreign = {
      number,
      id: typeof value.id === "string" ? shortened(value.id) : undefined,
      origin: shortened(value.origin),
    };
  }

  #foreignError({ id, origin }: Foreign, place: string): SubmitError {
    const object = id === undefined ? `The object ${place}` : `The object ${place} with id '${id}'`;
    return new SubmitError(
      403,
      `${object} is of origin '${origin}', and the token is for ${this.#submitter.description}`,
    );
  }
}

function parse(text: string, number: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : "is not valid JSON";
    throw new FileRefused("json", `object ${number} of the file, counted from 0: ${problem}`);
  }
}

function shortened(text: string): string {
  return text.length > MAX_NAMED_CHARACTERS ? `${text.slice(0, MAX_NAMED_CHARACTERS)}...` : text;
}

/** The refusal of a whole file as an answer; other errors as they are. */
function clientError(error: unknown): unknown {
  if (!(error instanceof FileRefused)) return error;
  const { rule, pointer, message } = error.refusal;
  const where = pointer === "" ? "" : ` at '${shortened(pointer)}'`;
  return new SubmitError(
    rule === "too-large" ? 413 : 400,
    `The submission breaks the rule '${rule}'${where}: ${message.slice(0, MAX_MESSAGE_CHARACTERS)}`,
  );
}
