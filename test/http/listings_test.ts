/** Listings over `seed_test_data` (chapter 08, section 7.8). */
import { expect } from "vitest";
import { cases, describeServer } from "./server.ts";

const ERROR = { error: expect.any(String) as string };

describeServer("origins and metrics", () => {
  cases([
    {
      title: "origins",
      path: "/api/origins/",
      answer: { checkout_origins: ["broonie", "fake-origin", "maestro"] },
    },
    {
      title: "metrics of a time without data",
      path: "/api/metrics/?start_days_ago=30&end_days_ago=22",
      answer: { n_trees: 0, n_checkouts: 0, n_builds: 0, n_tests: 0 },
    },
    { title: "a bad interval", path: "/api/origins/?interval_in_days=x", status: 400, answer: ERROR },
  ]);
});

describeServer("trees", () => {
  cases([
    {
      title: "the latest checkout of a branch",
      path: "/api/tree/android/android-mainline?origin=maestro",
      answer: { git_commit_hash: "fb482243c16ebfe8776fcd52223351b4061c1729" },
    },
    { title: "no such tree", path: "/api/tree/nosuch/master?origin=maestro", answer: ERROR },
  ]);
});

describeServer("hardware", () => {
  cases([
    {
      title: "hardware of a window",
      path: "/api/hardware/?origin=maestro&startTimestampInSeconds=1740227400&endTimestampInSeconds=1740659400",
      answer: { hardware: expect.any(Array) as unknown[] },
    },
    {
      title: "no hardware",
      path: "/api/hardware/no%20hardware%20id/summary",
      body: {
        startTimestampInSeconds: 1740227400,
        endTimestampInSeconds: 1740659400,
        origin: "maestro",
        selectedCommits: {},
        filter: {},
      },
      answer: ERROR,
    },
  ]);
});
