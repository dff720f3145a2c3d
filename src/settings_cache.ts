/** Settings of the cache of answers (chapter 03, section 3.10; chapter 08, section 2.3). */
import type { EnvironmentReader } from "./settings_reader.ts";

export interface CacheSettings {
  /** Seconds after which an answer is read again, whether or not anything changed; 0 for no cache. */
  timeoutSeconds: number;
  /** Bytes of answers kept in memory. */
  maxBytes: number;
}

const MIB = 1024 * 1024;

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
  };
}
