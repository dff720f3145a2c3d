/** Builds, tests and issues of `seed_test_data` (chapter 08, section 7). */
import { expect } from "vitest";
import { cases, describeServer } from "./server.ts";

describeServer("builds", () => {
  cases([
    {
      title: "a build",
      path: "/api/build/maestro:67b62592f7707533c0ff7a95",
      answer: { id: "maestro:67b62592f7707533c0ff7a95", status: "FAIL", architecture: "x86_64" },
    },
    { title: "no build", path: "/api/build/invalid_id", answer: { error: expect.any(String) as string } },
    {
      title: "the tests of a build",
      path: "/api/build/failed_tests_build/tests",
      answer: expect.arrayContaining([expect.objectContaining({ id: "test_issue_test" })]) as unknown,
    },
    {
      title: "the issues of a build",
      path: "/api/build/maestro:67b62592f7707533c0ff7a95/issues",
      answer: [{ id: "maestro:ee1cba21ee3fe47f21061725de689b638a9c431a" }],
    },
  ]);
});

describeServer("tests", () => {
  cases([
    { title: "a test", path: "/api/test/test_issue_test", answer: { status: "FAIL", path: "fake-path" } },
    { title: "no test", path: "/api/test/invalid_id", answer: { error: expect.any(String) as string } },
    {
      title: "the issues of a test",
      path: "/api/test/test_issue_test/issues",
      answer: expect.any(Object) as object,
    },
  ]);
});

describeServer("issues", () => {
  cases([
    {
      title: "an issue",
      path: "/api/issue/maestro:2ff8fe94f6d53f39321d4a37fe15801cedc93573",
      answer: { id: "maestro:2ff8fe94f6d53f39321d4a37fe15801cedc93573", version: 1 },
    },
    { title: "no issue", path: "/api/issue/invalid_id", answer: { error: expect.any(String) as string } },
    {
      title: "no such version",
      path: "/api/issue/maestro:2ff8fe94f6d53f39321d4a37fe15801cedc93573?version=0",
      answer: { error: expect.any(String) as string },
    },
    {
      title: "a body that is none",
      path: "/api/issue/extras/",
      body: [],
      status: 400,
      answer: { error: expect.any(String) as string },
    },
  ]);
});
