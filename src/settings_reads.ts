/** Where the statements of requests go beside the primary: `DB_REPLICA_URLS` and `DB_POOLER_URL`. */
import { SSL_MODES, type DatabaseSettings, type SslMode } from "./settings_database.ts";
import { SettingError, type EnvironmentReader, type SettingDefinition } from "./settings_reader.ts";

/** A server by its URL. What the URL does not say is that of the `DB_*` variables. */
export interface ServerAddress {
  host: string;
  port: number;
  name?: string;
  user?: string;
  password?: string;
  sslMode?: SslMode;
  /** A PgBouncer in transaction mode is in front of it. */
  isPooler: boolean;
  /** The PgBouncer in front of it keeps track of prepared statements. */
  prepares: boolean;
}

export interface ReadSettings {
  /** The PgBouncer in front of the primary. */
  pooler: ServerAddress | undefined;
  replicas: ServerAddress[];
  /** How far behind the primary a replica may be that answers. */
  maxLagMs: number;
  checkIntervalMs: number;
  /** A replica that does not answer within this time is not used. */
  checkTimeoutMs: number;
  /** Statements in a row that a replica may fail before it is left alone for a while. */
  maxFailures: number;
}

/** The same settings, with the primary answering everything: for commands that ask one server, or none. */
export function withPrimaryOnly<T extends { reads: ReadSettings }>(settings: T): T {
  return { ...settings, reads: { ...settings.reads, pooler: undefined, replicas: [] } };
}

const MAX_REPLICAS = 16;
const DEFAULT_PORT = 5432;

const POOLER: SettingDefinition<ServerAddress | undefined> = {
  name: "DB_POOLER_URL",
  fallback: undefined,
  secret: true,
  about: "PgBouncer in transaction mode in front of the primary, for the statements of requests",
  example: "postgres://127.0.0.1:6432/dashboard?prepared=true",
};
const REPLICAS: SettingDefinition<ServerAddress[]> = {
  name: "DB_REPLICA_URLS",
  fallback: [],
  secret: true,
  about: "streaming replicas that requests are answered from: a JSON list, or URLs with commas between",
  example: "postgres://replica-1:5432,postgres://replica-2:5432",
};
const NEED_EXTERNAL = "needs an external database; set DB_HOST or DB_NAME as well";

/** @throws SettingError for a bad value; a URL, which may hold a password, is never repeated */
export function readSettings(read: EnvironmentReader, database: DatabaseSettings): ReadSettings {
  const isExternal = database.kind === "external";
  const pooler = read.parse(POOLER, (text) => {
    if (text === "") return undefined;
    if (!isExternal) throw read.wrong(POOLER, NEED_EXTERNAL);
    return { ...address(text, (problem) => read.wrong(POOLER, problem)), isPooler: true };
  });
  const replicas = read.parse(REPLICAS, (text) => {
    const addresses = replicaList(read, text);
    if (addresses.length > 0 && !isExternal) throw read.wrong(REPLICAS, NEED_EXTERNAL);
    return addresses;
  });
  const checkIntervalMs = read.integer({
    name: "DB_REPLICA_CHECK_INTERVAL_MS",
    fallback: 100,
    minimum: 10,
    maximum: 10_000,
    about: "milliseconds between two looks at how far the primary and each replica are",
  });
  const maxLagMs = read.integer({
    name: "DB_REPLICA_MAX_LAG_MS",
    fallback: 500,
    minimum: 50,
    maximum: 60_000,
    about: "milliseconds that a replica may be behind the primary and still answer requests",
  });
  if (maxLagMs < 2 * checkIntervalMs)
    throw new SettingError(
      `DB_REPLICA_MAX_LAG_MS: ${maxLagMs} is below twice DB_REPLICA_CHECK_INTERVAL_MS (${checkIntervalMs}), so no replica could ever be seen to keep it; example: DB_REPLICA_MAX_LAG_MS=${5 * checkIntervalMs}`,
    );
  return {
    pooler,
    replicas,
    maxLagMs,
    checkIntervalMs,
    checkTimeoutMs: read.integer({
      name: "DB_REPLICA_CHECK_TIMEOUT_MS",
      fallback: 1000,
      minimum: 50,
      maximum: 60_000,
      about: "milliseconds without an answer after which a replica is not used",
    }),
    maxFailures: read.integer({
      name: "DB_REPLICA_MAX_FAILURES",
      fallback: 3,
      minimum: 1,
      maximum: 1000,
      about: "statements in a row that a replica may fail before it is left alone for a while",
    }),
  };
}

function replicaList(read: EnvironmentReader, text: string): ServerAddress[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const urls: unknown = trimmed.startsWith("[") ? read.json(REPLICAS, trimmed) : trimmed.split(",");
  if (!Array.isArray(urls) || !urls.every((url) => typeof url === "string"))
    throw read.wrong(REPLICAS, "must be a JSON list of strings, or URLs with commas between");
  if (urls.length > MAX_REPLICAS) throw read.wrong(REPLICAS, `names more than ${MAX_REPLICAS} replicas`);
  const seen = new Set<string>();
  return urls.map((url, index) => {
    const wrong = (problem: string): SettingError => read.wrong(REPLICAS, `URL ${index + 1} ${problem}`);
    const found = address(url.trim(), wrong);
    const place = `${found.host}:${found.port}/${found.name ?? ""}`;
    if (seen.has(place)) throw wrong("names the same server as one before it");
    seen.add(place);
    return found;
  });
}

function address(text: string, wrong: (problem: string) => SettingError): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["postgres:", "postgresql:"].includes(url.protocol))
    throw wrong("is not of the form postgres://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]");
  if (url.hostname === "") throw wrong("names no host");
  if (url.hash !== "") throw wrong("has a '#', which has to be written %23");
  const decode = (part: string, what: string): string | undefined => {
    if (part === "") return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      throw wrong(`has a '%' in its ${what} that does not begin an escape; write it %25`);
    }
  };
  const name = decode(url.pathname.replace(/^\//, ""), "database");
  if (name?.includes("/")) throw wrong("has more than one '/' behind the host");
  const user = decode(url.username, "user");
  const password = decode(url.password, "password");
  const { sslMode, pooler, prepared } = parameters(url.searchParams, wrong);
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  if (port === 0) throw wrong("has the port 0");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(sslMode === undefined ? {} : { sslMode }),
    isPooler: pooler,
    prepares: prepared,
  };
}

function parameters(
  given: URLSearchParams,
  wrong: (problem: string) => SettingError,
): { sslMode: SslMode | undefined; pooler: boolean; prepared: boolean } {
  const known = ["sslmode", "pooler", "prepared"];
  for (const name of given.keys()) {
    if (!known.includes(name)) throw wrong(`has an unknown parameter; there are ${known.join(", ")}`);
  }
  const flag = (name: string): boolean => {
    const value = given.get(name) ?? "false";
    if (value !== "true" && value !== "false") throw wrong(`has a ${name} that is neither true nor false`);
    return value === "true";
  };
  const asked = given.get("sslmode");
  const sslMode = SSL_MODES.find((mode) => mode === asked);
  if (asked !== null && sslMode === undefined)
    throw wrong(`has an sslmode that is none of ${SSL_MODES.join(", ")}`);
  return { sslMode, pooler: flag("pooler"), prepared: flag("prepared") };
}
