// The tests of a running server, TEST_BASE_URL. --run-all runs every case, else a subset; other arguments are the runner's.
import { spawnSync } from "node:child_process";

const given = process.argv.slice(2);
const runAll = given.includes("--run-all");
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    "vitest.http.config.ts",
    ...given.filter((argument) => argument !== "--run-all"),
  ],
  { stdio: "inherit", env: { ...process.env, ...(runAll ? { TEST_RUN_ALL: "true" } : {}) } },
);
process.exitCode = status ?? 1;
