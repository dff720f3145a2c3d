/** The variables of log excerpts and of the storage that they are moved to (chapter 02, section 5). */
import type { EnvironmentReader, SettingDefinition } from "./settings_reader.ts";

export interface ExcerptSettings {
  /** Whether long excerpts are moved to the storage. */
  convert: boolean;
  /** Code points above which an excerpt is long. */
  threshold: number;
  /** What the storage knows us by; undefined when nothing can be uploaded. */
  token: string | undefined;
  /** http(s), without a slash at the end. */
  baseUrl: string;
  /** Excerpts that are remembered in memory to lie in the storage. */
  cacheEntries: number;
}

export function excerptSettings(read: EnvironmentReader): ExcerptSettings {
  return {
    convert: read.flag({
      name: "CONVERT_LOG_EXCERPT",
      fallback: false,
      about: "moves long log excerpts of builds and tests to a storage; needs STORAGE_TOKEN",
    }),
    threshold: read.integer({
      name: "LOGEXCERPT_THRESHOLD",
      fallback: 256,
      minimum: 0,
      about: "characters above which a log excerpt is moved; never more than 16384",
    }),
    token: storageToken(read),
    baseUrl: storageBaseUrl(read),
    cacheEntries: read.integer({
      name: "CACHE_LOGS_SIZE_LIMIT",
      fallback: 100_000,
      minimum: 0,
      maximum: 10_000_000,
      about: "moved log excerpts that each ingest worker remembers, so that it need not ask the database",
    }),
  };
}

function storageToken(read: EnvironmentReader): string | undefined {
  const definition: SettingDefinition<string> = {
    name: "STORAGE_TOKEN",
    fallback: "",
    example: "0123abcd",
    secret: true,
    about: "token for uploads of log excerpts; nothing is uploaded without it",
  };
  const token = read.parse(definition, (text) => {
    // It goes into a header.
    if (!/^[\x21-\x7e]*$/.test(text))
      throw read.wrong(definition, "must consist of visible ASCII characters");
    return text;
  });
  return token === "" ? undefined : token;
}

function storageBaseUrl(read: EnvironmentReader): string {
  const definition: SettingDefinition<string> = {
    name: "STORAGE_BASE_URL",
    fallback: "https://files-staging.kernelci.org",
    about: "storage of log excerpts; they are sent to its /upload",
  };
  return read.parse(definition, (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || /\s/.test(text))
      throw read.wrong(definition, `'${text}' is no address of the form http(s)://host`);
    // The address is published with every excerpt.
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
      throw read.wrong(definition, "must not have a user, a password, a query or a fragment");
    return url.href.replace(/\/+$/, "");
  });
}
