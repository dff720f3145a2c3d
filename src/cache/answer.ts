/** An answer as it is kept: the body in the forms that clients take, each made once. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from "node:zlib";
import type { Tag } from "./tags.ts";

export type Encoding = "identity" | "gzip" | "br";

/** Bodies below this size are sent as they are (chapter 03, section 3.8). */
const COMPRESSION_THRESHOLD_BYTES = 200;
/** As measured on whole answers, see docs/performance.md: what is more than this takes longer than it saves. */
const GZIP_LEVEL = 5;
const BROTLI_QUALITY = 4;
/** A window of 4 MB finds what repeats in the largest answers. */
const BROTLI_WINDOW_BITS = 22;
/** Up to this size compressing takes less time than handing it to another thread and back. */
const SMALL_BYTES = 4096;
const ETAG_BYTES = 16;
/** Of the entry beside its bodies. */
const OVERHEAD_BYTES = 1024;

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** What an answer holds true for. */
export interface Validity {
  /** The position in the log of changes before it was read. */
  asOf: number;
  tags: readonly Tag[];
  /** Moments as `Date.now()` counts. */
  createdAt: number;
  /** When the clock alone may make another answer of it, or its age is over. */
  expiresAt: number;
}

/** A form of the body with the headers that tell it apart. */
export interface Form {
  encoding: Encoding;
  body: Buffer;
  /** Strong, so another one for each form. */
  etag: string;
}

export class Answer {
  readonly body: Buffer;
  readonly hash: string;
  /** Of all forms, also of those that were not made. */
  readonly etags: readonly string[];
  readonly #forms = new Map<Encoding, Form>();
  readonly #compressing = new Map<Encoding, Promise<Form>>();

  constructor(body: Buffer, hash = hashOf(body), gzipped?: Buffer) {
    this.body = body;
    this.hash = hash;
    this.etags = (["identity", "gzip", "br"] as const).map((encoding) => this.etag(encoding));
    this.#keep("identity", body);
    if (gzipped !== undefined) this.#keep("gzip", gzipped);
  }

  /** The encoding that a client gets that would take this one. */
  encodingFor(wanted: Encoding): Encoding {
    return this.body.length < COMPRESSION_THRESHOLD_BYTES ? "identity" : wanted;
  }

  /** Of the forms that were made already. */
  get encodings(): Encoding[] {
    return [...this.#forms.keys()];
  }

  /** A form that was made already. */
  made(encoding: Encoding): Form | undefined {
    return this.#forms.get(encoding);
  }

  /** A form, made now when it was not. */
  async form(encoding: Encoding): Promise<Form> {
    const made = this.#forms.get(encoding);
    if (made !== undefined) return made;
    const known = this.#compressing.get(encoding);
    if (known !== undefined) return known;
    const compressing = this.#compress(encoding);
    this.#compressing.set(encoding, compressing);
    try {
      return await compressing;
    } finally {
      this.#compressing.delete(encoding);
    }
  }

  /** Of memory, as it is now. */
  get bytes(): number {
    let sum = OVERHEAD_BYTES;
    for (const { body } of this.#forms.values()) sum += body.length;
    return sum;
  }

  /** The `ETag` of a form, also of one that was not made. */
  etag(encoding: Encoding): string {
    return encoding === "identity" ? `"${this.hash}"` : `"${this.hash}-${encoding}"`;
  }

  #keep(encoding: Encoding, body: Buffer): Form {
    const form = { encoding, body, etag: this.etag(encoding) };
    this.#forms.set(encoding, form);
    return form;
  }

  async #compress(encoding: Encoding): Promise<Form> {
    const { body } = this;
    const isSmall = body.length <= SMALL_BYTES;
    if (encoding === "gzip") {
      const options = { level: GZIP_LEVEL };
      return this.#keep(encoding, isSmall ? gzipSync(body, options) : await compressGzip(body, options));
    }
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW_BITS,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    };
    return this.#keep(
      encoding,
      isSmall ? brotliCompressSync(body, { params }) : await compressBrotli(body, { params }),
    );
  }
}

function hashOf(body: Buffer): string {
  return createHash("sha256").update(body).digest().subarray(0, ETAG_BYTES).toString("base64url");
}
