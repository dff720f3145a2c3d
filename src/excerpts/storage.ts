/** The storage of log excerpts: where a text lies in it, and how it gets there (chapter 02, section 7). */
import { createHash, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Pool } from "undici";
import { VERSION } from "../version.ts";

const compress = promisify(gzip);
/** Like the default; named, because equal texts have to make equal files on every node. */
const GZIP_LEVEL = 6;
/** Byte of a gzip header that names the operating system, and its value for "unknown". */
const GZIP_SYSTEM_BYTE = 9;
const GZIP_SYSTEM_UNKNOWN = 255;
/** What is read of an answer, of which only the status counts. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface StorageOptions {
  baseUrl: string;
  token: string;
  /** Connections, and requests at once. */
  concurrency: number;
  /** For one upload, from connecting to the end of the answer. */
  timeoutMs: number;
}

/** The name of a text in the storage. */
export function excerptHash(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Where the text of this hash is, once it was uploaded. Clients know this layout. */
export function excerptUrl(baseUrl: string, hash: string): string {
  return `${baseUrl}/logexcerpt/${hash}/logexcerpt.txt.gz`;
}

export class Storage {
  readonly #options: StorageOptions;
  readonly #pool: Pool;
  readonly #path: string;

  constructor(options: StorageOptions) {
    this.#options = options;
    const upload = new URL(`${options.baseUrl}/upload`);
    this.#path = upload.pathname;
    this.#pool = new Pool(upload.origin, {
      connections: options.concurrency,
      pipelining: 1,
      connect: { timeout: options.timeoutMs },
    });
  }

  /**
   * Uploads a text. The caller sees to it that no more run at once than there are connections: the time of an upload
   * that waits for one would be running.
   *
   * @throws Error when the storage cannot be reached, takes too long, or answers anything but success
   */
  async upload(hash: string, text: string): Promise<void> {
    const { token, timeoutMs } = this.#options;
    const boundary = randomUUID();
    const { statusCode, body } = await this.#pool.request({
      method: "POST",
      path: this.#path,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": `multipart/form-data; boundary=${boundary}`,
        "user-agent": `kernelboard/${VERSION}`,
      },
      body: multipart(boundary, hash, await gzipped(text)),
      signal: AbortSignal.timeout(timeoutMs),
    });
    // A success whose text breaks off is a success.
    await body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined);
    if (statusCode < 200 || statusCode > 299) throw new Error(`the storage answered ${statusCode}`);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The text as a gzip file: the same bytes for the same text. */
async function gzipped(text: string): Promise<Buffer> {
  const bytes = await compress(text, { level: GZIP_LEVEL });
  bytes[GZIP_SYSTEM_BYTE] = GZIP_SYSTEM_UNKNOWN;
  return bytes;
}

function multipart(boundary: string, hash: string, file: Buffer): Buffer {
  const head = (disposition: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(head('name="file0"; filename="logexcerpt.txt.gz"')),
    file,
    Buffer.from(`\r\n${head('name="path"; filename="path"')}logexcerpt/${hash}\r\n--${boundary}--\r\n`),
  ]);
}
