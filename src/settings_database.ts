/** Which PostgreSQL to use: `DB_DEFAULT`, the `DB_*` variables, or the embedded server (chapter 08, section 2.2). */
import { EnvironmentReader, SettingError, type SettingDefinition } from "./settings_reader.ts";

export interface ExternalDatabaseSettings {
  kind: "external";
  host: string;
  port: number;
  name: string;
  user: string;
  password: string;
  connectTimeoutSeconds: number;
  sslMode: SslMode;
  /** How long an idle connection is kept: null for ever, 0 for the pool's own short time, else seconds. */
  connectionMaxAgeSeconds: number | null;
}

export interface EmbeddedDatabaseSettings {
  kind: "embedded";
  dataDir: string;
}

export type DatabaseSettings = ExternalDatabaseSettings | EmbeddedDatabaseSettings;

export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Both name the same server; the first only adds metrics in the reference implementation. */
const ENGINES = ["django_prometheus.db.backends.postgresql", "django.db.backends.postgresql"];
const PLACEHOLDERS = ["<DB-USER>", "<DB-PASSWORD>"];

const DB_DEFAULT: SettingDefinition<string> = {
  name: "DB_DEFAULT",
  fallback: "",
  about: "the external database as one JSON object; wins over the DB_* variables key by key",
  example: `'{"NAME":"kernelci","USER":"kernelci","PASSWORD":"...","HOST":"127.0.0.1","PORT":5432}'`,
  secret: true,
};

/**
 * The database that the environment asks for. A non-empty `DB_DEFAULT`, `DB_HOST` or `DB_NAME` (or their older
 * aliases) asks for an external server; without any of them the embedded one is used.
 *
 * @throws SettingError for a bad value, a placeholder that was left in, or an unknown engine
 */
export function databaseSettings(read: EnvironmentReader): DatabaseSettings {
  const whole = wholeObject(read);
  const asked = ["DB_HOST", "DB_NAME", "DB_DEFAULT_HOST", "DB_DEFAULT_NAME"].some(
    (name) => read.raw(name) !== undefined,
  );
  if (whole === undefined && !asked) {
    const dataDir = read.text({
      name: "KERNELBOARD_DATA_DIR",
      fallback: "./data",
      example: "/var/lib/kernelboard",
      about: "directory of the embedded database, used when no DB_* variable asks for an external one",
    });
    if (dataDir === "")
      throw new SettingError("KERNELBOARD_DATA_DIR: is empty; example: KERNELBOARD_DATA_DIR=./data");
    return { kind: "embedded", dataDir };
  }
  const options = optionsOf(whole);
  const part = new WholeOrSingle(read, whole ?? {});
  const engine = part.text(
    "ENGINE",
    "DB_ENGINE",
    ENGINES[0] ?? "",
    "database driver of the reference implementation",
    ["DB_DEFAULT_ENGINE"],
  );
  if (!ENGINES.includes(engine)) {
    throw new SettingError(
      `DB_ENGINE: '${engine}' is not PostgreSQL; example: DB_ENGINE=${ENGINES[1] ?? ""}`,
    );
  }
  return {
    kind: "external",
    name: part.text("NAME", "DB_NAME", "dashboard", "database name", ["DB_DEFAULT_NAME"]),
    user: part.text("USER", "DB_USER", "admin", "database role", ["DB_DEFAULT_USER"]),
    password: part.secret("PASSWORD", "DB_PASSWORD", "admin", "password of the role", [
      "DB_DEFAULT_PASSWORD",
    ]),
    host: part.text("HOST", "DB_HOST", "127.0.0.1", "database server", ["DB_DEFAULT_HOST"]),
    port: part.integer("PORT", "DB_PORT", 5432, "port of the database server", ["DB_DEFAULT_PORT"], 1, 65535),
    connectTimeoutSeconds: timeout(read, options),
    connectionMaxAgeSeconds: maxAge(read, whole),
    sslMode: sslMode(read, options),
  };
}

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wholeObject(read: EnvironmentReader): JsonObject | undefined {
  const found = read.optional(DB_DEFAULT);
  if (found === undefined || found.text === "") return undefined;
  const { text } = found;
  for (const placeholder of PLACEHOLDERS) {
    if (text.includes(placeholder)) {
      throw read.wrong(DB_DEFAULT, `still contains the placeholder ${placeholder}`);
    }
  }
  const value = read.json(DB_DEFAULT, text);
  if (!isObject(value)) throw read.wrong(DB_DEFAULT, "must be a JSON object");
  read.record(DB_DEFAULT, "", found.from);
  // Nobody writes the whole object anywhere, but its password alone.
  if (typeof value.PASSWORD === "string") read.secrets.push(value.PASSWORD);
  return value;
}

