/**
 * Makes `process.nextTick` fast, which Node calls several times for each request and each statement.
 *
 * V8 compiles it by what it has seen of it. Among the odd calls of a longer start it has often seen two shapes of the objects
 * that it makes; what is compiled then takes five times as long for as long as the process lives. On Node 20 that was so in two
 * of three starts, and took a sixth of the time of an answer from the cache (docs/performance.md).
 *
 * What is compiled is thrown away when no object of its shape was left at some collections of garbage, as happens in pauses
 * between requests, and what is compiled then is the slow one. So one object stays.
 */
import { executionAsyncResource } from "node:async_hooks";

/** After so many calls it is as good as compiled, after 500 it is not; they take about 5 ms. */
const CALLS = 2_000;

const kept: object[] = [];

/** To be called first in a program, and waited for: later it is too late. */
export function compileNextTick(): Promise<void> {
  return new Promise((resolve) => {
    let calls = 0;
    const next = (): void => {
      if (++calls === CALLS) {
        kept.push(executionAsyncResource());
        resolve();
      }
      // With an argument, as streams call it.
      else process.nextTick(next, calls);
    };
    next();
  });
}
