/**
 * The environment as typed settings: the only module that reads `process.env`. Names, defaults and parsing
 * rules are those of chapter 08, section 2.
 */
import { readFileSync } from "node:fs";
import { cacheSettings, type CacheSettings } from "./settings_cache.ts";
import { databaseSettings, type DatabaseSettings } from "./settings_database.ts";
import { excerptSettings, type ExcerptSettings } from "./settings_excerpts.ts";
import { metricsSettings, type MetricsSettings } from "./settings_metrics.ts";
import { EnvironmentReader, type SettingSource, type SettingDefinition } from "./settings_reader.ts";
import { submissionSettings, type SubmissionSettings } from "./settings_submissions.ts";

export { SettingError, type SettingSource } from "./settings_reader.ts";
export type { DatabaseSettings, ExternalDatabaseSettings } from "./settings_database.ts";
export type { SubmissionSettings } from "./settings_submissions.ts";
export type { ExcerptSettings } from "./settings_excerpts.ts";
export type { CacheSettings } from "./settings_cache.ts";
export type { MetricsSettings } from "./settings_metrics.ts";

export interface Settings {
  database: DatabaseSettings;
  http: {
    host: string;
    port: number;
    /** Exact host, `.suffix` or `*`; loopback names pass without being listed. */
    allowedHosts: string[];
    corsAllowedOrigins: string[];
    corsAllowAllOrigins: boolean;
  };
  ingest: {
    /** Files that a worker takes at a time. */
    filesBatchSize: number;
    /** Files taken from one scan of the spool directory. */
    cycleBatchSize: number;
    /** Objects after which a batch is written. */
    batchSize: number;
    treesFile: string;
  };
  submissions: SubmissionSettings;
  excerpts: ExcerptSettings;
  metrics: MetricsSettings;
  cache: CacheSettings;
  /** Attempts of process_pending_aggregations in a row at a database that is away; at least one. */
  pendingMaxAttempts: number;
  originListingIntervalDays: number;
  /** Where the pages are that reports link to, without a slash at the end. */
  dashboardUrl: string;
  /** Bytes that a file may have that `/api/proxy/` passes on. */
  proxyMaxBytes: number;
  debug: boolean;
  logLevel: LogLevel;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoadedSettings {
  settings: Settings;
  /** Where each value came from, in the order of reading; secret values are masked. */
  sources: SettingSource[];
  /** To be logged once at start; they never contain a value of a secret. */
  warnings: string[];
}

/**
 * Reads all settings from an environment.
 *
 * @throws SettingError one line that names the variable, what is wrong with its value, and an example
 */
export function loadSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  readFile: (path: string) => string = (path) => readFileSync(path, "utf8"),
): LoadedSettings {
  const read = new EnvironmentReader(environment, readFile);
  const volumeDir = read.text({
    name: "BACKEND_VOLUME_DIR",
    fallback: "/volume_data",
    example: "/volume_data",
    about: "directory of files shared with the reference implementation",
  });
  const debug = read.flag({ name: "DEBUG", fallback: false, about: "development mode" });
  const settings: Settings = {
    database: databaseSettings(read),
    http: {
      host: read.text({
        name: "HOST",
        fallback: "127.0.0.1",
        example: "0.0.0.0",
        about: "address to listen on",
      }),
      port: read.integer({
        name: "PORT",
        fallback: 8000,
        minimum: 0,
        maximum: 65535,
        about: "port to listen on, 0 for any free one",
      }),
      allowedHosts: read.textList({
        name: "ALLOWED_HOSTS",
        fallback: ["localhost"],
        example: '["dashboard.example.org"]',
        about: "host names that requests may be addressed to",
      }),
      corsAllowedOrigins: corsOrigins(read),
      corsAllowAllOrigins: read.flag({
        name: "CORS_ALLOW_ALL_ORIGINS",
        fallback: false,
        about: "lets pages of every origin read the answers",
      }),
    },
    ingest: {
      filesBatchSize: read.integer({
        name: "INGEST_FILES_BATCH_SIZE",
        fallback: 100,
        minimum: 1,
        about: "submission files that an ingest worker takes at a time",
      }),
      cycleBatchSize: read.integer({
        name: "INGEST_CYCLE_BATCH_SIZE",
        fallback: 50_000,
        minimum: 1,
        lenient: true,
        about: "submission files taken from one scan of the spool directory",
      }),
      batchSize: read.integer({
        name: "INGEST_BATCH_SIZE",
        fallback: 10_000,
        minimum: 1,
        lenient: true,
        about: "objects after which a batch is written to the database",
      }),
      treesFile: `${volumeDir}/tree-names.yaml`,
    },
    submissions: submissionSettings(read),
    excerpts: excerptSettings(read),
    metrics: metricsSettings(read),
    cache: cacheSettings(read, debug),
    pendingMaxAttempts: Math.max(
      1,
      read.integer({
        name: "PROCESS_PENDING_MAX_RETRIES",
        fallback: 5,
        minimum: 0,
        maximum: 1000,
        about: "attempts of process_pending_aggregations at a database that is away; 0 is one too",
      }),
    ),
    dashboardUrl: dashboardUrl(read),
    originListingIntervalDays: read.integer({
      name: "DEFAULT_ORIGIN_LISTING_INTERVAL_IN_DAYS",
      fallback: 30,
      minimum: 1,
      maximum: 100_000,
      about: "days that /api/origins/ looks back when the request does not say",
    }),
    proxyMaxBytes: read.integer({
      name: "KERNELBOARD_PROXY_MAX_BYTES",
      fallback: 100 * 1024 * 1024,
      minimum: 1,
      about: "bytes that a file fetched by /api/proxy/ may have, also after its content encoding is undone",
    }),
    debug,
    logLevel: read.choice({
      name: "KERNELBOARD_LOG_LEVEL",
      fallback: debug ? "debug" : "info",
      choices: LOG_LEVELS,
      about: "least severe log lines to write",
    }),
  };
  return { settings, sources: read.sources, warnings: read.warnings };
}

function dashboardUrl(read: EnvironmentReader): string {
  const definition: SettingDefinition<string> = {
    name: "DASHBOARD_URL",
    fallback: "https://d.kernelci.org",
    about: "where the pages are that reports link to",
  };
  return read.parse(definition, (text) => {
    if (!/^https?:\/\/[^/\s]+/i.test(text))
      throw read.wrong(definition, `'${text}' is no address of the form http(s)://host`);
    return text.replace(/\/+$/, "");
  });
}

function corsOrigins(read: EnvironmentReader): string[] {
  const definition: SettingDefinition<string[]> = {
    name: "CORS_ALLOWED_ORIGINS",
    fallback: [],
    example: '["https://dashboard.kernelci.org"]',
    about: "origins of web pages that may read the answers",
  };
  const origins = read.textList(definition);
  for (const origin of origins) {
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]+$/i.test(origin)) {
      throw read.wrong(definition, `'${origin}' is no origin of the form scheme://host`);
    }
  }
  return origins;
}