function optionsOf(whole: JsonObject | undefined): JsonObject {
  const options = whole?.OPTIONS ?? {};
  if (!isObject(options))
    throw new SettingError(
      `DB_DEFAULT: OPTIONS must be a JSON object; example: "OPTIONS": {"connect_timeout": 16}`,
    );
  return options;
}

/** One connection parameter: from the whole object if it has the key, else from its own variable. */
class WholeOrSingle {
  readonly #read: EnvironmentReader;
  readonly #whole: JsonObject;

  constructor(read: EnvironmentReader, whole: JsonObject) {
    this.#read = read;
    this.#whole = whole;
  }

  text(key: string, name: string, fallback: string, about: string, aliases: string[]): string {
    return this.#value(key, { name, fallback, about, aliases });
  }

  secret(key: string, name: string, fallback: string, about: string, aliases: string[]): string {
    return this.#value(key, { name, fallback, about, aliases, secret: true, example: "..." });
  }

  integer(
    key: string,
    name: string,
    fallback: number,
    about: string,
    aliases: string[],
    minimum: number,
    maximum: number,
  ): number {
    const own = this.#read.integer({ name, fallback, about, aliases, minimum, maximum });
    const given = this.#whole[key];
    if (given === undefined || given === null || given === "") return own;
    const value = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
    if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > maximum) {
      throw this.#read.wrong(DB_DEFAULT, `${key} must be a whole number from ${minimum} to ${maximum}`);
    }
    this.#override(name, String(value), about, false, own !== fallback && own !== value);
    return value;
  }

  #value(key: string, definition: SettingDefinition<string>): string {
    const own = this.#read.text(definition);
    const placeholder = PLACEHOLDERS.find((candidate) => own.includes(candidate));
    if (placeholder) throw this.#read.wrong(definition, `still contains the placeholder ${placeholder}`);
    const given = this.#whole[key];
    if (given === undefined || given === null) return own;
    if (typeof given !== "string") throw this.#read.wrong(DB_DEFAULT, `${key} must be a string`);
    this.#override(
      definition.name,
      given,
      definition.about,
      definition.secret === true,
      own !== definition.fallback && own !== given,
    );
    return given;
  }

  #override(name: string, value: string, about: string, secret: boolean, differs: boolean): void {
    const shown = this.#read.sources.findIndex((source) => source.name === name);
    if (shown >= 0) this.#read.sources.splice(shown, 1);
    this.#read.record({ name, fallback: "", about, secret }, value, "DB_DEFAULT");
    if (differs)
      this.#read.warnings.push(`DB_DEFAULT and ${name} are both set and differ; DB_DEFAULT is used`);
  }
}

function timeout(read: EnvironmentReader, options: JsonObject): number {
  const own = read.integer({
    name: "DB_OPTIONS_CONNECT_TIMEOUT",
    fallback: 16,
    minimum: 1,
    maximum: 3600,
    aliases: ["DB_DEFAULT_TIMEOUT"],
    about: "seconds to wait for a database connection",
  });
  const given = options.connect_timeout;
  if (given === undefined) return own;
  if (typeof given !== "number" || !(given >= 1) || given > 3600) {
    throw read.wrong(DB_DEFAULT, "OPTIONS.connect_timeout must be a number of seconds from 1 to 3600");
  }
  return given;
}

function maxAge(read: EnvironmentReader, whole: JsonObject | undefined): number | null {
  // The old shell template writes null, which only means something inside DB_DEFAULT or the alias.
  const alias = read.raw("DB_DEFAULT_CONN_MAX_AGE");
  const own =
    read.raw("DB_CONN_MAX_AGE") === undefined && alias === "null"
      ? null
      : read.integer({
          name: "DB_CONN_MAX_AGE",
          fallback: 0,
          minimum: 0,
          aliases: ["DB_DEFAULT_CONN_MAX_AGE"],
          about: "seconds that an idle database connection is kept",
        });
  const given = whole?.CONN_MAX_AGE;
  if (given === undefined) return own;
  if (given === null) return null;
  if (typeof given !== "number" || !Number.isInteger(given) || given < 0) {
    throw read.wrong(DB_DEFAULT, "CONN_MAX_AGE must be null or a whole number of seconds");
  }
  return given;
}

function sslMode(read: EnvironmentReader, options: JsonObject): SslMode {
  const given = options.sslmode;
  if (given === undefined) return "prefer";
  const mode = SSL_MODES.find((candidate) => candidate === given);
  if (mode === undefined)
    throw read.wrong(DB_DEFAULT, `OPTIONS.sslmode must be one of ${SSL_MODES.join(", ")}`);
  return mode;
}
