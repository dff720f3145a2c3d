/**
 * Moves long log excerpts of builds and tests out of the rows into a storage (chapter 02, section 7).
 *
 * It happens to rows that were accepted and before they are written, outside of any transaction, and it never fails: an
 * excerpt that cannot be uploaded stays in its row. Equal excerpts, which are many, are uploaded once.
 */
import { errorMessage } from "../database/errors.ts";
import type { Connection } from "../database/pool.ts";
import { columnIndex, type Row } from "../kcidb/rows.ts";
import { MAX_EXCERPT } from "../kcidb/types.ts";
import type { Kind } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import { Breaker, PAUSED, type BreakerLimits } from "./breaker.ts";
import { endOfCodePoints, isLongerThan } from "./code_points.ts";
import { KnownExcerpts } from "./known.ts";
import { Limiter } from "./limiter.ts";
import { zeroUploads, type UploadCounts, type UploadResult, type UploadSettings } from "./uploads.ts";
import { excerptHash, excerptUrl, Storage } from "./storage.ts";

/** UTF-16 units above which an excerpt is not uploaded: it is no excerpt, and would have to be held several times. */
const MAX_UPLOAD_CHARACTERS = 16 * 1024 * 1024;
/** The name of the entry of `output_files` by which clients find an excerpt that was moved. */
const FILE_NAME = "log_excerpt";

export interface ExcerptLimits {
  /** For one upload, from connecting to the end of the answer. */
  timeoutMs: number;
  breaker: BreakerLimits;
}

export const PRODUCTION_LIMITS: ExcerptLimits = {
  // the reference's
  timeoutMs: 30_000,
  // A storage that hangs costs a batch one timeout, and after that one each pause.
  breaker: { failures: 5, pauseMs: 60_000, maxPauseMs: 15 * 60_000 },
};

export interface LogExcerptsOptions {
  settings: UploadSettings;
  connection: Connection;
  log: Log;
  /** Production's own when absent. */
  limits?: ExcerptLimits;
}

/** A row that may have an excerpt; other kinds than builds and tests are left alone. */
export interface ExcerptRow {
  kind: Kind;
  row: Row;
}

export interface LogExcerpts {
  /** Puts a text into the storage. @returns its URL, or undefined when it is not there */
  store(text: string): Promise<string | undefined>;
  /**
   * Replaces each long excerpt of the rows, in place, by an entry of `output_files`; one that could not be uploaded
   * is cut to what a row holds. Never fails.
   */
  convert(rows: Iterable<ExcerptRow>): Promise<void>;
  /** What became of different texts since this was called last. */
  takeCounts(): UploadCounts;
  /** Ends connections; nothing may be under way. */
  close(): Promise<void>;
}

/** Moves excerpts for one worker. */
export function createLogExcerpts(options: LogExcerptsOptions): LogExcerpts {
  return new StoredExcerpts(options);
}

class StoredExcerpts implements LogExcerpts {
  readonly #settings: UploadSettings;
  readonly #log: Log;
  readonly #storage: Storage;
  readonly #known: KnownExcerpts;
  readonly #breaker: Breaker;
  readonly #limiter: Limiter;
  /** Uploads that run, by hash. */
  readonly #underWay = new Map<string, Promise<UploadResult>>();
  #lastError = "";
  #counts = zeroUploads();

