/**
 * The names that routes have in metrics: the reference's where it has the route (chapter 08, section 10.2), else the
 * path itself, so that there are as many names as routes.
 */
import { resolvePath, type ApiPath } from "./paths.ts";

/** The reference's word for what no route matched. */
export const UNNAMED_VIEW = "<unnamed view>";

/** By path, where `:` stands for any parameter. */
const REFERENCE_NAMES: Readonly<Record<string, string>> = {
  "test/status-history": "testStatusHistory",
  "test/:": "testDetails",
  "test/:/issues": "testIssues",
  "tree/": "tree",
  "tree/:/full": "treeDetailsView",
  "tree/:/summary": "treeDetailsSummaryView",
  "tree/:/builds": "treeDetailsBuildsView",
  "tree/:/boots": "treeDetailsBootsView",
  "tree/:/tests": "treeDetailsTestsView",
  "tree/:/commits": "treeCommits",
  "tree/commits-history": "treeCommitsHistory",
  "tree/:/:/commits": "treeCommitsList",
  "tree/:/:/compare": "treeCompare",
  "tree/:/:/compare/builds": "treeCompareBuilds",
  "tree/:/:/compare/boots": "treeDetailsBootsCompareView",
  "tree/:/:/compare/tests": "treeDetailsTestsCompareView",
  "tree/:/:/:/full": "treeDetailsDirectView",
  "tree/:/:/:/summary": "treeDetailsDirectSummaryView",
  "tree/:/:/:/builds": "treeDetailsBuildsDirectView",
  "tree/:/:/:/boots": "treeDetailsBootsDirectView",
  "tree/:/:/:/tests": "treeDetailsTestsDirectView",
  "tree/:/:/:/commits": "treeCommitsDirectView",
  "tree/:/:": "treeLatest",
  "build/:": "buildDetails",
  "build/:/tests": "buildTests",
  "build/:/issues": "buildIssues",
  "log-downloader/": "logDownloader",
  "hardware/": "hardware",
  "hardware/selectors/": "hardwareSelectors",
  "hardware/registry/": "hardwareRegistry",
  "hardware/:/info": "hardwareInfo",
  "hardware-by-revision/": "hardwareByRevision",
  "hardware/:": "hardwareDetails",
  "hardware/:/builds": "hardwareDetailsBuilds",
  "hardware/:/boots": "hardwareDetailsBoots",
  "hardware/:/tests": "hardwareDetailsTests",
  "hardware/:/summary": "hardwareDetailsSummary",
  "hardware/:/commit-history": "hardwareDetailsCommitHistory",
  "issue/": "issue",
  "issue/extras/": "issueExtraDetails",
  "issue/:": "issueDetails",
  "issue/:/tests": "issueDetailsTests",
  "issue/:/builds": "issueDetailsBuilds",
  "schema/": "schema",
  "schema/swagger-ui/": "swagger-ui",
  "schema/redoc/": "redoc",
  "proxy/": "proxyView",
  "origins/": "originsView",
  "tree-report/": "treeReportView",
  "metrics/": "metricsView",
};

const API = "/api/";
const known = new Map<string, string>();

/** The name of a route, by the path that it was registered with. */
export function viewName(routePath: string): string {
  const found = known.get(routePath);
  if (found !== undefined) return found;
  const name = nameOf(routePath);
  known.set(routePath, name);
  return name;
}

function nameOf(routePath: string): string {
  if (!routePath.startsWith(API)) return routePath === "*" ? UNNAMED_VIEW : routePath;
  const rest = routePath.slice(API.length);
  return REFERENCE_NAMES[rest.replace(/:\w+/g, ":")] ?? rest;
}

/** The name of the route that a path has with another method; the reference counts wrong methods under it. */
export function viewNameOfPath(rawPath: string): string {
  const path: ApiPath | undefined = resolvePath(rawPath)?.path;
  return path === undefined
    ? UNNAMED_VIEW
    : viewName(API + path.pattern.replace(/<(\w+)(?::path)?>/g, ":$1"));
}
