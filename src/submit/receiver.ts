/**
 * Receives submissions: a body is checked, hashed and written while it arrives, and is accepted when it lies in the
 * spool durably (chapter 02, section 14).
 */
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { IncomingMessage } from "node:http";
import { errorMessage } from "../database/errors.ts";
import type { Pool } from "../database/pool.ts";
import { openSpool } from "../ingest/spool.ts";
import type { Log } from "../log.ts";
import type { SubmissionSettings } from "../settings.ts";
import { bodyEncoding, readBody } from "./body.ts";
import { ContentCheck } from "./content.ts";
import { notNow, SubmitError } from "./errors.ts";
import { Inbox, spoolError, type TemporaryFile } from "./inbox.ts";
import { fileNameOf, type FoundFile } from "./places.ts";
import type { Submitter } from "./submitter.ts";

/** What is not a matter of the operator, but of tests. */
export interface ReceiveLimits {
  /** Bodies that are received at once. */
  concurrent: number;
  idleMs: number;
  totalMs: number;
  /** How long bodies may still arrive when the server stops. */
  graceMs: number;
}

const LIMITS: ReceiveLimits = { concurrent: 32, idleMs: 60_000, totalMs: 900_000, graceMs: 10_000 };
const RETRY_BUSY_SECONDS = 5;
/** How long the database is asked for an id before the spool alone decides. */
const DATABASE_MS = 3_000;

export interface ReceiverOptions {
  spoolDir: string;
  pool: Pool;
  settings: SubmissionSettings;
  log: Log;
  limits?: Partial<ReceiveLimits>;
  /** Called with the name of each file that is new in the inbox. */
  onAccepted?: (name: string) => void;
}

export interface Accepted {
  id: string;
  bytes: number;
  objects: number;
  /** It was there already: the answer to an earlier request with the same was lost. */
  known: boolean;
}

export class Receiver {
  readonly #inbox: Inbox;
  readonly #options: ReceiverOptions;
  readonly #limits: ReceiveLimits;
  readonly #stop = new AbortController();
  #receiving = 0;

  private constructor(inbox: Inbox, options: ReceiverOptions) {
    this.#inbox = inbox;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    // Each body that is being received listens; how many there are is limited, and no leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** A receiver for a spool, whose directories are made where they are missing. @throws SpoolError */
  static async open(options: ReceiverOptions): Promise<Receiver> {
    await openSpool(options.spoolDir);
    const inbox = new Inbox(options.spoolDir, options.settings);
    await inbox.removeLeftOvers(options.log);
    return new Receiver(inbox, options);
  }

  /** Where the file of a submission lies. @throws SubmitError 503 when the spool does not tell */
  async find(id: string): Promise<FoundFile | undefined> {
    try {
      return await this.#inbox.find(id);
    } catch (error) {
      throw spoolError(error, this.#options.log);
    }
  }

  /** To be called when nothing is received any more. */
  close(): Promise<void> {
    return this.#inbox.close();
  }

  /** Gives bodies that are arriving a little time, then ends them with 503. */
  stop(): void {
    setTimeout(() => {
      this.#stop.abort();
    }, this.#limits.graceMs).unref();
  }

  /**
   * Takes the body of a request as a submission.
   *
   * @param key of the `Idempotency-Key` header
   * @returns when it lies in the spool durably, or did before
   * @throws SubmitError with the answer for what is not taken
   * @throws ClientGone
   */
  async receive(
    request: IncomingMessage,
    submitter: Submitter,
    key: string | undefined,
    log: Log,
  ): Promise<Accepted> {
    const { maxBytes } = this.#options.settings;
    const encoding = bodyEncoding(request, maxBytes);
    if (this.#receiving >= this.#limits.concurrent)
      throw notNow(
        `${this.#limits.concurrent} submissions are being received: try again in a moment`,
        RETRY_BUSY_SECONDS,
      );
    this.#receiving++;
    let file: TemporaryFile | undefined;
    try {
      await this.#inbox.checkRoom(Number(request.headers["content-length"] ?? 0));
      file = this.#inbox.newFile();
      const hash = createHash("sha256");
      if (key !== undefined) hash.update(`${key}\0`);
      const check = new ContentCheck(submitter);
      let bytes = 0;
      const limits = { maxBytes, idleMs: this.#limits.idleMs, totalMs: this.#limits.totalMs };
      for await (const chunk of readBody(request, encoding, limits, this.#stop.signal)) {
        check.write(chunk);
        hash.update(chunk);
        bytes += chunk.length;
        await file.write(chunk);
      }
      if (bytes === 0) throw new SubmitError(400, "The body is empty: it must be a submission as JSON");
      const objects = check.end();
      const id = hash.digest("hex").slice(0, 32);
      return { id, bytes, objects, known: await this.#publish(file, id, log) };
    } catch (error) {
      throw spoolError(error, log);
    } finally {
      this.#receiving--;
      await file?.discard().catch((error: unknown) => {
        log.error({ error: errorMessage(error) }, "a temporary file of the spool could not be removed");
      });
    }
  }

  /** @returns whether a submission with this id was there already */
  async #publish(file: TemporaryFile, id: string, log: Log): Promise<boolean> {
    if (await this.#isStored(id, log)) return true;
    if (!(await file.publish(id))) return true;
    this.#inbox.added();
    this.#options.onAccepted?.(fileNameOf(id));
    return false;
  }

  /** It was taken in completely. When the database is away, the spool alone decides. */
  async #isStored(id: string, log: Log): Promise<boolean> {
    const asked = this.#options.pool
      .query({
        name: "submission_known",
        // submissions_pkey. One that is partial and lies nowhere was lost, and is taken again.
        text: "select 1 from submissions where id = $1 and state <> 'partial'",
        values: [id],
      })
      .then(({ rowCount }) => rowCount === 1);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error("it did not answer in time"));
      }, DATABASE_MS);
    });
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      log.warn({ error: errorMessage(error) }, "the database was not asked whether a submission is known");
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
