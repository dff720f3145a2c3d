import { expect, it } from "vitest";
import { classifyHistory } from "./regression.ts";

it.each([
  ["PASS", "pass"],
  ["FAIL", "fail"],
  ["PASS PASS", "pass"],
  ["PASS FAIL FAIL", "fixed"],
  ["PASS PASS FAIL", "fixed"],
  ["FAIL PASS", "regression"],
  ["FAIL FAIL PASS PASS", "regression"],
  ["FAIL PASS FAIL", "unstable"],
  ["PASS FAIL FAIL PASS", "unstable"],
  ["PASS SKIP", "unstable"],
  ["PASS FAIL ERROR", "unstable"],
  ["NULL", "unstable"],
  ["MISS PASS", "unstable"],
])("%s, newest first, is %s", (statuses, type) => {
  expect(classifyHistory(statuses.split(" "))).toBe(type);
});
