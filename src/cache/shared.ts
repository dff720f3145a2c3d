/**
 * Answers that processes share through Redis. Everything here may fail or be slow: then there is nothing shared for a
 * while, and no request notices more than a short wait.
 *
 * What one process stores another one serves only if it knows itself, from the database's log, that nothing which the
 * answer depends on was touched since: the position and the tags are stored with the answer. So processes cannot give
 * each other anything old, however late they learn of changes.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { createClient, RESP_TYPES } from "@redis/client";
import { errorMessage } from "../database/errors.ts";
import type { Log } from "../log.ts";
import type { RedisSettings } from "../settings.ts";
import { Answer, type Validity } from "./answer.ts";
import type { CacheStats } from "./stats.ts";
import type { Entry } from "./store.ts";

/** A command that takes longer is given up. */
const COMMAND_TIMEOUT_MS = 100;
const CONNECT_TIMEOUT_MS = 1000;
const MAX_RETRY_PAUSE_MS = 2000;
/** For so long nothing is asked after a failure, so that a slow server does not slow every answer down. */
const PAUSE_AFTER_FAILURE_MS = 1000;
/** Larger ones, compressed, are not shared. */
const MAX_SHARED_BYTES = 8 * 1024 * 1024;
/** Commands that wait for the server at once. */
const MAX_QUEUE = 1000;

const decompress = promisify(gunzip);

interface SharedAnswer extends Validity {
  answer: Answer;
}

type Header = Validity & { hash: string; gzipped: boolean };

export class SharedStore {
  readonly #client;
  readonly #log: Log;
  readonly #stats: CacheStats;
  readonly #namespace: () => Promise<string>;
  #isAway = false;
  #pausedUntil = -Infinity;

  /**
   * Starts to connect.
   *
   * @param namespace what tells installations apart that share a server; asked until it is known
   */
  constructor(settings: RedisSettings, namespace: () => Promise<string>, stats: CacheStats, log: Log) {
    this.#log = log;
    this.#stats = stats;
    this.#namespace = namespace;
    this.#client = createClient({
      socket: {
        host: settings.host,
        port: settings.port,
        connectTimeout: CONNECT_TIMEOUT_MS,
        ...(settings.tls ? { tls: true as const } : {}),
        reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), MAX_RETRY_PAUSE_MS),
      },
      database: settings.db,
      ...(settings.username === undefined ? {} : { username: settings.username }),
      ...(settings.password === undefined ? {} : { password: settings.password }),
      // What cannot be asked at once is not asked at all.
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_QUEUE,
    }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    this.#client.on("error", (error: unknown) => {
      this.#failed(error);
    });
    this.#client.on("ready", () => {
      this.#log.info(
        this.#isAway ? "answers are shared through Redis again" : "answers are shared through Redis",
      );
      this.#isAway = false;
      this.#pausedUntil = -Infinity;
    });
    this.#client.connect().catch((error: unknown) => {
      this.#failed(error);
    });
  }

  /** What any process stored last for a key. */
  async get(key: string): Promise<SharedAnswer | undefined> {
    const text = await this.#try(async () => this.#client.get(await this.#name(key)));
    if (text === undefined || text === null) return undefined;
    try {
      return await decode(text);
    } catch (error) {
      this.#log.warn({ error: errorMessage(error) }, "a shared answer cannot be read");
      return undefined;
    }
  }

  /** Stores an answer, without being waited for. */
  set(key: string, entry: Entry): void {
    void this.#try(async () => {
      const lifeMs = Math.floor(entry.expiresAt - Date.now());
      if (lifeMs <= 0) return;
      const bytes = await encode(entry);
      if (bytes.length > MAX_SHARED_BYTES) return;
      await this.#client.set(await this.#name(key), bytes, { expiration: { type: "PX", value: lifeMs } });
    });
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #name(key: string): Promise<string> {
    return `kernelboard:${await this.#namespace()}:${createHash("sha256").update(key).digest("base64url")}`;
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!this.#client.isReady || performance.now() < this.#pausedUntil) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${COMMAND_TIMEOUT_MS} ms`));
      }, COMMAND_TIMEOUT_MS);
    });
    try {
      return await Promise.race([work(), tooLate]);
    } catch (error) {
      this.#failed(error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Said once, until it works again. */
  #failed(error: unknown): void {
    this.#stats.sharedErrors++;
    this.#pausedUntil = performance.now() + PAUSE_AFTER_FAILURE_MS;
    if (this.#isAway) return;
    this.#isAway = true;
    this.#log.warn(
      { error: errorMessage(error) },
      "Redis cannot be used; until it can, answers are kept in this process alone",
    );
  }
}

/** A header as JSON behind its length, and the body, compressed where that is worth it. */
async function encode({ answer, asOf, tags, createdAt, expiresAt }: Entry): Promise<Buffer> {
  const { encoding, body } = await answer.form(answer.encodingFor("gzip"));
  const header: Header = {
    asOf,
    tags,
    createdAt,
    expiresAt,
    hash: answer.hash,
    gzipped: encoding === "gzip",
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, body]);
}

async function decode(bytes: Buffer): Promise<SharedAnswer> {
  const end = 4 + bytes.readUInt32BE(0);
  const { hash, gzipped, ...validity } = JSON.parse(bytes.toString("utf8", 4, end)) as Header;
  const body = bytes.subarray(end);
  const answer = gzipped ? new Answer(await decompress(body), hash, body) : new Answer(body, hash);
  return { answer, ...validity };
}
