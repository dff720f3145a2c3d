/** Which hosts a request may be addressed to (chapter 03, section 3.9; loopback always passes). */
import { isIP } from "node:net";

/** The host of a `Host` header without its port, lower case; IPv6 addresses without brackets. */
export function hostName(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header)?.[1];
  return (bracketed ?? header.replace(/:\d*$/, "")).toLowerCase().replace(/\.$/, "");
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/** Whether a request with this `Host` header is for us. @param allowed exact hosts, `.suffix`, or `*` */
export function isAllowedHost(header: string, allowed: readonly string[]): boolean {
  const host = hostName(header);
  if (isLoopback(host)) return true;
  return allowed.some((entry) => {
    const pattern = entry.toLowerCase();
    if (pattern === "*") return true;
    if (pattern.startsWith(".")) return host === pattern.slice(1) || host.endsWith(pattern);
    return host === pattern;
  });
}
