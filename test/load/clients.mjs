/**
 * Clients that go through scenarios as people do: one opens a page, which asks for what it shows step by step, then looks
 * at it for a while. Every second client is a browser that keeps what it got and asks whether it is still good; the
 * others are scripts that keep nothing.
 */
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { LRUCache } from "lru-cache";

const unzip = promisify(gunzip);

/** An answer that takes longer has failed. */
const TIMEOUT_MS = 30_000;
/** Bodies that were parsed once already are known by their `ETag`: the clients share cores with the server. */
const MOST_PARSED_BYTES = 200e6;
/** An answer that only says what is wrong is shorter, compressed or not. */
const MOST_ERROR_BYTES = 2000;

/** Addresses of a group that are remembered, to be asked for again. */
const MOST_ASKED = 50;

/** Where answers are noted. */
export class Records {
  /** One for each request: { scenario, group, ms, status, problem? }. */
  all = [];
  /** Requests by group, the latest of each address last, so that others can ask the same. */
  asked = new Map();
  bytes = 0;

  note(record, path, body) {
    this.all.push(record);
    const asked = this.asked.get(record.group) ?? new Map();
    this.asked.set(record.group, asked);
    const key = `${path} ${JSON.stringify(body)}`;
    asked.delete(key);
    asked.set(key, { group: record.group, path, ...(body && { body }) });
    if (asked.size > MOST_ASKED) asked.delete(asked.keys().next().value);
  }
}

/** What clients of one server share. */
export class Clients {
  #base;
  #records;
  #parsed = new LRUCache({ maxSize: MOST_PARSED_BYTES });

  constructor(base, records) {
    this.#base = base;
    this.#records = records;
  }

  /** @returns for the name of a scenario, how a new client opens what it consists of */
  newClient({ isBrowser = false } = {}) {
    const agent = newAgent(this.#base);
    const kept = new Map();
    return (scenario) => (group, path, options) =>
      this.#open({ agent, kept, isBrowser, scenario }, group, path, options);
  }

  /** @returns the answer's JSON, or nothing where `read` says that nobody needs what is in it */
  async #open({ agent, kept, isBrowser, scenario }, group, path, { body, read = true } = {}) {
    const etag = kept.get(path);
    const sent = performance.now();
    const record = { scenario, group, ms: 0, status: 0 };
    try {
      const answer = await exchange(this.#base + path, {
        agent,
        body,
        // What was forgotten here has to be sent again.
        etag: etag !== undefined && (!read || this.#parsed.has(etag)) ? etag : undefined,
      });
      record.status = answer.status;
      record.ms = performance.now() - sent;
      this.#records.bytes += answer.bytes.length;
      const json = await this.#jsonOf(answer, etag, read);
      if (isBrowser && body === undefined && answer.etag !== undefined) kept.set(path, answer.etag);
      return json;
    } catch (error) {
      record.ms ||= performance.now() - sent;
      record.problem = `${body === undefined ? "GET" : "POST"} ${path}: ${error.message}`;
      throw error;
    } finally {
      this.#records.note(record, path, body);
    }
  }

  async #jsonOf({ status, etag, bytes, encoding }, sentEtag, read) {
    if (status === 304) return this.#parsed.get(sentEtag);
    if (status === 200 && !read && bytes.length > MOST_ERROR_BYTES) return undefined;
    if (status !== 200) throw new Error(`${status} ${(await textOf(bytes, encoding)).slice(0, 200)}`);
    const known = etag === undefined ? undefined : this.#parsed.get(etag);
    if (known !== undefined) return known;
    const text = await textOf(bytes, encoding);
    if (text === "") throw new Error("the body is empty");
    const json = JSON.parse(text);
    // What is not found is a good answer with this in it; nothing is asked for here that should not be there.
    if (typeof json.error === "string") throw new Error(`200 ${text.slice(0, 200)}`);
    // Objects take several times their text.
    if (etag !== undefined) this.#parsed.set(etag, json, { size: 4 * text.length });
    return json;
  }
}

/** Lets a client go through scenarios, chosen at random, until a moment. `thinkMs` is the mean of its pauses. */
export async function live(open, { scenarios, world, thinkMs, until, random = Math.random }) {
  const names = Object.keys(scenarios);
  // Nobody begins at the same moment.
  await sleep(random() * thinkMs);
  while (performance.now() < until) {
    const name = names[Math.floor(random() * names.length)];
    try {
      await scenarios[name](open(name), world);
    } catch {
      // It is noted, and nothing follows from an answer that failed.
    }
    await sleep(Math.min(thinkMs * (0.5 + random()), Math.max(0, until - performance.now())));
  }
}

export function newAgent(base) {
  const options = { keepAlive: true };
  return base.startsWith("https:") ? new SecureAgent(options) : new Agent(options);
}

/**
 * One request as it is on the wire.
 *
 * @returns status, `ETag`, encoding and the bytes of the body as they were sent
 */
export function exchange(url, { agent, method, headers = {}, body, etag } = {}) {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const ask = url.startsWith("https:") ? secureRequest : request;
  return new Promise((resolve, reject) => {
    const sending = ask(url, {
      agent,
      method: method ?? (text === undefined ? "GET" : "POST"),
      timeout: TIMEOUT_MS,
      headers: {
        "accept-encoding": "gzip",
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        ...(etag === undefined ? {} : { "if-none-match": etag }),
        ...headers,
      },
    });
    sending.on("response", (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode,
          etag: response.headers.etag,
          retryAfter: response.headers["retry-after"],
          encoding: response.headers["content-encoding"],
          bytes: Buffer.concat(parts),
        });
      });
    });
    sending.on("timeout", () => sending.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sending.on("error", reject);
    sending.end(text);
  });
}

export async function textOf(bytes, encoding) {
  return (encoding === "gzip" ? await unzip(bytes) : bytes).toString();
}

export async function digestOf({ status, bytes, encoding }) {
  const body = encoding === "gzip" ? await unzip(bytes) : bytes;
  return `${status} ${createHash("sha256").update(body).digest("base64url")}`;
}
