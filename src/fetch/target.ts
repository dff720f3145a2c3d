/** Which URLs the server fetches for its clients: guards 1 and 2 of chapter 06, section 6.2. Pure. */

const HOSTS = new Set([
  "syzkaller.appspot.com",
  "lisalogs6a28e896.blob.core.windows.net",
  "storage.tuxsuite.com",
]);
/** Any name below these, at any depth, but not these themselves. */
const DOMAINS = ["kernelci.org", "sirena.org.uk", "linaro.org"];
/** A host that many share: only one of its buckets is allowed. */
const BUCKET_HOST = "s3.amazonaws.com";
const BUCKET_PATH = "/arr-cki-prod-trusted-artifacts/";
const PORTS = new Set(["", "80", "443"]);

/** Whether host, port and path of a URL are among those that clients may read through the server. */
export function isAllowedUrl(url: URL): boolean {
  const { hostname: host } = url;
  if (!PORTS.has(url.port)) return false;
  if (HOSTS.has(host)) return true;
  if (host === BUCKET_HOST) return isBelow(url, BUCKET_PATH);
  return DOMAINS.some((domain) => host.endsWith(`.${domain}`) && hasNoEmptyLabel(host));
}

function hasNoEmptyLabel(host: string): boolean {
  return host.split(".").every((label) => label !== "");
}

/** Whether a path begins so, also for a server that decodes slashes before it resolves dot segments. */
function isBelow(url: URL, folder: string): boolean {
  const decoded = new URL(url.pathname.replace(/%2f|%5c/gi, "/"), url.origin);
  return url.pathname.startsWith(folder) && decoded.pathname.startsWith(folder);
}

/** Why a URL is not fetched. */
export type Refusal = "invalid" | "forbidden";

/**
 * The one parse of a URL that is checked and then connected with, or why there is none.
 *
 * @param allows the rule for host, port and path
 * @param base what a relative URL is resolved with: a redirect's origin. Without one the text must be absolute
 */
export function judgeUrl(
  text: string,
  allows: (url: URL) => boolean = isAllowedUrl,
  base?: URL,
): URL | Refusal {
  // The parser repairs all of these silently, so they are looked for in the text.
  if (/[\\\s\p{Cc}]/u.test(text)) return "invalid";
  if (base === undefined && !/^https?:\/\/[^/?#]/i.test(text)) return "invalid";
  const authority = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)/i.exec(text)?.[1] ?? "";
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || authority.includes("@")) return "invalid";
  if (url.username !== "" || url.password !== "" || url.hostname === "") return "invalid";
  return allows(url) ? url : "forbidden";
}
