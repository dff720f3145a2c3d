/** Which checks there are, and the running of those that are asked for (chapter 08, section 5). */
import type { Database } from "../database/database.ts";
import type { LoadedSettings } from "../settings.ts";
import { databaseChecks, embeddedNotExamined } from "./database_checks.ts";
import { fileChecks } from "./file_checks.ts";
import type { Finding } from "./finding.ts";
import { headerChecks } from "./header_checks.ts";
import { redisChecks } from "./redis_checks.ts";
import { doubtfulSettings } from "./settings_checks.ts";

/** The names of groups of checks; `settings` is done always, the others for a deployment. */
export const DEPLOY_TAGS = ["database", "files", "redis", "security"] as const;
export const TAGS = ["settings", ...DEPLOY_TAGS] as const;
export type Tag = (typeof TAGS)[number];

export interface CheckOptions {
  loaded: LoadedSettings;
  tags: ReadonlySet<Tag>;
  /** The database, opened; or why the embedded one was not. */
  database: Database | string | undefined;
  /** Where a server is to be asked. */
  server: { base: URL; isOwn: boolean } | undefined;
}

/** Everything that the chosen groups find. Each runs by itself: one that takes long does not keep the others. */
export async function findAll({ loaded, tags, database, server }: CheckOptions): Promise<Finding[]> {
  const { settings } = loaded;
  const found: Promise<Finding[]>[] = [];
  if (tags.has("security")) {
    found.push(Promise.resolve(doubtfulSettings(loaded)));
    if (server !== undefined)
      found.push(
        headerChecks({
          ...server,
          allowsEveryHost: settings.http.allowedHosts.includes("*"),
          allowsEveryOrigin: settings.http.corsAllowAllOrigins,
        }),
      );
  }
  if (tags.has("database") && database !== undefined)
    found.push(
      typeof database === "string"
        ? Promise.resolve([embeddedNotExamined(database)])
        : databaseChecks(database.connection),
    );
  if (tags.has("files")) found.push(fileChecks(loaded));
  if (tags.has("redis")) found.push(redisChecks(settings.redis));
  return (await Promise.all(found)).flat();
}
