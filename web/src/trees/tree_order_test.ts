import { describe, expect, it } from "vitest";
import type { Tree } from "../api/trees.ts";
import { compareCounts, filterTrees } from "./tree_order.ts";

const NONE = { PASS: 0, FAIL: 0, INCONCLUSIVE: 0 };

function tree(part: Partial<Tree>): Tree {
  return {
    id: "x",
    origin: "maestro",
    tree_name: null,
    git_repository_url: null,
    git_repository_branch: null,
    git_commit_hash: null,
    git_commit_name: null,
    git_commit_tags: null,
    start_time: null,
    build_status: NONE,
    boot_status: NONE,
    test_status: NONE,
    ...part,
  };
}

describe("filterTrees", () => {
  const mainline = tree({
    tree_name: "mainline",
    git_repository_branch: "master",
    git_commit_hash: "abc123",
  });
  const next = tree({ tree_name: "next", git_commit_name: "next-20261101" });
  const nameless = tree({ git_repository_branch: "for-next" });
  const all = [mainline, next, nameless];

  it.each([
    ["", all],
    ["NEXT", [next, nameless]],
    ["main master", [mainline]],
    ["bc12", [mainline]],
    ["20261101", [next]],
    ["nothing", []],
  ])("by %j", (text, expected) => {
    expect(filterTrees(all, text)).toEqual(expected);
  });
});

it("orders counts by failures, then by what is inconclusive", () => {
  const order = [
    { PASS: 9, FAIL: 0, INCONCLUSIVE: 0 },
    { PASS: 1, FAIL: 0, INCONCLUSIVE: 2 },
    { PASS: 0, FAIL: 1, INCONCLUSIVE: 0 },
    { PASS: 5, FAIL: 1, INCONCLUSIVE: 0 },
  ];
  expect(order.toReversed().sort(compareCounts)).toEqual(order);
});
