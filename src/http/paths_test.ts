import { describe, expect, it } from "vitest";
import { resolvePath, slashRedirect } from "./paths.ts";

/** The pattern that a path is taken for, and its canonical form below /api/. */
function resolved(path: string): [string, string] | undefined {
  const found = resolvePath(`/api/${path}`);
  return found && [found.path.pattern, found.canonical.slice("/api/".length)];
}

describe("resolvePath", () => {
  it.each([
    ["tree/", "tree/", "tree/"],
    ["tree/tt/summary", "tree/<commit_hash>/summary", "tree/tt/summary"],
    ["tree/x/compare", "tree/<tree_name>/<git_branch:path>", "tree/x/compare"],
    ["tree/x/y", "tree/<tree_name>/<git_branch:path>", "tree/x/y"],
    ["tree/x/y/full", "tree/<tree_name>/<git_branch:path>", "tree/x/y%2Ffull"],
    ["tree/x/a/b/summary", "tree/<tree_name>/<git_branch:path>/<commit_hash>/summary", "tree/x/a/b/summary"],
    ["tree/x/a/b/c/boots", "tree/<tree_name>/<git_branch:path>/<commit_hash>/boots", "tree/x/a%2Fb/c/boots"],
    [
      "tree/x/y/compare/full",
      "tree/<tree_name>/<git_branch:path>/<commit_hash>/full",
      "tree/x/y/compare/full",
    ],
    ["tree/x/y/compare/boots", "tree/<tree_name>/<git_branch:path>/compare/boots", "tree/x/y/compare/boots"],
    ["tree/x/a/b/compare", "tree/<tree_name>/<git_branch:path>/compare", "tree/x/a%2Fb/compare"],
    ["tree/x/y/commits", "tree/<tree_name>/<git_branch>/commits", "tree/x/y/commits"],
    ["tree/x/y/z/commits", "tree/<tree_name>/<git_branch:path>/<commit_hash>/commits", "tree/x/y/z/commits"],
    ["tree/tt/feature%2Fx/commits", "tree/<tree_name>/<git_branch>/commits", "tree/tt/feature%2Fx/commits"],
    ["tree/commits-history", "tree/commits-history", "tree/commits-history"],
    ["tree/commits-history/commits", "tree/<commit_hash>/commits", "tree/commits-history/commits"],
    ["tree/x//full", "tree/<tree_name>/<git_branch:path>", "tree/x/%2Ffull"],
    ["tree/x/full/", "tree/<tree_name>/<git_branch:path>", "tree/x/full%2F"],
    ["test/status-history", "test/status-history", "test/status-history"],
    ["test/status-history/issues", "test/<test_id>/issues", "test/status-history/issues"],
    ["build/a%2Fb", "build/<build_id>", "build/a%2Fb"],
    ["build/a%zzb", "build/<build_id>", "build/a%25zzb"],
    ["build/%ff%C3%A9", "build/<build_id>", "build/%25ff%25C3%25A9"],
    ["hardware/selectors", "hardware/<hardware_id>", "hardware/selectors"],
    ["hardware/selectors/", "hardware/selectors/", "hardware/selectors/"],
    ["issue/extras", "issue/<issue_id>", "issue/extras"],
    ["events", "events", "events"],
    ["events/", "events/", "events/"],
    ["tree%2Fx%2Fy", "tree/<tree_name>/<git_branch:path>", "tree/x/y"],
  ])("%s is %s", (path, pattern, canonical) => {
    expect(resolved(path)).toEqual([pattern, canonical]);
  });

  it.each([
    "tree/x",
    "tree/x/",
    "tree//y",
    "build/",
    "build/x/",
    "test/",
    "origins",
    "nosuch",
    "",
    "TREE/",
    "build/a/b",
  ])("%s is nothing", (path) => {
    expect(resolved(path)).toBeUndefined();
  });
});

describe("slashRedirect", () => {
  it.each([
    "tree",
    "hardware",
    "hardware-by-revision",
    "issue",
    "log-downloader",
    "schema",
    "schema/swagger-ui",
    "schema/redoc",
    "proxy",
    "origins",
    "tree-report",
    "metrics",
  ])("%s gets its slash", (path) => {
    expect(slashRedirect(`/api/${path}`)).toBe(`/api/${path}/`);
  });

  it.each([
    "tree/",
    "tree/x",
    "tree/x/y",
    "build",
    "issue/extras",
    "hardware/selectors",
    "events",
    "nosuch",
    "",
  ])("%s does not", (path) => {
    expect(slashRedirect(`/api/${path}`)).toBeUndefined();
  });
});
