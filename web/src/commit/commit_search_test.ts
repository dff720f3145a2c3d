import { describe, expect, it } from "vitest";
import { buildSearch, repositorySearch } from "./commit_search.ts";

const DEFAULTS = { origin: "maestro", status: "all", q: "", sort: "status" };

describe("buildSearch", () => {
  it("has a default for each parameter", () => {
    expect(buildSearch({})).toEqual(DEFAULTS);
    expect(buildSearch({ origin: "", status: "fail", q: null, sort: "log" })).toEqual(DEFAULTS);
  });

  it("keeps what is right", () => {
    const search = { origin: "redhat", status: "MISS", q: "clang", sort: "-duration" };
    expect(buildSearch(search)).toEqual(search);
  });
});

it("takes a repository and branch that are absent as empty", () => {
  expect(repositorySearch({})).toEqual({ ...DEFAULTS, url: "", branch: "" });
  expect(repositorySearch({ url: "https://example.org/linux.git", branch: "a/b" })).toEqual({
    ...DEFAULTS,
    url: "https://example.org/linux.git",
    branch: "a/b",
  });
});
