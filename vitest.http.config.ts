/**
 * `npm run test:http`: requests to a running server (chapter 08, section 1): four workers that take one file at a time, four
 * more tries of a failing test, and an end at the first that fails for good.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/http/**/*_test.ts"],
    pool: "forks",
    maxWorkers: 4,
    retry: 4,
    bail: 1,
    testTimeout: 60_000,
  },
});
