import { describe, expect, it } from "vitest";
import type { Build, BuildStatus } from "../api/commits.ts";
import { countByStatus, filterBuilds, statusOrder, verdictCounts } from "./build_list.ts";

function build(status: BuildStatus, config: string, architecture = "arm64", compiler = "gcc-14"): Build {
  return {
    id: `maestro:${config}`,
    origin: "maestro",
    architecture,
    config_name: config,
    config_url: null,
    compiler,
    status,
    duration: null,
    log_url: null,
    start_time: null,
    git_repository_url: null,
    git_repository_branch: null,
  };
}

const failed = build("FAIL", "allmodconfig");
const passed = build("PASS", "defconfig", "x86_64", "clang-21");
const skipped = build("SKIP", "tinyconfig");
const all = [failed, passed, skipped];

describe("filterBuilds", () => {
  it("by status and text", () => {
    expect(filterBuilds(all, "all", "")).toEqual(all);
    expect(filterBuilds(all, "FAIL", "")).toEqual([failed]);
    expect(filterBuilds(all, "all", "clang def")).toEqual([passed]);
    expect(filterBuilds(all, "FAIL", "clang")).toEqual([]);
  });
});

it("counts what neither passed nor failed as inconclusive", () => {
  expect(verdictCounts(all)).toEqual({ PASS: 1, FAIL: 1, INCONCLUSIVE: 1 });
  expect(countByStatus([failed, failed, passed])).toEqual(
    new Map([
      ["FAIL", 2],
      ["PASS", 1],
    ]),
  );
});

it("puts failures first and passes last", () => {
  const order = all.map(({ status }) => status).sort((a, b) => statusOrder(a) - statusOrder(b));
  expect(order).toEqual(["FAIL", "SKIP", "PASS"]);
});
