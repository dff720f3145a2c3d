import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*_test.ts", "test/**/*_test.ts", "web/src/**/*_test.{ts,tsx}"],
    // Of a running server: `npm run test:http`.
    exclude: [...configDefaults.exclude, "test/http/**"],
    globalSetup: ["test/support/global_setup.ts"],
    setupFiles: ["test/support/cleanup.ts"],
    pool: "forks",
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Every test file has databases of its own, so files run side by side; more than a few only fight for the disk.
    maxWorkers: 4,
  },
});
