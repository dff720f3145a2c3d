/**
 * The environment as typed settings: the only module that reads `process.env`. Names, defaults and parsing
 * rules are those of chapter 08, section 2.
 */
import { readFileSync } from "node:fs";
import { cacheSettings, type CacheSettings } from "./settings_cache.ts";
import { databaseSettings, type DatabaseSettings } from "./settings_database.ts";
import { debugSettings, type DebugSettings } from "./settings_debug.ts";
import { emailSettings, type EmailSettings } from "./settings_email.ts";
import { excerptSettings, type ExcerptSettings } from "./settings_excerpts.ts";
import { metricsSettings, type MetricsSettings } from "./settings_metrics.ts";
import { overloadSettings, workersSetting, type OverloadSettings } from "./settings_overload.ts";
import { readSettings, type ReadSettings } from "./settings_reads.ts";
import {
  EnvironmentReader,
  SettingError,
  type SettingDefinition,
  type SettingSource,
} from "./settings_reader.ts";
import { redisSettings, type RedisSettings } from "./settings_redis.ts";
import { securitySettings, type SecuritySettings } from "./settings_security.ts";
import { noticeSettings, type NoticeSettings } from "./settings_notices.ts";
import { scheduleSettings, type ScheduleSettings } from "./settings_schedule.ts";
import { submissionSettings, type SubmissionSettings } from "./settings_submissions.ts";
import { tracingSettings, type TracingSettings } from "./settings_tracing.ts";

export { SettingError, type SettingSource } from "./settings_reader.ts";
export type { DatabaseSettings, ExternalDatabaseSettings } from "./settings_database.ts";
export type { SubmissionSettings } from "./settings_submissions.ts";
export type { ExcerptSettings } from "./settings_excerpts.ts";
export type { CacheSettings } from "./settings_cache.ts";
export type { DebugSettings } from "./settings_debug.ts";
export type { EmailSettings } from "./settings_email.ts";
export type { RedisSettings } from "./settings_redis.ts";
export type { SecuritySettings } from "./settings_security.ts";
export type { MetricsSettings } from "./settings_metrics.ts";
export { withPrimaryOnly, type ReadSettings, type ServerAddress } from "./settings_reads.ts";
export type { OverloadSettings } from "./settings_overload.ts";
export type { TracingSettings } from "./settings_tracing.ts";
export type { NoticeSettings } from "./settings_notices.ts";
export type { HealthPingSettings, ScheduleSettings } from "./settings_schedule.ts";

export interface Settings {
  database: DatabaseSettings;
  reads: ReadSettings;
  http: {
    host: string;
    port: number;
    /** Processes that answer requests. */
    workers: number;
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
  overload: OverloadSettings;
  tracing: TracingSettings;
  email: EmailSettings;
  redis: RedisSettings;
  security: SecuritySettings;
  debugging: DebugSettings;
  /** Where the reference implementation keeps files beside the database. */
  volumeDir: string;
  /** Where operators keep files of their own, such as subscriptions. */
  dataDir: string;
  schedule: ScheduleSettings;
  notices: NoticeSettings;
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
  /** Every variable that was looked for, set or not. */
  names: ReadonlySet<string>;
  /** Values of secrets, for those who have to keep them out of what they write. Never to be shown. */
  secrets: readonly string[];
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
  const enableLogging = read.flag({
    name: "ENABLE_LOGGING",
    fallback: false,
    about: "writes all log lines, as KERNELBOARD_LOG_LEVEL=debug does",
  });
  const database = databaseSettings(read);
  const settings: Settings = {
    database,
    reads: readSettings(read, database),
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
      workers: workersSetting(read),
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
    overload: overloadSettings(read),
    tracing: tracingSettings(read),
    email: emailSettings(read),
    redis: redisSettings(read),
    security: securitySettings(read),
    debugging: debugSettings(read),
    volumeDir,
    dataDir: read.text({
      name: "BACKEND_DATA_DIR",
      fallback: `${volumeDir}/data`,
      example: "/volume_data/data",
      about: "directory of files that operators keep, such as notifications/subscriptions",
    }),
    schedule: scheduleSettings(read),
    notices: noticeSettings(read),
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
      fallback: debug || enableLogging ? "debug" : "info",
      choices: LOG_LEVELS,
      about: "least severe log lines to write",
    }),
  };
  const { sources, warnings, names, secrets } = read;
  return { settings, sources, warnings, names, secrets };
}

/**
 * All that is wrong with an environment, not only the first, and the settings without it: each variable that is refused
 * is left out, and the others are read again.
 */
export function loadWhatIsRight(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  readFile?: (path: string) => string,
): { loaded: LoadedSettings | undefined; problems: SettingError[] } {
  const rest = { ...environment };
  const problems: SettingError[] = [];
  for (;;) {
    try {
      return { loaded: loadSettings(rest, readFile), problems };
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      problems.push(error);
      const { variable } = error;
      // A value that came by another name cannot be left out; the others wait until this one is mended.
      if (rest[variable] === undefined) return { loaded: undefined, problems };
      rest[variable] = undefined;
      rest[`${variable}_FILE`] = undefined;
    }
  }
}

/** The environment of a program that this one starts: its own with some variables changed, or without them. */
export function childEnvironment(changes: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
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
