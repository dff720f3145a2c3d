/**
 * What a server does when it is asked for more than it can do: who asks too often gets 429, what does not fit gets 503,
 * both with `Retry-After`, and expensive requests wait for each other so that cheaper ones need not.
 *
 * Routes say in their `config` what they cost. The limits are settings, each of one process.
 */
import rateLimit from "@fastify/rate-limit";
import underPressure from "@fastify/under-pressure";
import type { QueryConfig, QueryResultRow } from "pg";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { Pool } from "../database/pool.ts";
import type { Reads } from "../database/reads.ts";
import type { OverloadSettings } from "../settings.ts";
import { ApiError } from "./errors.ts";
import { Gate, GateBusy, GateLeft } from "./gate.ts";
import { isReadAhead } from "./read_ahead.ts";
import { UnsentAnswers } from "./unsent.ts";

/**
 * - `cheap`: a few rows; what a route is that says nothing.
 * - `moderate`: counts of a commit or a platform, its builds or its boots; a tenth of what an expensive one takes.
 * - `expensive`: all items of a commit or a platform. Up to three statements at once, as a moderate one.
 * - `endless`: a stream, which is bounded by its route.
 * - `free`: tells how the process does, so it is answered whatever the load.
 */
export type Cost = "cheap" | "moderate" | "expensive" | "endless" | "free";

declare module "fastify" {
  interface FastifyContextConfig {
    cost?: Cost;
  }
}

/** Expensive requests that others wait for. */
const crowded = new WeakSet<FastifyRequest>();

/**
 * What an expensive request asks with: the pool, or, while others wait for their turn or nobody waits for its answer, the pool with one
 * statement after the other. Statements at once answer one request sooner, but of many requests each would have as many processor cores
 * less, and cheap ones would wait for all of them.
 */
export function statementsOf(request: FastifyRequest, pool: Pool): Pool {
  return crowded.has(request) || isReadAhead(request) ? oneByOne(pool) : pool;
}

function oneByOne(pool: Pool): Pool {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: <Row extends QueryResultRow>(statement: QueryConfig | string, values?: unknown[]) => {
      const result = last.then(() => pool.query<Row>(statement, values));
      last = result.catch(() => undefined);
      return result;
    },
  };
}

/** Statements that an expensive request runs at once, at most. */
const STATEMENTS_AT_ONCE = 3;
/** Connections for moderate requests, as a part of those for expensive ones. */
const MODERATE_SHARE = 0.5;
/** When to come again, for those whom the server has no room for. */
const RETRY_SECONDS = 2;
const MINUTE_MS = 60_000;
/** Addresses whose requests are counted. */
const MAX_CLIENTS = 20_000;
/** Over so long the delay of the event loop is averaged: one long task, as at the start, is no overload. */
const SAMPLE_MS = 5000;
/** What is read ahead waits for its turn for so long: others wait behind it, and the answer before can be served no longer. */
const READ_AHEAD_WAIT_MS = 500;
/** How often those who wait look whether somebody who keeps them waiting can be cut off. */
const LOOK_MS = 1000;

/** 503: there is no room now. */
export function noRoom(what: string): ApiError {
  return new ApiError(503, `The server is busy: ${what}; try again later`, {
    "retry-after": String(RETRY_SECONDS),
  });
}

/** Puts all limits before the routes that are registered after it. */
export async function limitOverload(
  app: FastifyInstance,
  reads: Pick<Reads, "waitingCount">,
  settings: OverloadSettings,
): Promise<void> {
  limitRequests(app, reads, settings);
  await limitClients(app, settings);
  await app.register(underPressure, {
    sampleInterval: SAMPLE_MS,
    maxEventLoopDelay: settings.maxEventLoopDelayMs,
    maxHeapUsedBytes: settings.maxHeapBytes,
    pressureHandler: (request, _reply, type) => {
      if (costOf(request) !== "free")
        throw noRoom(type === "heapUsedBytes" ? "its memory is used up" : "it is behind with its work");
    },
  });
  limitExpensive(app, settings);
}

function costOf(request: FastifyRequest): Cost {
  return request.routeOptions.config.cost ?? "cheap";
}

