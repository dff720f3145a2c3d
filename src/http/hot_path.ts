/**
 * Answers what is kept before the framework sees the request, with the headers that it would have sent. What this does
 * not know by heart goes the usual way: it answers nothing that the usual way would not.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Encoding } from "../cache/answer.ts";
import type { AnswerCache } from "../cache/cache.ts";
import type { Entry } from "../cache/store.ts";
import { isRepeated, matchedEtag, preferredEncoding } from "./conditional.ts";
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
const MAX_URL_CHARACTERS = 2048;
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
    const { method = "", url = "", headers } = request;
    if ((method !== "GET" && method !== "HEAD") || this.#isClosing || this.#headers === undefined)
      return false;
    if (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined) return false;
    if (headers.expect !== undefined || !this.#isAllowedHost(headers.host ?? "")) return false;
    const started = performance.now();
    const wanted = this.#encodingOf(headers["accept-encoding"] ?? "");
    const entry = this.#options.cache.atHand(url, wanted, started);
    if (entry === undefined) return false;
    const { answer } = entry;
    const form = answer.made(answer.encodingFor(wanted));
    if (form === undefined) return false;
    const requestId = randomUUID();
    const { origin } = headers;
    const allowed = origin === undefined ? this.#withoutOrigin : this.#allowOrigin(origin);
    const etag = matchedEtag(headers["if-none-match"], answer.etags, form.etag);
    const status = etag === undefined ? 200 : 304;
    const sent = [
      ...(status === 304 ? this.#headersOf304 : this.#headers),
      ...["x-request-id", requestId, "etag", etag ?? form.etag],
    ];
    if (allowed !== undefined) sent.push("access-control-allow-origin", allowed);
    if (status === 200) {
      if (form.encoding !== "identity") sent.push("content-encoding", form.encoding);
      sent.push("content-length", String(form.body.length));
    }
    const strictTransport = this.#options.strictTransport(request);
    if (strictTransport !== undefined) sent.push("strict-transport-security", strictTransport);
    response.writeHead(status, sent);
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
