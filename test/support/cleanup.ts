/**
 * What a test file has to leave behind as it found it. A hook of the test runner cannot be added while a test runs, so
 * everything is registered here and undone by one hook, added for every file by the runner's configuration.
 */
import { afterAll } from "vitest";

const undo: (() => Promise<unknown>)[] = [];

/** Runs when the test file ends, the last registered first. */
export function atEndOfFile(work: () => Promise<unknown>): void {
  undo.push(work);
}

afterAll(async () => {
  for (const work of undo.splice(0).reverse()) await work();
});