/** Requests at once, and those that wait for a connection to the database. */
function limitRequests(
  app: FastifyInstance,
  reads: Pick<Reads, "waitingCount">,
  settings: OverloadSettings,
): void {
  let running = 0;
  app.addHook("onRequest", (request, reply, done) => {
    const cost = costOf(request);
    if (cost === "free" || cost === "endless") {
      done();
      return;
    }
    if (running >= settings.maxRequests) {
      done(noRoom("it answers as many requests as it can"));
      return;
    }
    if (reads.waitingCount >= settings.maxPoolWaiting) {
      done(noRoom("too many requests wait for the database"));
      return;
    }
    running++;
    reply.raw.once("close", () => running--);
    done();
  });
}

/** Requests of one address. Those on the same machine, such as a proxy that does not tell for whom it asks, are not counted. */
async function limitClients(app: FastifyInstance, settings: OverloadSettings): Promise<void> {
  if (settings.requestsPerMinute === 0) return;
  const silent = {
    "x-ratelimit-limit": false,
    "x-ratelimit-remaining": false,
    "x-ratelimit-reset": false,
  };
  await app.register(rateLimit, {
    max: settings.requestsPerMinute,
    timeWindow: MINUTE_MS,
    cache: MAX_CLIENTS,
    allowList: (request) => costOf(request) === "free" || isLoopback(request.ip),
    addHeaders: silent,
    addHeadersOnExceeding: silent,
    errorResponseBuilder: (_request, { after }) =>
      new ApiError(429, `There were too many requests from this address; try again in ${after}`),
  });
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

/**
 * Expensive and moderate requests: a share of the connections and a queue for each, so that they wait for their like only,
 * and one bound on the answers that wait to be taken.
 */
function limitExpensive(app: FastifyInstance, settings: OverloadSettings): void {
  const connections = Math.floor((settings.poolSize * settings.expensiveShare) / 100);
  const newGate = (share: number): Gate => {
    const places = Math.max(1, Math.floor((connections * share) / STATEMENTS_AT_ONCE));
    return new Gate(
      { places, maxWaiting: settings.expensiveQueue, maxWaitMs: settings.expensiveWaitMs },
      () => unsent.isFull(),
    );
  };
  const gates: Partial<Record<Cost, Gate>> = { moderate: newGate(MODERATE_SHARE), expensive: newGate(1) };
  const all = Object.values(gates);
  const unsent = new UnsentAnswers(settings.maxUnsentBytes, settings.sendTimeoutMs, () => {
    for (const gate of all) gate.recheck();
  });
  const places = new WeakMap<FastifyRequest, () => void>();
  const timer = setInterval(() => {
    if (all.some((gate) => gate.waiting > 0)) unsent.makeRoom();
  }, LOOK_MS).unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(timer);
    done();
  });

  const wait = async (gate: Gate, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const gone = new AbortController();
    const onClose = (): void => {
      gone.abort();
    };
    reply.raw.once("close", onClose);
    const isAhead = isReadAhead(request);
    const giveUp = isAhead ? setTimeout(onClose, READ_AHEAD_WAIT_MS) : undefined;
    try {
      places.set(request, await gate.enter(request.ip, gone.signal));
      if (gate.waiting > 0) crowded.add(request);
    } catch (error) {
      if (error instanceof GateBusy) throw noRoom(error.message);
      if (!(error instanceof GateLeft)) throw error;
      if (isAhead) throw noRoom("there is no room to read ahead");
      // There is nobody to answer.
      reply.hijack();
    } finally {
      clearTimeout(giveUp);
      reply.raw.off("close", onClose);
    }
  };
  const enter = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const gate = gates[costOf(request)];
    if (request.method === "OPTIONS" || gate === undefined) {
      done();
      return;
    }
    // Nearly always, and without what waiting needs.
    const place = gate.enterAtOnce();
    if (place === undefined) {
      wait(gate, request, reply).then(() => {
        done();
      }, done);
      return;
    }
    places.set(request, place);
    done();
  };
  // Behind the hooks of all routes, so that what one of them answers waits for nothing.
  app.addHook("onRoute", (route: RouteOptions) => {
    if (gates[route.config?.cost ?? "cheap"] === undefined) return;
    const before = route.preHandler ?? [];
    route.preHandler = [...(Array.isArray(before) ? before : [before]), enter];
  });
  // The place is for the work. The answer counts by its bytes from here on, however slowly it is taken.
  app.addHook("onSend", (request, reply, payload, done) => {
    if (Buffer.isBuffer(payload)) unsent.add(reply.raw, payload.length);
    places.get(request)?.();
    places.delete(request);
    done(null, payload);
  });
}
