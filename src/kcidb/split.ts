/**
 * Cuts a submission into the objects of its sections, so that a file of any size is read in bounded memory and each
 * object is parsed, checked and refused on its own.
 *
 * A submission is one JSON object whose sections are arrays: `{"version": {...}, "tests": [A, B], ...}`. The splitter
 * follows strings and brackets over the bytes and cuts out the elements A and B. What remains is the frame, with each
 * element replaced by its number: `{"version": {...}, "tests": [0, 1], ...}`. Frame and elements are then parsed by
 * `JSON.parse`, which decides on every question of syntax, and the parsed frame says which element stands where,
 * repeated keys included (the last one wins).
 */
import { isUtf8 } from "node:buffer";
import { FileRefused } from "./types.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What stands outside the sections' elements is a few dozen bytes in any real file, and 8 per element. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const FIRST_FRAME_BYTES = 4096;

export interface Element {
  /** 0, 1, 2... in the order of the file. */
  number: number;
  text: string;
  /** Arrays and objects open at once within the element, itself included; 0 for a scalar. */
  depth: number;
}

export interface SplitterOptions {
  /** An element may be as long as this; without it, as long as the file. */
  maxElementBytes?: number;
}

export class Splitter {
  readonly #onElement: (element: Element) => void;
  readonly #maxElementBytes: number;
  /** The frame so far, in one buffer that grows: a buffer for each element would take far more than the text. */
  #frame = Buffer.allocUnsafe(FIRST_FRAME_BYTES);
  #frameBytes = 0;
  #element: Buffer[] = [];
  #elementBytes = 0;
  #count = 0;
  #depth = 0;
  #elementDepth = 0;
  #topIsObject = false;
  #inSection = false;
  #inString = false;
  /** The last byte of the previous chunk was a backslash inside a string. */
  #escaped = false;

  /** @param onElement called for each element as soon as its end is seen */
  constructor(onElement: (element: Element) => void, { maxElementBytes }: SplitterOptions = {}) {
    this.#onElement = onElement;
    this.#maxElementBytes = maxElementBytes ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Takes the next bytes of the file. The chunk is not kept or changed after the call.
   *
   * @throws FileRefused rule `json` for invalid UTF-8 and for brackets that cannot match, `too-large` for a frame
   *   that is no submission's, and for an element over the limit
   */
  write(chunk: Buffer): void {
    let start = 0;
    let at = 0;
    const end = chunk.length;
    while (at < end) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++;
        if (this.#inSection) {
          this.#elementDepth = Math.max(this.#elementDepth, this.#depth - 2);
        } else if (this.#depth === 1) {
          this.#topIsObject = byte === OPEN_BRACE;
        } else if (this.#depth === 2 && byte === OPEN_BRACKET && this.#topIsObject) {
          this.#inSection = true;
          this.#keepFrame(chunk.subarray(start, at + 1));
          start = at + 1;
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (this.#inSection && this.#depth === 2) {
          if (byte === CLOSE_BRACE) throw new FileRefused("json", "a section is closed by } instead of ]");
          this.#endElement(chunk.subarray(start, at));
          this.#inSection = false;
          start = at;
        }
        this.#depth--;
      } else if (byte === COMMA && this.#inSection && this.#depth === 2) {
        this.#endElement(chunk.subarray(start, at));
        this.#keepFrame(chunk.subarray(at, at + 1));
        start = at + 1;
      }
      at++;
    }
    if (this.#inSection) this.#keepElement(chunk.subarray(start));
    else this.#keepFrame(chunk.subarray(start));
  }

  /** The frame's text, once all bytes were written. @throws FileRefused */
  end(): string {
    // A file cut inside a section: the frame lacks its closing brackets and is no JSON, as it should be.
    return decode(this.#frame.subarray(0, this.#frameBytes));
  }

  /** Continues inside a string, and returns where to go on: behind its closing quote, or at the end of the chunk. */
  #skipString(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (;;) {
      const quote = chunk.indexOf(QUOTE, at);
      const stop = quote < 0 ? chunk.length : quote;
      let backslashes = 0;
      while (stop - backslashes > at && chunk[stop - backslashes - 1] === BACKSLASH) backslashes++;
      if (quote < 0) {
        this.#escaped = backslashes % 2 === 1;
        return chunk.length;
      }
      at = quote + 1;
      if (backslashes % 2 === 0) {
        this.#inString = false;
        return at;
      }
    }
  }

  /** The start of an element whose end is in a later chunk. */
  #keepElement(bytes: Buffer): void {
    this.#elementBytes += bytes.length;
    this.#checkElementSize(this.#elementBytes);
    this.#element.push(Buffer.from(bytes));
  }

  #checkElementSize(bytes: number): void {
    if (bytes > this.#maxElementBytes)
      throw new FileRefused("too-large", `an object is larger than ${this.#maxElementBytes} bytes`);
  }

  #endElement(rest: Buffer): void {
    this.#checkElementSize(this.#elementBytes + rest.length);
    const bytes = this.#element.length === 0 ? rest : Buffer.concat([...this.#element, rest]);
    this.#element = [];
    this.#elementBytes = 0;
    const text = decode(bytes);
    const depth = this.#elementDepth;
    this.#elementDepth = 0;
    // Nothing between brackets or commas leaves a gap in the frame: right in `[]`, and an error in `[1,]`.
    if (!/[^\t\n\r ]/.test(text)) return;
    const number = this.#count++;
    this.#keepFrame(Buffer.from(String(number)));
    this.#onElement({ number, text, depth });
  }

  #keepFrame(bytes: Buffer): void {
    const start = this.#frameBytes;
    this.#frameBytes += bytes.length;
    if (this.#frameBytes > MAX_FRAME_BYTES) {
      throw new FileRefused("too-large", "more than 64 MiB stand outside the objects of the sections");
    }
    if (this.#frameBytes > this.#frame.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#frameBytes, this.#frame.length * 2));
      this.#frame.copy(larger, 0, 0, start);
      this.#frame = larger;
    }
    bytes.copy(this.#frame, start);
  }
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new FileRefused("json", "is not valid UTF-8");
  return bytes.toString("utf8");
}
