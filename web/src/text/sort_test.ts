import { expect, it } from "vitest";
import { sortOr, sortParts } from "./sort.ts";

it("takes a column in either direction, and nothing else", () => {
  const columns = ["tree", "age"] as const;
  expect(sortOr("tree", columns, "age")).toBe("tree");
  expect(sortOr("-tree", columns, "age")).toBe("-tree");
  for (const wrong of ["", "-", "--tree", "branch", "Tree", undefined, 1])
    expect(sortOr(wrong, columns, "age")).toBe("age");
});

it("knows the direction", () => {
  expect(sortParts("age")).toEqual({ id: "age", desc: false });
  expect(sortParts("-age")).toEqual({ id: "age", desc: true });
});