  constructor({ settings, connection, log, limits = PRODUCTION_LIMITS }: LogExcerptsOptions) {
    const { baseUrl, token, concurrency, cacheEntries } = settings;
    this.#settings = settings;
    this.#log = log;
    this.#storage = new Storage({ baseUrl, token, concurrency, timeoutMs: limits.timeoutMs });
    this.#known = new KnownExcerpts({ connection, log, limit: cacheEntries, urlOf: this.#urlOf });
    this.#limiter = new Limiter(concurrency);
    this.#breaker = new Breaker({
      limits: limits.breaker,
      onPause: (error, pauseMs) => {
        log.warn(
          { storage: baseUrl, error: describe(error), pauseMs },
          "the storage of log excerpts does not take them; they stay in the database for now",
        );
      },
      onRecovery: () => {
        log.info({ storage: baseUrl }, "the storage of log excerpts takes them again");
      },
    });
  }

  readonly #urlOf = (hash: string): string => excerptUrl(this.#settings.baseUrl, hash);

  async store(text: string): Promise<string | undefined> {
    const hash = excerptHash(text);
    const stored = await this.#storeAll(new Map([[hash, text]]));
    return stored.has(hash) ? this.#urlOf(hash) : undefined;
  }

  async convert(rows: Iterable<ExcerptRow>): Promise<void> {
    const found: LongExcerpt[] = [];
    const texts = new Map<string, string>();
    for (const { kind, row } of rows) {
      const excerpt = longExcerpt(kind, row, this.#settings.threshold);
      if (excerpt === undefined) continue;
      found.push(excerpt);
      texts.set(excerpt.hash, excerpt.text);
    }
    if (found.length === 0) return;
    const stored = await this.#storeAll(texts);
    for (const excerpt of found) {
      if (stored.has(excerpt.hash)) replace(excerpt, this.#urlOf(excerpt.hash));
      else cut(excerpt);
    }
  }

  takeCounts(): UploadCounts {
    const counts = this.#counts;
    this.#counts = zeroUploads();
    return counts;
  }

  async close(): Promise<void> {
    await Promise.all([this.#storage.close(), this.#known.close()]);
  }

  /** @param texts by their hashes. @returns the hashes of those that are in the storage now */
  async #storeAll(texts: ReadonlyMap<string, string>): Promise<Set<string>> {
    const stored = await this.#known.find([...texts.keys()]);
    // What was uploaded while the database was asked is not under way any more.
    for (const hash of texts.keys()) if (this.#known.isRemembered(hash)) stored.add(hash);
    this.#counts.cached += stored.size;
    const missing = [...texts].filter(([hash]) => !stored.has(hash));
    const uploaded: string[] = [];
    let failed = 0;
    await Promise.all(
      missing.map(async ([hash, text]) => {
        const result = await this.#uploadOnce(hash, text);
        if (result === "uploaded") uploaded.push(hash);
        if (result === "failed") failed++;
      }),
    );
    if (failed > 0) this.#log.warn({ failed, error: this.#lastError }, "log excerpts could not be uploaded");
    await this.#known.add(uploaded);
    for (const hash of uploaded) stored.add(hash);
    return stored;
  }

  #uploadOnce(hash: string, text: string): Promise<UploadResult> {
    const running = this.#underWay.get(hash);
    if (running !== undefined) return running;
    const upload = this.#upload(hash, text).finally(() => this.#underWay.delete(hash));
    this.#underWay.set(hash, upload);
    return upload;
  }

  async #upload(hash: string, text: string): Promise<UploadResult> {
    const result = await this.#tryUpload(hash, text);
    this.#counts[result]++;
    if (result === "uploaded") this.#known.remember(hash);
    return result;
  }

  async #tryUpload(hash: string, text: string): Promise<UploadResult> {
    if (text.length > MAX_UPLOAD_CHARACTERS) {
      this.#log.warn({ characters: text.length }, "a log excerpt is too long to be uploaded and is cut");
      return "skipped";
    }
    try {
      const outcome = await this.#limiter.run(() =>
        this.#breaker.run(() => this.#storage.upload(hash, text)),
      );
      return outcome === PAUSED ? "skipped" : "uploaded";
    } catch (error) {
      this.#lastError = describe(error);
      return "failed";
    }
  }
}

/** The error's text with that of its cause, where HTTP clients put what has happened. */
function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${errorMessage(error)}: ${errorMessage(cause)}` : errorMessage(error);
}

interface LongExcerpt {
  row: Row;
  place: Place;
  text: string;
  hash: string;
}

/** Where the two columns are in a row. */
interface Place {
  excerpt: number;
  files: number;
}

const PLACES: Partial<Record<Kind, Place>> = Object.fromEntries(
  (["builds", "tests"] as const).map((kind) => [
    kind,
    { excerpt: columnIndex(kind, "log_excerpt"), files: columnIndex(kind, "output_files") },
  ]),
);

function longExcerpt(kind: Kind, row: Row, threshold: number): LongExcerpt | undefined {
  const place = PLACES[kind];
  const text = place === undefined ? undefined : row[place.excerpt];
  if (place === undefined || text === undefined || text === null) return undefined;
  return isLongerThan(text, threshold) ? { row, place, text, hash: excerptHash(text) } : undefined;
}

/** Does nothing to a row that was given twice. */
function replace({ row, place, text }: LongExcerpt, url: string): void {
  if (row[place.excerpt] !== text) return;
  const files: unknown = JSON.parse(row[place.files] ?? "[]");
  const others: unknown[] = Array.isArray(files) ? files : [];
  row[place.excerpt] = "";
  row[place.files] = JSON.stringify([...others, { name: FILE_NAME, url }]);
}

function cut({ row, place, text }: LongExcerpt): void {
  row[place.excerpt] = text.slice(0, endOfCodePoints(text, MAX_EXCERPT));
}
