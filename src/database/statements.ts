/**
 * Who is told of each statement that this process sends to PostgreSQL: metrics and traces. `pg` has no hooks, so its
 * prototypes get ours, for every client of the process, and only when somebody wants to know.
 */
import { AsyncResource } from "node:async_hooks";
import pg from "pg";

export interface StartedStatement {
  /** Of a prepared statement. */
  name: string | undefined;
  /** Values stand in it as `$1`. */
  text: string;
}

/** Called once at the end, with the error if there was one. */
export type Finish = (error?: unknown) => void;

export interface StatementObserver {
  onStatement: (statement: StartedStatement) => Finish;
  onConnect?: () => Finish;
  /** A pool was asked for a connection. */
  onPoolRequest?: () => Finish;
  /** What is started for whom has to be known, also behind a pool, which calls in the context of who gave back. */
  followsContext?: boolean;
}

const observers: StatementObserver[] = [];
let isInstalled = false;

/** @returns ends it */
export function observeStatements(observer: StatementObserver): () => void {
  if (!isInstalled) install();
  isInstalled = true;
  observers.push(observer);
  return () => {
    const index = observers.indexOf(observer);
    if (index >= 0) observers.splice(index, 1);
  };
}

function install(): void {
  replace(pg.Client.prototype, "query", (call, args) => {
    const statement = startedStatement(args);
    return statement === undefined
      ? call(args)
      : observe("last", args, call, (one) => one.onStatement(statement));
  });
  replace(pg.Client.prototype, "connect", (call, args) =>
    observe("first", args, call, (one) => one.onConnect?.()),
  );
  replace(pg.Pool.prototype, "connect", (call, args) =>
    observe("first", args, call, (one) => one.onPoolRequest?.()),
  );
}

type Call = (args: unknown[]) => unknown;
type Callback = (...results: unknown[]) => unknown;

function replace(prototype: object, method: string, around: (call: Call, args: unknown[]) => unknown): void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== "function") throw new Error(`pg has no ${method} any more`);
  function replacement(this: unknown, ...args: unknown[]): unknown {
    if (observers.length === 0) return Reflect.apply(original as Callback, this, args);
    return around((given) => Reflect.apply(original as Callback, this, given), args);
  }
  Reflect.defineProperty(prototype, method, { value: replacement, writable: true, configurable: true });
}

/** Undefined for COPY and other streams, which are no statements that answer. */
function startedStatement([config]: unknown[]): StartedStatement | undefined {
  if (typeof config === "string") return { name: undefined, text: config };
  if (typeof config !== "object" || config === null || "submit" in config) return undefined;
  const { name, text } = config as { name?: unknown; text?: unknown };
  return {
    name: typeof name === "string" ? name : undefined,
    text: typeof text === "string" ? text : "",
  };
}

/** Calls `call`, which tells its end to a callback among its arguments or by a promise. */
function observe(
  place: "first" | "last",
  args: unknown[],
  call: Call,
  start: (observer: StatementObserver) => Finish | undefined,
): unknown {
  const finishes = observers.map(start);
  const finish: Finish = (error) => {
    for (const one of finishes) one?.(error);
  };
  const index = place === "first" ? 0 : args.length - 1;
  const callback = args[index];
  if (typeof callback === "function") {
    const inContext = observers.some(({ followsContext }) => followsContext)
      ? keepContext(callback as Callback)
      : (callback as Callback);
    const wrapped: Callback = (...results) => {
      finish(results[0]);
      return inContext(...results);
    };
    return call(args.with(index, wrapped));
  }
  const result = call(args);
  if (result instanceof Promise)
    result.then(() => {
      finish();
    }, finish);
  return result;
}

/** As `AsyncResource.bind`, which on Node 20 takes more time than the rest of a statement. */
function keepContext(callback: Callback): Callback {
  const resource = new AsyncResource("kernelboard statement");
  return (...results) => resource.runInAsyncScope(callback, undefined, ...results);
}
