/** How a commit's builds are ordered, filtered and counted. */
import { BUILD_STATUSES, type Build, type BuildStatus } from "../api/commits.ts";
import type { StatusCounts } from "../api/trees.ts";
import { textFilter } from "../text/match.ts";
import type { StatusChoice } from "./commit_search.ts";

/** The builds of a status that a text is found in: in configuration, architecture or compiler. */
export function filterBuilds(builds: readonly Build[], status: StatusChoice, text: string): readonly Build[] {
  const passes = textFilter(text);
  return builds.filter(
    (build) =>
      (status === "all" || build.status === status) &&
      (passes?.([build.config_name, build.architecture, build.compiler]) ?? true),
  );
}

/** Orders statuses by how much attention they need, the most first. */
export function statusOrder(status: BuildStatus): number {
  return BUILD_STATUSES.indexOf(status);
}

/** How many builds have each status. */
export function countByStatus(builds: readonly Build[]): Map<BuildStatus, number> {
  const counts = new Map<BuildStatus, number>();
  for (const { status } of builds) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** The same as the tree listing counts: what neither passed nor failed is inconclusive. */
export function verdictCounts(builds: readonly Build[]): StatusCounts {
  const counts = countByStatus(builds);
  const PASS = counts.get("PASS") ?? 0;
  const FAIL = counts.get("FAIL") ?? 0;
  return { PASS, FAIL, INCONCLUSIVE: builds.length - PASS - FAIL };
}
