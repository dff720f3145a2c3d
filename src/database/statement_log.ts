/** `DEBUG_SQL_QUERY`: a log line for each statement of this thread, whichever connection it goes over (chapter 08, section 9.2). */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import pg from "pg";
import type { Log } from "../log.ts";
import { errorMessage } from "./errors.ts";
import { masking, type Mask } from "./masking.ts";

const route = new AsyncLocalStorage<string>();

/** Does something whose statements belong to a route, also those that follow later from it. */
export function inRoute(name: string, work: () => void): void {
  route.run(name, work);
}

interface Asked {
  sql: string;
  values: readonly unknown[];
}

type Query = (this: pg.Client, ...args: unknown[]) => unknown;

let isLogging = false;
let loggedWithout: readonly string[] | undefined;

/** For threads of this process: what statements are logged without; undefined when they are not logged. */
export function statementSecrets(): readonly string[] | undefined {
  return loggedWithout;
}

/** Begins to log, in this thread. The driver has no hook for this, so its clients' own method is replaced, once in a thread. */
export function logStatements(log: Log, secrets: readonly string[]): void {
  if (isLogging) return;
  isLogging = true;
  loggedWithout = secrets;
  // Whenever it is set, whatever the level of the others.
  const statements = log.child({}, { level: "info" });
  const mask = masking(secrets);
  const query = Reflect.get(pg.Client.prototype, "query") as Query;
  const logged: Query = function (this: pg.Client, ...args) {
    const asked = askedOf(args);
    const started = performance.now();
    const where = route.getStore();
    const tell = (outcome: { rows?: number | null; error?: string }): void => {
      write(statements, mask, asked, performance.now() - started, where, outcome);
    };
    const last = args.at(-1);
    if (typeof last === "function") {
      args[args.length - 1] = (error: unknown, result: unknown): void => {
        tell(error ? { error: errorMessage(error) } : { rows: rowsOf(result) });
        (last as (error: unknown, result: unknown) => void)(error, result);
      };
      return query.apply(this, args);
    }
    const answer = query.apply(this, args);
    if (answer instanceof Promise)
      answer.then(
        (result: unknown) => {
          tell({ rows: rowsOf(result) });
        },
        (error: unknown) => {
          tell({ error: errorMessage(error) });
        },
      );
    // A COPY is a stream: what it takes is the stream's time.
    else tell({ rows: null });
    return answer;
  };
  pg.Client.prototype.query = logged as typeof pg.Client.prototype.query;
  keepRoutes();
}

/** A statement that waited for a connection is sent when another gives one back, but is still its own route's. */
function keepRoutes(): void {
  type Connect = (this: pg.Pool, callback?: (...args: unknown[]) => void) => unknown;
  const connect = Reflect.get(pg.Pool.prototype, "connect") as Connect;
  const kept: Connect = function (this: pg.Pool, callback) {
    return callback === undefined ? connect.call(this) : connect.call(this, AsyncResource.bind(callback));
  };
  pg.Pool.prototype.connect = kept as typeof pg.Pool.prototype.connect;
}

function askedOf([first, second]: unknown[]): Asked {
  if (typeof first === "string") return { sql: first, values: Array.isArray(second) ? second : [] };
  const { text, values } = first as { text?: unknown; values?: unknown };
  const given = Array.isArray(values) ? values : Array.isArray(second) ? second : [];
  return { sql: typeof text === "string" ? text : "(stream)", values: given };
}

function rowsOf(result: unknown): number | null {
  const one: unknown = Array.isArray(result) ? result.at(-1) : result;
  if (typeof one !== "object" || one === null || !("rowCount" in one)) return null;
  return typeof one.rowCount === "number" ? one.rowCount : null;
}

function write(
  log: Log,
  mask: Mask,
  { sql, values }: Asked,
  ms: number,
  where: string | undefined,
  outcome: { rows?: number | null; error?: string },
): void {
  const line = sql.replace(/\s+/g, " ").trim();
  log.info(
    { ms: Math.round(ms * 10) / 10, ...outcome, ...(where === undefined ? {} : { route: where }) },
    `(${(ms / 1000).toFixed(3)}) ${line}; args=${mask(values)}; alias=default`,
  );
}
