/**
 * Answers what is kept before the framework sees the request, with the headers that it would have sent. What this does
 * not know by heart goes the usual way: it answers nothing that the usual way would not.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Encoding, Form } from "../cache/answer.ts";
import type { AnswerCache } from "../cache/cache.ts";
import type { Entry } from "../cache/store.ts";
import { demandOf, isRepeated, matchedEtag, preferredEncoding } from "./conditional.ts";
import type { CachedAnswer } from "./observer.ts";

/** Headers that are another answer's, or another request's. */
const OWN_HEADERS = new Set([
  "x-request-id",
  "etag",
  "content-length",
  "content-encoding",
  "access-control-allow-origin",
  "strict-transport-security",
]);
/** Where the id stands among the headers, which are sent before the next request is looked at. */
const REQUEST_ID = 1;
const MAX_URL_CHARACTERS = 2048;
/** Headers that count, by what they say. */
const COUNTING = new Map<string, keyof Asked | "body">([
  ["host", "host"],
  ["accept-encoding", "acceptEncoding"],
  ["if-none-match", "ifNoneMatch"],
  ["origin", "origin"],
  ["cache-control", "cacheControl"],
  ["pragma", "pragma"],
  ["x-forwarded-proto", "isForwarded"],
  ["content-length", "body"],
  ["transfer-encoding", "body"],
  ["expect", "body"],
]);
const COUNTING_LENGTHS = new Set([...COUNTING.keys()].map((name) => name.length));
/** Of each kind of header that is looked up by its whole text. */
const MAX_KNOWN = 1000;

export interface HotPathOptions {
  cache: AnswerCache;
  isAllowedHost: (header: string) => boolean;
  /** The value of `access-control-allow-origin` for an `Origin`, if it has one. */
  allowOrigin: (origin: string | undefined) => string | undefined;
  /** The value of `strict-transport-security`, for a request that came over HTTPS to a proxy that is trusted. */
  strictTransport: (request: IncomingMessage) => string | undefined;
  onAnswered: (answer: Omit<CachedAnswer, "view">) => void;
}

export class HotPath {
  readonly #options: HotPathOptions;
  readonly #isAllowedHost: (header: string) => boolean;
  readonly #encodingOf: (header: string) => Encoding;
  readonly #allowOrigin: (origin: string) => string | undefined;
  readonly #withoutOrigin: string | undefined;
  /** Names and values in turn, as they are on every answer that is kept. */
  #headers: readonly string[] | undefined;
  /** Those of them that a 304 has. */
  #headersOf304: readonly string[] = [];
  #isClosing = false;
  /** By form, and by the `ETag` of a 304, of which there are as many as forms. */
  readonly #heads = new WeakMap<Form, Map<string | undefined, string[]>>();

  constructor(options: HotPathOptions) {
    this.#options = options;
    this.#isAllowedHost = remembered(options.isAllowedHost);
    this.#encodingOf = remembered(preferredEncoding);
    this.#allowOrigin = remembered(options.allowOrigin);
    this.#withoutOrigin = options.allowOrigin(undefined);
  }

