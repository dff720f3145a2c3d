/** Settings of the cache of answers (chapter 03, section 3.10; chapter 08, section 2.3). */
import { SettingError, type EnvironmentReader, type SettingDefinition } from "./settings_reader.ts";

export interface CacheSettings {
  /** Seconds after which an answer is read again, whether or not anything changed; 0 for no cache. */
  timeoutSeconds: number;
  /** Bytes of answers kept in memory. */
  maxBytes: number;
  /** Where answers are shared; undefined when they are not. */
  redis: RedisSettings | undefined;
}

export interface RedisSettings {
  host: string;
  port: number;
  db: number;
  username: string | undefined;
  password: string | undefined;
  tls: boolean;
}

const MIB = 1024 * 1024;
const URL_EXAMPLE = "redis://user:password@redis.example.org:6379/1";

/** @throws SettingError */
export function cacheSettings(read: EnvironmentReader, debug: boolean): CacheSettings {
  const timeoutSeconds = read.integer({
    name: "CACHE_TIMEOUT",
    fallback: 180,
    minimum: 0,
    maximum: 86_400,
    about: "seconds that an answer is kept at most, also when nothing changes; 0, and DEBUG, for no cache",
  });
  return {
    timeoutSeconds: debug ? 0 : timeoutSeconds,
    maxBytes: read.integer({
      name: "KERNELBOARD_CACHE_MAX_BYTES",
      fallback: 128 * MIB,
      minimum: MIB,
      about: "bytes of answers that are kept in memory, in each process",
    }),
    redis: redisSettings(read),
  };
}

/** Either a URL or a host with its parts; what is not set explicitly is not used. */
function redisSettings(read: EnvironmentReader): RedisSettings | undefined {
  const url = redisUrl(read);
  const host = read.text({
    name: "REDIS_HOST",
    fallback: "",
    example: "redis",
    about: "host of the Redis through which processes share answers; none when it is not set",
  });
  const port = read.integer({
    name: "REDIS_PORT",
    fallback: 6379,
    minimum: 1,
    maximum: 65_535,
    about: "its port",
  });
  const db = read.integer({
    name: "REDIS_DB",
    fallback: 0,
    minimum: 0,
    maximum: 65_535,
    about: "its database",
  });
  const password = read.text({ name: "REDIS_PASSWORD", fallback: "", secret: true, about: "its password" });
  if (url !== undefined) {
    if (host !== "")
      throw new SettingError(
        `REDIS_URL: is set together with REDIS_HOST; set one of them; example: REDIS_URL=${URL_EXAMPLE}`,
      );
    return url;
  }
  if (host === "") return undefined;
  return {
    host,
    port,
    db,
    username: undefined,
    password: password === "" ? undefined : password,
    tls: false,
  };
}

function redisUrl(read: EnvironmentReader): RedisSettings | undefined {
  const definition: SettingDefinition<RedisSettings | undefined> = {
    name: "REDIS_URL",
    fallback: undefined,
    example: URL_EXAMPLE,
    secret: true,
    about: "the same as one URL, instead of REDIS_HOST and the others",
  };
  return read.parse(definition, (text) => {
    if (text === "") return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const db = url?.pathname.replace(/^\//, "") ?? "";
    if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || !/^\d{0,5}$/.test(db))
      throw read.wrong(definition, "is no URL of the form redis[s]://[user:password@]host[:port][/db]");
    return {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? 6379 : Number(url.port),
      db: Number(db),
      username: url.username === "" ? undefined : decodeURIComponent(url.username),
      password: url.password === "" ? undefined : decodeURIComponent(url.password),
      tls: url.protocol === "rediss:",
    };
  });
}
