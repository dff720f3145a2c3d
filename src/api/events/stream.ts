/** Streams of server-sent events: what each commit changed, one event after the other in the order of the commits. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { readChanges, type Change } from "../../changes/change.ts";
import type { ChangeFeed, Notice } from "../../changes/feed.ts";
import type { Pool } from "../../database/pool.ts";
import type { EventData } from "./filter.ts";

export interface StreamLimits {
  /** Streams of this process at once. */
  maxStreams: number;
  /** Bytes that may wait for a client; when there are more nothing is added until it has read them. */
  maxUnsentBytes: number;
  /** Something is sent at least this often, so that no proxy takes a quiet stream for a dead one. */
  heartbeatMs: number;
  /** A client that does not read for so long is cut off. */
  drainMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  maxStreams: 1000,
  maxUnsentBytes: 1024 * 1024,
  heartbeatMs: 15_000,
  drainMs: 30_000,
};

/** After which time browsers connect again. */
const RETRY_MS = 3000;
/** Changes read from the log at a time. */
const PAGE = 50;

/** There are as many streams as there may be. */
export class TooManyStreams extends Error {
  override name = "TooManyStreams";
}

/** All streams of a server. */
export class EventStreams {
  readonly #feed: ChangeFeed;
  readonly #pool: Pool;
  readonly #limits: StreamLimits;
  readonly #streams = new Set<EventStream>();
  /** Those that are being opened. */
  #opening = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(feed: ChangeFeed, pool: Pool, limits: StreamLimits) {
    this.#feed = feed;
    this.#pool = pool;
    this.#limits = limits;
  }

  /**
   * Opens a stream, as the body of a response.
   *
   * @param after id of the last event that the client has; undefined when it wants to know what comes from now on
   * @throws TooManyStreams, or the database's error
   */
  async open(data: EventData, after: number | undefined, response: ServerResponse): Promise<PassThrough> {
    if (this.#streams.size + this.#opening >= this.#limits.maxStreams) throw new TooManyStreams();
    this.#opening++;
    try {
      const stream = new EventStream(this.#feed, this.#pool, data, response, this.#limits);
      await stream.start(after);
      if (!stream.body.destroyed) this.#add(stream);
      return stream.body;
    } finally {
      this.#opening--;
    }
  }

  /** Ends all streams at once. Their clients go on where they were, here or elsewhere. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams) stream.end();
  }

  #add(stream: EventStream): void {
    this.#streams.add(stream);
    this.#heartbeat ??= setInterval(() => {
      for (const each of this.#streams) each.beat();
    }, this.#limits.heartbeatMs);
    stream.body.once("close", () => {
      this.#streams.delete(stream);
      if (this.#streams.size > 0) return;
      clearInterval(this.#heartbeat);
      this.#heartbeat = undefined;
    });
    if (this.#isClosed) stream.end();
  }
}

class EventStream {
  readonly body = new PassThrough();
  readonly #feed: ChangeFeed;
  readonly #pool: Pool;
  readonly #data: EventData;
  readonly #response: ServerResponse;
  readonly #limits: StreamLimits;
  readonly #closed = new AbortController();
  /** Id of the last change that was sent, or was not for this client. */
  #position = 0;
  /** The same as far as the client knows it. */
  #toldPosition = 0;
  /** What the feed tells is sent; before, the log is read. */
  #isLive = false;

  constructor(feed: ChangeFeed, pool: Pool, data: EventData, response: ServerResponse, limits: StreamLimits) {
    this.#feed = feed;
    this.#pool = pool;
    this.#data = data;
    this.#response = response;
    this.#limits = limits;
  }

  /** Starts sending: at once what comes from now on, in the background what the client has missed. */
  async start(after: number | undefined): Promise<void> {
    const unsubscribe = await this.#feed.subscribe((notice) => {
      this.#take(notice);
    });
    this.body.once("close", () => {
      unsubscribe();
      this.#closed.abort();
    });
    // The client is gone already.
    if (this.#response.destroyed) this.body.destroy();
    if (after === undefined) {
      this.#position = this.#feed.position;
      this.#isLive = true;
      this.#write(`retry: ${RETRY_MS}\n${this.#event("hello", { id: this.#position })}`);
    } else {
      this.#position = this.#toldPosition = after;
      this.#write(`retry: ${RETRY_MS}\n\n`);
      this.#catchUp();
    }
  }

  /** A comment, and where the client stands when changes have passed that were not for it. */
  beat(): void {
    this.#write(this.#position === this.#toldPosition ? ":\n\n" : `:\nid: ${this.#told(this.#position)}\n\n`);
  }

  end(): void {
    // What the client does not read cannot be ended in order.
    if (this.#unsentBytes() > 0) this.#response.destroy();
    else this.body.end();
  }

  /** Reads the log from where the client is. When it cannot be read, or the client does not, the stream is cut off. */
  #catchUp(): void {
    this.#isLive = false;
    // The client knows how far it got, so it loses nothing by coming again.
    this.#replay().catch(() => this.#response.destroy());
  }

  /** Sends what the log has behind the client's position, as fast as it reads, until the feed takes over. */
  async #replay(): Promise<void> {
    await this.#drained();
    for (;;) {
      const { newest, hasGap, changes } = await readChanges(this.#pool, this.#position, PAGE);
      if (this.#closed.signal.aborted) return;
      if (hasGap) this.#reset(newest);
      for (const change of hasGap ? [] : changes) {
        this.#send(change);
        await this.#drained();
      }
      // The feed tells all that is behind its position, from this very moment on.
      if (this.#position >= this.#feed.position || (!hasGap && changes.length === 0)) {
        this.#isLive = true;
        return;
      }
    }
  }

  #take(notice: Notice): void {
    if (!this.#isLive) return;
    if (notice.kind === "reset") this.#reset(notice.newest);
    else if (notice.change.id > this.#position) this.#send(notice.change);
    if (this.#unsentBytes() > this.#limits.maxUnsentBytes) this.#catchUp();
  }

  async #drained(): Promise<void> {
    if (!this.body.writableNeedDrain) return;
    const timeout = AbortSignal.timeout(this.#limits.drainMs);
    await once(this.body, "drain", { signal: AbortSignal.any([this.#closed.signal, timeout]) });
  }

  #send(change: Change): void {
    this.#position = change.id;
    const data = this.#data(change);
    if (data !== undefined) this.#write(this.#event("change", data));
  }

  #reset(newest: number): void {
    this.#position = newest;
    this.#write(this.#event("reset", { id: newest }));
  }

  #event(name: string, data: string | object): string {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    return `id: ${this.#told(this.#position)}\nevent: ${name}\ndata: ${text}\n\n`;
  }

  #told(position: number): number {
    return (this.#toldPosition = position);
  }

  #write(text: string): void {
    if (!this.body.writableEnded && !this.body.destroyed) this.body.write(text);
  }

  #unsentBytes(): number {
    return this.body.writableLength + this.body.readableLength + this.#response.writableLength;
  }
}
