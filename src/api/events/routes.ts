/** `/api/events`: what each commit of submissions changed, as server-sent events; `docs/live-events.md` explains it. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { errorMessage } from "../../database/errors.ts";
import { ApiError, ParameterError } from "../../http/errors.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { eventData, type EventFilter } from "./filter.ts";
import { EventStreams, STREAM_LIMITS, TooManyStreams } from "./stream.ts";

/** Names of one kind. How many there may be is bounded by the length of an address. */
const names = (description: string): ReturnType<typeof Type.Array<ReturnType<typeof Type.String>>> =>
  Type.Array(Type.String(), { default: [], description });

const Query = Type.Object({
  tree: names("names of trees"),
  hardware: names("platforms or compatibles"),
  origin: names("CI systems"),
  last_event_id: Type.Optional(Type.String({ description: "stands in for the header `Last-Event-ID`" })),
});

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  // Proxies are not to gather events.
  "x-accel-buffering": "no",
  // When the stream ends there is nothing more to say on its connection, and the server need not wait for it.
  connection: "close",
};

const TOO_MANY_RETRY_SECONDS = 30;
const UNAVAILABLE_RETRY_SECONDS = 5;

/** @param limits those of the program when absent */
export function eventRoutes(
  app: FastifyInstance,
  { pool, changes }: Pick<RouteContext, "pool" | "changes">,
  limits = STREAM_LIMITS,
): void {
  const streams = new EventStreams(changes, pool, limits);
  app.addHook("preClose", (done) => {
    streams.close();
    done();
  });
  // The description holds the reference implementation's operations alone.
  const options = { compress: false, config: { cost: "endless" }, schema: { hide: true } } as const;
  for (const path of ["/api/events", "/api/events/"]) {
    app.get<{ Querystring: RawQuery }>(path, options, async (request, reply) => {
      const query = parseParameters(Query, request.query);
      const data = eventData(parseFilter(query));
      const after = lastEventId(request, query.last_event_id);
      if (request.method === "HEAD") return reply.headers(HEADERS).send("");
      try {
        const body = await streams.open(data, after, reply.raw);
        return await reply.headers(HEADERS).send(body);
      } catch (error) {
        if (error instanceof TooManyStreams)
          throw unavailable("There are too many listeners for events", TOO_MANY_RETRY_SECONDS);
        request.log.warn({ error: errorMessage(error) }, "changes cannot be listened for");
        throw unavailable("The database does not answer", UNAVAILABLE_RETRY_SECONDS);
      }
    });
  }
}

function unavailable(text: string, retrySeconds: number): ApiError {
  return new ApiError(503, `${text}; try again later`, { "retry-after": String(retrySeconds) });
}

function parseFilter(query: Record<"tree" | "hardware" | "origin", string[]>): EventFilter {
  const namesOf = (name: "tree" | "hardware" | "origin"): ReadonlySet<string> => {
    if (query[name].includes("")) throw new ParameterError(name, "it must not be empty");
    return new Set(query[name]);
  };
  return { trees: namesOf("tree"), hardware: namesOf("hardware"), origins: namesOf("origin") };
}

/** The header goes first: browsers send it when they connect again, to the address of the first time. */
function lastEventId(request: FastifyRequest, parameter: string | undefined): number | undefined {
  const header = request.headers["last-event-id"];
  const text = (Array.isArray(header) ? header.at(-1) : header) ?? parameter;
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw header === undefined
    ? new ParameterError("last_event_id", "must be the id of an event")
    : new ApiError(400, "Invalid header 'Last-Event-ID': must be the id of an event");
}
