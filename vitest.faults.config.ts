/** `npm run test:faults`: the tests of faults in full, which take long, one file after the other. */
import { defineConfig } from "vitest/config";
import config from "./vitest.config.ts";

export default defineConfig({
  test: {
    ...config.test,
    include: ["test/faults/**/*_test.ts"],
    env: { KERNELBOARD_FAULTS: "full" },
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    maxWorkers: 1,
  },
});
