import { expect, it } from "vitest";
import { formatCount, formatCountOf, formatShortCount } from "./count.ts";

it("separates thousands", () => {
  expect(formatCount(0)).toBe("0");
  expect(formatCount(1_234_567)).toBe("1,234,567");
});

it("counts things in singular and plural", () => {
  expect(formatCountOf(0, "tree")).toBe("0 trees");
  expect(formatCountOf(1, "tree")).toBe("1 tree");
  expect(formatCountOf(4000, "build")).toBe("4,000 builds");
});

it("shortens only what has no room", () => {
  expect(formatShortCount(99_999)).toBe("99,999");
  expect(formatShortCount(100_000)).toBe("100K");
  expect(formatShortCount(1_234_567)).toBe("1.23M");
});
