import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_TREE_SEARCH, treeSearch } from "./tree_search.ts";

describe("treeSearch", () => {
  it("has a default for each parameter", () => {
    expect(treeSearch({})).toEqual({ origin: "maestro", days: "7", q: "", sort: "age" });
  });

  it("keeps what is right", () => {
    const search = { origin: "redhat", days: "all", q: "next 6.12", sort: "-builds" };
    expect(treeSearch(search)).toEqual(search);
  });

  it("takes the default for what is wrong, and leaves out what is unknown", () => {
    expect(treeSearch({ origin: "", days: "8", q: 5, sort: "-colour", page: "2" })).toEqual(
      DEFAULT_TREE_SEARCH,
    );
    expect(treeSearch({ origin: ["a"], days: 7, sort: null })).toEqual(DEFAULT_TREE_SEARCH);
  });

  it("never fails, and accepts its own result", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("origin", "days", "q", "sort"), fc.anything()), (raw) => {
        const search = treeSearch(raw);
        expect(treeSearch({ ...search })).toEqual(search);
      }),
    );
  });
});