  /** Lets the next request for the same URL be answered here. */
  remember(request: FastifyRequest, reply: FastifyReply, entry: Entry): void {
    if (request.originalUrl.length > MAX_URL_CHARACTERS) return;
    if (this.#headers === undefined) {
      const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
        OWN_HEADERS.has(name) || value === undefined ? [] : [[name, String(value)] as const],
      );
      this.#headers = headers.flat();
      this.#headersOf304 = headers.filter(([name]) => isRepeated(name)).flat();
    }
    entry.route ??= request.routeOptions.url ?? "";
    this.#options.cache.addAlias(entry, request.originalUrl);
  }

  /** From now on connections are closed with their answers, which is the framework's work. */
  close(): void {
    this.#isClosing = true;
  }

  /** @returns whether it was answered */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = "", url = "" } = request;
    if ((method !== "GET" && method !== "HEAD") || this.#isClosing || this.#headers === undefined)
      return false;
    const asked = askedFor(request.rawHeaders);
    if (asked === undefined || !this.#isAllowedHost(asked.host ?? "")) return false;
    const started = performance.now();
    const wanted = this.#encodingOf(asked.acceptEncoding ?? "");
    const demand = demandOf(asked.cacheControl, asked.pragma);
    const entry = this.#options.cache.atHand(url, wanted, demand, started);
    if (entry === undefined) return false;
    const { answer } = entry;
    const form = answer.made(answer.encodingFor(wanted));
    if (form === undefined) return false;
    const requestId = randomUUID();
    const etag = matchedEtag(asked.ifNoneMatch, answer.etags, form.etag);
    const status = etag === undefined ? 200 : 304;
    const sent = this.#head(form, etag);
    sent[REQUEST_ID] = requestId;
    const { origin } = asked;
    const allowed = origin === undefined ? this.#withoutOrigin : this.#allowOrigin(origin);
    const strictTransport = asked.isForwarded ? this.#options.strictTransport(request) : undefined;
    const more = [];
    if (allowed !== undefined) more.push("access-control-allow-origin", allowed);
    if (strictTransport !== undefined) more.push("strict-transport-security", strictTransport);
    response.writeHead(status, more.length === 0 ? sent : [...sent, ...more]);
    if (status === 304 || method === "HEAD") response.end();
    else response.end(form.body);
    this.#options.onAnswered({
      request,
      requestId,
      isSecure: strictTransport !== undefined,
      route: entry.route ?? "",
      status,
      bytes: status === 304 ? 0 : form.body.length,
      seconds: (performance.now() - started) / 1000,
    });
    return true;
  }

  /** Names and values in turn of what is the same on each sending of a form, or on each 304 with an `ETag`; made once. */
  #head(form: Form, etag: string | undefined): string[] {
    let heads = this.#heads.get(form);
    if (heads === undefined) this.#heads.set(form, (heads = new Map<string | undefined, string[]>()));
    const known = heads.get(etag);
    if (known !== undefined) return known;
    const head = ["x-request-id", "", "etag", etag ?? form.etag];
    if (etag === undefined) {
      if (form.encoding !== "identity") head.push("content-encoding", form.encoding);
      head.push("content-length", String(form.body.length), ...(this.#headers ?? []));
    } else {
      head.push(...this.#headersOf304);
    }
    heads.set(etag, head);
    return head;
  }
}

/** What counts of a request's headers. */
interface Asked {
  host: string | undefined;
  acceptEncoding: string | undefined;
  ifNoneMatch: string | undefined;
  origin: string | undefined;
  cacheControl: string | undefined;
  pragma: string | undefined;
  /** A proxy says how the request came to it. */
  isForwarded: boolean;
}

/**
 * Reads a request's headers where they lie: to have them by name, Node would sort all of them first.
 *
 * @param raw names and values in turn
 * @returns undefined when the request has a body, expects something, or says something twice
 */
function askedFor(raw: readonly string[]): Asked | undefined {
  const asked: Asked = {
    host: undefined,
    acceptEncoding: undefined,
    ifNoneMatch: undefined,
    origin: undefined,
    cacheControl: undefined,
    pragma: undefined,
    isForwarded: false,
  };
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    // Most names have another length than those that count.
    if (!COUNTING_LENGTHS.has(name.length)) continue;
    const key = COUNTING.get(name.toLowerCase());
    if (key === undefined) continue;
    if (key === "body") return undefined;
    if (key === "isForwarded") {
      asked.isForwarded = true;
    } else {
      if (asked[key] !== undefined) return undefined;
      asked[key] = raw[index + 1] ?? "";
    }
  }
  return asked;
}

/** The same function, which remembers what it said. */
function remembered<T>(of: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const value = known.get(text);
    if (value !== undefined || known.has(text)) return value as T;
    if (known.size >= MAX_KNOWN) known.clear();
    const found = of(text);
    known.set(text, found);
    return found;
  };
}
