/**
 * The paths of the API and what they mean (chapter 03, sections 3.1 and 3.2).
 *
 * A branch may contain slashes and the words that end a path (`tree/x/y/full` is the latest checkout of branch
 * `y/full`), so a path is resolved by trying the patterns below in order. The first that matches gives the canonical
 * path, in which a branch is one segment with `%2F` for its slashes; on canonical paths the router is unambiguous.
 */

export interface ApiPath {
  method: "GET" | "POST";
  /** Names in `<>` are one segment, `<name:path>` is one or more, slashes included. */
  pattern: string;
}

const GET_PATTERNS_BEFORE_HARDWARE = [
  "test/status-history",
  "test/<test_id>",
  "tree/",
  "tree/<commit_hash>/full",
  "tree/<commit_hash>/summary",
  "tree/<commit_hash>/builds",
  "tree/<commit_hash>/boots",
  "tree/<commit_hash>/tests",
  "tree/<commit_hash>/commits",
  "tree/commits-history",
  "tree/<tree_name>/<git_branch>/commits",
  "tree/<tree_name>/<git_branch:path>/compare/boots",
  "tree/<tree_name>/<git_branch:path>/compare/tests",
  "tree/<tree_name>/<git_branch:path>/compare/builds",
  "tree/<tree_name>/<git_branch:path>/compare",
  "tree/<tree_name>/<git_branch:path>/<commit_hash>/commits",
  "tree/<tree_name>/<git_branch:path>/<commit_hash>/boots",
  "tree/<tree_name>/<git_branch:path>/<commit_hash>/builds",
  "tree/<tree_name>/<git_branch:path>/<commit_hash>/full",
  "tree/<tree_name>/<git_branch:path>/<commit_hash>/summary",
  "tree/<tree_name>/<git_branch:path>/<commit_hash>/tests",
  "tree/<tree_name>/<git_branch:path>",
  "build/<build_id>",
  "build/<build_id>/tests",
  "build/<build_id>/issues",
  "test/<test_id>/issues",
  "log-downloader/",
  "hardware/selectors/",
  "hardware/registry/",
  "hardware/<hardware_id>/info",
];

const HARDWARE_POST_PATTERNS = [
  "hardware/<hardware_id>",
  "hardware/<hardware_id>/builds",
  "hardware/<hardware_id>/commit-history",
  "hardware/<hardware_id>/boots",
  "hardware/<hardware_id>/summary",
  "hardware/<hardware_id>/tests",
];

const GET_PATTERNS_AFTER_HARDWARE = [
  "issue/<issue_id>",
  "issue/<issue_id>/tests",
  "issue/<issue_id>/builds",
  "schema/",
  "schema/swagger-ui/",
  "schema/redoc/",
  "proxy/",
  "origins/",
  "tree-report/",
  "metrics/",
  "events",
  "events/",
];

const get = (pattern: string): ApiPath => ({ method: "GET", pattern });
const post = (pattern: string): ApiPath => ({ method: "POST", pattern });

/** All paths below `/api/`, in the order in which they are tried. */
export const API_PATHS: readonly ApiPath[] = [
  ...GET_PATTERNS_BEFORE_HARDWARE.map(get),
  ...HARDWARE_POST_PATTERNS.map(post),
  get("hardware/"),
  get("hardware-by-revision/"),
  get("issue/"),
  post("issue/extras/"),
  ...GET_PATTERNS_AFTER_HARDWARE.map(get),
];

const COMPILED = API_PATHS.map((path) => ({ path, expression: toExpression(path.pattern) }));

function toExpression(pattern: string): RegExp {
  const source = pattern.replace(/<\w+(:path)?>|[^<]+/g, (part, rest?: string) => {
    if (!part.startsWith("<")) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return rest === undefined ? "([^/]+)" : "(.+)";
  });
  return new RegExp(`^/api/${source}$`, "s");
}

export interface ResolvedPath {
  path: ApiPath;
  /** The same path with each parameter as one segment. */
  canonical: string;
}

/**
 * Which API path a request path is, still percent-encoded. An encoded slash stays inside its segment; when nothing
 * matches so, it separates.
 */
export function resolvePath(rawPath: string): ResolvedPath | undefined {
  return match(rawPath) ?? (/%2f/i.test(rawPath) ? match(rawPath.replace(/%2f/gi, "/")) : undefined);
}

function match(rawPath: string): ResolvedPath | undefined {
  for (const { path, expression } of COMPILED) {
    const values = expression.exec(rawPath)?.slice(1);
    if (values === undefined) continue;
    let next = 0;
    const canonical = path.pattern.replace(/<\w+(?::path)?>/g, () =>
      decodable((values[next++] ?? "").replaceAll("/", "%2F")),
    );
    return { path, canonical: `/api/${canonical}` };
  }
  return undefined;
}

/** The same text, with percent signs that encode no UTF-8 encoded themselves, so that decoding leaves them as they are. */
function decodable(segment: string): string {
  return segment.replace(/(?:%[0-9a-fA-F]{2})+|%/g, (run) => {
    try {
      decodeURIComponent(run);
      return run;
    } catch {
      return run.replaceAll("%", "%25");
    }
  });
}

/** Where a path without its trailing slash is redirected to, if it is one of those that have one. */
export function slashRedirect(rawPath: string): string | undefined {
  if (rawPath.endsWith("/") || match(rawPath) !== undefined) return undefined;
  const path = match(`${rawPath}/`)?.path;
  // A branch may end in a slash, but that is another branch, not the same path.
  return path?.pattern.endsWith("/") ? `${rawPath}/` : undefined;
}

/** The methods that a path answers, as for the `Allow` header. */
export function allowedMethods(path: ApiPath): string {
  return path.method === "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}
