import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take long by far, though they are short texts, by which the runner orders what it has not seen yet. */
const LONGEST = [
  "test/conformance/rows_test.ts",
  "test/agreement_test.ts",
  "test/browser/tree_page_test.ts",
  "src/rollups/rollups_test.ts",
  "test/conformance/answers_test.ts",
  "test/faults/kill_ingester_test.ts",
  "test/faults/cut_connection_test.ts",
];

/** Begins with what takes longest, so that it does not run on alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      LONGEST.some((name) => moduleId.endsWith(`/${name}`)) ? 0 : 1;
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

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
    sequence: { sequencer: LongestFirst },
  },
});
