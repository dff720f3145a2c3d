/** Which Redis to use: `REDIS_URL`, or the `REDIS_*` variables (chapter 08, sections 2.3 and 16, D4). */
import type { EnvironmentReader, SettingDefinition } from "./settings_reader.ts";

export interface RedisSettings {
  /** Whether anything in the environment asks for one. */
  isConfigured: boolean;
  host: string;
  port: number;
  db: number;
  username: string | undefined;
  password: string | undefined;
  /** `rediss://` */
  tls: boolean;
}

const DEFAULT_PORT = 6379;
/** Redis has 16 databases unless it is told otherwise, and nobody runs it with more than this. */
const MAX_DB = 1_000_000;

const URL_DEFINITION: SettingDefinition<URL | undefined> = {
  name: "REDIS_URL",
  fallback: undefined,
  example: "redis://:password@127.0.0.1:6379/0",
  secret: true,
  about: "Redis as redis://[user:password@]host[:port][/db] or rediss://...; wins over the REDIS_* variables",
};

export function redisSettings(read: EnvironmentReader): RedisSettings {
  const asked = ["REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE"];
  const own = {
    host: read.text({ name: "REDIS_HOST", fallback: "127.0.0.1", about: "Redis server" }),
    port: read.integer({
      name: "REDIS_PORT",
      fallback: DEFAULT_PORT,
      minimum: 1,
      maximum: 65_535,
      about: "port of the Redis server",
    }),
    db: read.integer({
      name: "REDIS_DB",
      fallback: 0,
      minimum: 0,
      maximum: MAX_DB,
      about: "number of the Redis database",
    }),
    password: read.text({
      name: "REDIS_PASSWORD",
      fallback: "",
      example: "...",
      secret: true,
      about: "password of the Redis server",
    }),
  };
  const url = read.optional(URL_DEFINITION);
  if (url !== undefined && url.text !== "") {
    read.record(URL_DEFINITION, "", url.from);
    return fromUrl(read, url.text);
  }
  return {
    ...own,
    isConfigured: asked.some((name) => read.raw(name) !== undefined),
    username: undefined,
    password: own.password === "" ? undefined : own.password,
    tls: false,
  };
}

function fromUrl(read: EnvironmentReader, text: string): RedisSettings {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const db = /^\/?(\d{0,7})$/.exec(url?.pathname ?? "");
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || db === null)
    throw read.wrong(URL_DEFINITION, "is no address of the form redis://host[:port][/db]");
  const password = decoded(read, url.password);
  if (password !== "") read.secrets.push(password);
  return {
    isConfigured: true,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    db: Number(db[1]),
    username: url.username === "" ? undefined : decoded(read, url.username),
    password: password === "" ? undefined : password,
    tls: url.protocol === "rediss:",
  };
}

function decoded(read: EnvironmentReader, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw read.wrong(URL_DEFINITION, "has a user or password with a percent sign that encodes nothing");
  }
}
