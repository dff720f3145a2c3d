import { describe, expect, it } from "vitest";
import { changesPath, decodeChange, type ChangedTree } from "./changes.ts";
import { commitBuilds, commitNames } from "./commits.ts";
import type { Resource } from "./resource.ts";
import { trees } from "./trees.ts";

const TREE: ChangedTree = {
  origin: "maestro",
  tree_name: "next",
  git_repository_url: "https://git.example.org/next.git",
  git_repository_branch: "for/next",
  git_commit_hash: "abc",
};

const isChanged = (resource: Resource<unknown>, part: Partial<ChangedTree> = {}): boolean | undefined =>
  resource.meta?.isChangedBy({ ...TREE, ...part });

describe("changes", () => {
  it("are asked for by origin and tree, from the last one on", () => {
    expect(changesPath({ origin: "a&b" }, undefined)).toBe("/api/events?origin=a%26b");
    expect(changesPath({ origin: "o", tree: "next" }, "17")).toBe(
      "/api/events?origin=o&tree=next&last_event_id=17",
    );
  });

  it("name trees, or all of them", () => {
    expect(decodeChange({ trees: [TREE], hardware: [], issues: [] }, "")).toEqual({ trees: [TREE] });
    expect(decodeChange({ trees: { all: true } }, "")).toEqual({ trees: "all" });
    expect(() => decodeChange({ trees: [{}] }, "")).toThrow("trees[0].origin");
  });

  it("concern the listing of the origin", () => {
    expect(isChanged(trees("maestro", "7"))).toBe(true);
    expect(isChanged(trees("redhat", "7"))).toBe(false);
  });

  it("concern the commit of the tree or of the repository", () => {
    const common = { origin: "maestro", hash: "abc", branch: "for/next" };
    const byTree = { by: "tree", tree: "next", ...common } as const;
    const byRepository = { by: "repository", url: "https://git.example.org/next.git", ...common } as const;
    for (const resource of [
      commitBuilds(byTree),
      commitBuilds(byRepository),
      commitNames(byTree, undefined),
    ]) {
      expect(isChanged(resource)).toBe(true);
      expect(isChanged(resource, { origin: "redhat" })).toBe(false);
      expect(isChanged(resource, { git_commit_hash: "abd" })).toBe(false);
      expect(isChanged(resource, { git_repository_branch: null })).toBe(false);
    }
    expect(isChanged(commitBuilds(byTree), { tree_name: null })).toBe(false);
    expect(isChanged(commitBuilds(byRepository), { git_repository_url: null })).toBe(false);
    const nameless = { ...TREE, git_repository_url: null, git_repository_branch: null };
    expect(isChanged(commitBuilds({ ...byRepository, url: "", branch: "" }), nameless)).toBe(true);
  });
});
