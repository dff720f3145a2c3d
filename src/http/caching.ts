/**
 * The routes' side of the cache of answers: routes with `config.cache` are answered from it, and their good answers have
 * an `ETag` and revalidate (chapter 03, section 3.10), also where the cache is off.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Answer } from "../cache/answer.ts";
import { Reading, type AnswerCache } from "../cache/cache.ts";
import type { Entry } from "../cache/store.ts";
import type { Tag } from "../cache/tags.ts";
import { cacheKey } from "./cache_key.ts";
import type { CachedRequest, CachePolicy } from "./cache_policy.ts";
import { demandOf, isRepeated, matchedEtag, preferredEncoding } from "./conditional.ts";
import type { HotPath } from "./hot_path.ts";
import type { RawQuery } from "./parameters.ts";
import { isReadAhead, readAgain } from "./read_ahead.ts";

export const REVALIDATE = "public, max-age=0, must-revalidate";

const furtherTags = new WeakMap<FastifyRequest, readonly Tag[]>();

/** To be called by a handler whose answer depends on more than its policy can tell, by what it read. */
export function dependsOn(request: FastifyRequest, tags: readonly Tag[]): void {
  furtherTags.set(request, tags);
}

/** What is known of a request between the hooks. */
interface State {
  entry?: Entry;
  reading?: Reading;
}

const states = new WeakMap<FastifyRequest, State>();

/**
 * To be called behind what lets requests wait for their turn, and before the routes: whoever waited is answered with what
 * another request has read meanwhile, or begins to read then. Else under load every answer would be too old to be kept by the
 * time it is read, and each request would read its own.
 */
export function beginReadings(app: FastifyInstance): void {
  app.addHook("onRoute", (route) => {
    if (route.config?.cache === undefined) return;
    const before = route.preHandler ?? [];
    const begin = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const entry = await states.get(request)?.reading?.begin();
      if (entry === undefined) return undefined;
      states.set(request, { entry });
      return sendKept(reply, entry);
    };
    route.preHandler = [...(Array.isArray(before) ? before : [before]), begin];
  });
}

function sendKept(reply: FastifyReply, { answer }: Entry): FastifyReply {
  return reply.header("content-type", "application/json").send(answer.body);
}

/**
 * To be called before the routes and before what compresses are registered; with a cache, `beginReadings` too.
 *
 * @param cache absent when it is off
 */
export function cacheAnswers(app: FastifyInstance, cache?: AnswerCache, hotPath?: HotPath): void {
  app.addHook("onRoute", (route) => {
    const policy = route.config?.cache;
    if (policy === undefined) return;
    const isHead = route.method === "HEAD";
    route.compress = false;
    if (cache !== undefined) {
      route.preHandler = async (request: FastifyRequest, reply: FastifyReply) => {
        const key = cacheKey(request);
        if (key === undefined) return undefined;
        const found = await cache.find(key, {
          demand: isReadAhead(request)
            ? "new"
            : demandOf(header(request, "cache-control"), header(request, "pragma")),
          readAgain: readAgain(app, request),
        });
        if (found instanceof Reading) {
          states.set(request, { reading: found });
          return undefined;
        }
        states.set(request, { entry: found });
        return sendKept(reply, found);
      };
      // Whatever became of the request, nobody is to wait for it.
      route.onResponse = (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
        states.get(request)?.reading?.failed();
        done();
      };
    }
    // In place of the framework's own for HEAD.
    route.onSend = async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
      const state = states.get(request);
      if (!Buffer.isBuffer(payload)) {
        state?.reading?.failed();
        return payload;
      }
      const body =
        reply.statusCode === 200
          ? await goodBody(request, reply, payload, policy, state)
          : (state?.reading?.failed(), payload);
      if (!isHead || body === null) return body;
      reply.header("content-length", String(body.length));
      return null;
    };
  });

  /** What is sent for an answer; null for nothing. */
  async function goodBody(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: Buffer,
    policy: CachePolicy,
    state: State | undefined,
  ): Promise<Buffer | null> {
    const entry = state?.entry ?? keep(request, payload, policy, state?.reading);
    const answer = entry?.answer ?? new Answer(payload);
    const encoding = answer.encodingFor(preferredEncoding(header(request, "accept-encoding")));
    const isRead = request.method !== "POST";
    if (isRead) {
      reply.header("cache-control", REVALIDATE);
      const etag = matchedEtag(header(request, "if-none-match"), answer.etags, answer.etag(encoding));
      if (entry !== undefined) hotPath?.remember(request, reply, entry);
      if (etag !== undefined) {
        for (const name of Object.keys(reply.getHeaders())) if (!isRepeated(name)) reply.removeHeader(name);
        reply.code(304).header("etag", etag);
        return null;
      }
    }
    const wasMade = answer.made(encoding) !== undefined;
    const form = await answer.form(encoding);
    if (!wasMade && entry !== undefined) cache?.weigh(entry);
    if (isRead) reply.header("etag", form.etag);
    if (encoding !== "identity") reply.header("content-encoding", encoding);
    // It is kept now, and nobody waits for it.
    return isReadAhead(request) ? null : form.body;
  }
}

function keep(
  request: FastifyRequest,
  body: Buffer,
  policy: CachePolicy,
  reading: Reading | undefined,
): Entry | undefined {
  if (reading === undefined) return undefined;
  try {
    const about: CachedRequest = {
      params: request.params as Record<string, string>,
      query: request.query as RawQuery,
      body: request.body,
    };
    const tags = [...policy.tags(about, body), ...(furtherTags.get(request) ?? [])];
    return reading.done({ body, tags, until: policy.until?.(about, body) });
  } finally {
    reading.failed();
  }
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
