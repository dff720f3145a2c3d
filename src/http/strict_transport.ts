/** What keeps browsers on HTTPS. */
import type { Settings } from "../settings.ts";

/** What a browser that came over HTTPS is told about coming again: chapter 08, section 2.5. */
export function strictTransport({ debug, security: { hsts } }: Settings): string {
  const parts = [`max-age=${debug ? 3600 : 31_536_000}`];
  if (hsts.includeSubDomains) parts.push("includeSubDomains");
  if (hsts.preload) parts.push("preload");
  return parts.join("; ");
}
