/** What a series of results of one test says (chapter 06, section 5.3). */

export const REGRESSION_TYPES = ["regression", "fixed", "unstable", "pass", "fail"] as const;

export type RegressionType = (typeof REGRESSION_TYPES)[number];

/**
 * Classifies the results of one test, newest first: `pass` and `fail` when all are so, `fixed` and `regression` when
 * they changed once, `unstable` when they changed again or one is no verdict.
 *
 * @param statuses normal statuses; an empty series is unstable
 */
export function classifyHistory(statuses: readonly string[]): RegressionType {
  const newest = statuses[0];
  if (newest === undefined || statuses.some((status) => status !== "PASS" && status !== "FAIL"))
    return "unstable";
  const change = statuses.findIndex((status) => status !== newest);
  if (change === -1) return newest === "PASS" ? "pass" : "fail";
  if (statuses.includes(newest, change)) return "unstable";
  return newest === "PASS" ? "fixed" : "regression";
}
