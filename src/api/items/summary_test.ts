import { expect, it } from "vitest";
import { noFilters } from "../../filters/filters.ts";
import { countsOf, type CountRow } from "./counts.ts";
import { hardwareSummary, treeSummary } from "./summary.ts";

it("is the same text in whatever order the database counted", () => {
  const rows: CountRow[] = (["builds", "boots", "tests"] as const).flatMap((kind) =>
    (["FAIL", "PASS"] as const).flatMap((status): CountRow[] => [
      [kind, "origin", ["b"], status, 1, 1],
      [kind, "origin", ["a"], status, 1, 1],
      [kind, "build", ["x86", "gcc", "two"], status, 1, 1],
      [kind, "build", ["arm64", "clang", "one"], status, 1, 1],
      [kind, "lab", ["z"], status, 1, 1],
      [kind, "lab", ["__proto__"], status, 1, 1],
      [kind, "hardware", ["vendor,board", "board"], status, 1, 1],
      [kind, "hardware", ["another", "another"], status, 1, 1],
      [kind, "hardware", ["board", "board"], status, 1, 1],
      [kind, "reason", ["timeout"], status, 1, 1],
      [kind, "reason", ["crash"], status, 1, 1],
    ]),
  );
  for (const summary of [treeSummary, hardwareSummary]) {
    const [one, other] = [rows, rows.toReversed()].map((counts) =>
      JSON.stringify(summary(countsOf({ counts, issues: [] }), noFilters())),
    );
    expect(one).toBe(other);
    expect(one).toContain('"__proto__"');
  }
});
