/** Which kind of instance this is (chapter 08, section 2.6). */
import type { Settings } from "../settings.ts";

export type InstanceKind = "production" | "staging" | "local";

/** The page of the instance that everybody uses. */
const PRODUCTION_PAGE = "https://dashboard.kernelci.org";

/**
 * The kind of instance that the settings describe: production where the public page may read the answers, else local
 * in development mode, else staging.
 */
export function instanceKind(settings: {
  debug: Settings["debug"];
  http: Pick<Settings["http"], "corsAllowedOrigins">;
}): InstanceKind {
  if (settings.http.corsAllowedOrigins.includes(PRODUCTION_PAGE)) return "production";
  return settings.debug ? "local" : "staging";
}
