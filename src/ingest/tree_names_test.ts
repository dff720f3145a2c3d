import { describe, expect, it } from "vitest";
import { parseTreeNames } from "./tree_names.ts";

describe("parseTreeNames", () => {
  it.each([
    [
      "trees:\n  a:\n    url: https://x/a.git\n  b: {url: https://x/b.git, note: kept}\n",
      { "https://x/a.git": "a", "https://x/b.git": "b" },
    ],
    ["a: https://x/a.git\n", { "https://x/a.git": "a" }],
    ["trees:\n  a: https://x/a.git\n", { "https://x/a.git": "a" }],
    ["trees:\n  a: {url: https://x}\n  z: {url: https://x}\n", { "https://x": "z" }],
    ["trees:\n  a: {}\n  b: 7\n", {}],
    ["trees: {}\n", {}],
    ["", {}],
    ["# nothing yet\n", {}],
  ])("%j", async (text, expected) => {
    expect(Object.fromEntries(await parseTreeNames(text))).toEqual(expected);
  });

  it.each(["- a\n", "trees: [a]\n", "a: [\n", "text"])("refuses %j", async (text) => {
    await expect(parseTreeNames(text)).rejects.toThrow();
  });
});
