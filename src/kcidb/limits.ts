/**
 * What the schema allows but a database cannot hold (chapter 02, section 20): checked before the object is sent, so
 * that it is refused by a rule and not by PostgreSQL's message.
 */
import { ExactNumber } from "./exact_json.ts";
import { isStorableDateTime } from "./formats.ts";
import { TABLES } from "./rows.ts";
import type { SchemaViolation } from "./schema.ts";
import { isJsonObject, ofKinds, pointerStep, type JsonObject, type Kind, type Rule } from "./types.ts";

/** Arrays and objects open at once in an object, itself included. */
export const MAX_DEPTH = 500;
/** Bytes of UTF-8: index entries end at 2,704 bytes, and an id stands in more than one column of some of them. */
const MAX_ID_BYTES = 1000;
const MAX_NAME_BYTES = 500;
const MAX_INTEGER = 2 ** 31 - 1;
/** PostgreSQL's numeric: digits before the decimal point, and after it. */
const MAX_NUMERIC_DIGITS = 131_072;
const MAX_NUMERIC_SCALE = 16_383;

/** Those of some fields that objects of each kind have. */
function byKind(fields: readonly string[]): Record<Kind, string[]> {
  return ofKinds((kind) =>
    fields.filter((field) => TABLES[kind].columns.some(({ path }) => path.length === 1 && path[0] === field)),
  );
}

const ID_FIELDS = byKind(["id", "checkout_id", "build_id", "test_id", "issue_id"]);
const NAME_FIELDS = byKind([
  "origin",
  "tree_name",
  "git_repository_url",
  "git_repository_branch",
  "git_commit_name",
  "git_commit_tags",
  "config_name",
  "compiler",
  "architecture",
  "path",
  "categories",
]);
const DATE_TIME_FIELDS = byKind(["start_time", "origin_builds_finish_time", "origin_tests_finish_time"]);
const INTEGER_FIELDS = byKind(["version", "issue_version"]);

/** What escapes a JSON text has: none, or also those of which NUL and lone surrogates can be made, or others. */
export type Escapes = "none" | "usual" | "unusual";

/** Escapes of a JSON text, found without parsing it. Whatever is no plain character can only come from one. */
export function escapesOf(text: string): Escapes {
  if (!text.includes("\\")) return "none";
  return text.includes("\\u") && /\\u(?:0000|[dD][89a-fA-F])/.test(text) ? "unusual" : "usual";
}

/**
 * The first limit that a valid object passes, or undefined.
 *
 * @param escapes of the object's JSON text, which tell what need not be looked for
 * @param mayBeExact whether there may be an `ExactNumber` in the object
 */
export function limitViolation(
  kind: Kind,
  object: JsonObject,
  escapes: Escapes,
  mayBeExact = true,
): SchemaViolation | undefined {
  return (
    (escapes === "unusual" ? forbiddenText(object) : undefined) ??
    numberOutOfRange(kind, object) ??
    (mayBeExact ? numericOutOfRange(object) : undefined) ??
    dateOutOfRange(kind, object) ??
    textTooLong(kind, object)
  );
}

function refuse(rule: Rule, pointer: string, message: string): SchemaViolation {
  return { rule, pointer, message };
}

/** NUL and lone surrogates, in keys too. */
function forbiddenText(object: JsonObject): SchemaViolation | undefined {
  const walk = (value: unknown, pointer: string): SchemaViolation | undefined => {
    if (typeof value === "string") return stringViolation(value, pointer);
    if (typeof value !== "object" || value === null) return undefined;
    for (const [key, item] of Object.entries(value)) {
      const at = pointer + pointerStep(key);
      const found = stringViolation(key, at) ?? walk(item, at);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(object, "");
}

function stringViolation(text: string, pointer: string): SchemaViolation | undefined {
  if (text.includes("\0"))
    return refuse("nul", pointer.replaceAll("\0", "\\u0000"), "contains a NUL character");
  if (!text.isWellFormed())
    return refuse("surrogate", pointer.toWellFormed(), "contains half of a surrogate pair");
  return undefined;
}

function numberOutOfRange(kind: Kind, object: JsonObject): SchemaViolation | undefined {
  for (const field of INTEGER_FIELDS[kind]) {
    const value = object[field];
    if (typeof value === "number" && value > MAX_INTEGER) {
      return refuse("range", pointerStep(field), `must not be above ${MAX_INTEGER}`);
    }
  }
  const duration = object.duration;
  if (typeof duration === "number" && !Number.isFinite(duration)) {
    return refuse("range", "/duration", "is beyond a double-precision number");
  }
  const measured = kind === "tests" && isJsonObject(object.number) ? object.number.value : undefined;
  if (typeof measured === "number" && !Number.isFinite(measured)) {
    return refuse("range", "/number/value", "is beyond a double-precision number");
  }
  return undefined;
}

function numericOutOfRange(object: JsonObject): SchemaViolation | undefined {
  return hugeNumber(object.misc, "/misc") ?? hugeNumber(environmentMisc(object), "/environment/misc");
}

/** A number inside `misc` that even PostgreSQL's numeric cannot hold. */
function hugeNumber(value: unknown, pointer: string): SchemaViolation | undefined {
  if (value instanceof ExactNumber) {
    return fitsNumeric(value.digits)
      ? undefined
      : refuse("range", pointer, "has more digits than the database can hold");
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "object" || item === null) continue;
    const found = hugeNumber(item, pointer + pointerStep(key));
    if (found !== undefined) return found;
  }
  return undefined;
}

function fitsNumeric(digits: string): boolean {
  const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits);
  const [whole, fraction, exponent] = [match?.[1] ?? "", match?.[2] ?? "", Number(match?.[3] ?? 0)];
  return whole.length + exponent <= MAX_NUMERIC_DIGITS && fraction.length - exponent <= MAX_NUMERIC_SCALE;
}

function dateOutOfRange(kind: Kind, object: JsonObject): SchemaViolation | undefined {
  for (const field of DATE_TIME_FIELDS[kind]) {
    const value = object[field];
    if (typeof value === "string" && !isStorableDateTime(value)) {
      return refuse(
        "range",
        pointerStep(field),
        "must be within the years 1 to 9999 in UTC, with an offset within ±15:59",
      );
    }
  }
  return undefined;
}

function environmentMisc(object: JsonObject): unknown {
  return isJsonObject(object.environment) ? object.environment.misc : undefined;
}

function textTooLong(kind: Kind, object: JsonObject): SchemaViolation | undefined {
  for (const field of ID_FIELDS[kind]) {
    const found = longerThan(object[field], MAX_ID_BYTES, field);
    if (found !== undefined) return found;
  }
  for (const field of NAME_FIELDS[kind]) {
    const found = longerThan(object[field], MAX_NAME_BYTES, field);
    if (found !== undefined) return found;
  }
  if (kind !== "tests" || !isJsonObject(object.environment)) return undefined;
  const found = longerThan(object.environment.compatible, MAX_NAME_BYTES, "environment/compatible");
  if (found !== undefined) return found;
  const misc = environmentMisc(object);
  const platform = isJsonObject(misc) ? misc.platform : undefined;
  // The index on the platform holds the text of any value, so an object counts by its JSON.
  const text = typeof platform === "object" && platform !== null ? JSON.stringify(platform) : platform;
  return longerThan(text, MAX_NAME_BYTES, "environment/misc/platform");
}

/** @param place of the value within the object, a JSON pointer without its first slash */
function longerThan(value: unknown, limit: number, place: string): SchemaViolation | undefined {
  if (typeof value === "string") {
    // Three bytes are the most that one UTF-16 unit takes.
    if (value.length * 3 <= limit || Buffer.byteLength(value) <= limit) return undefined;
    return refuse("too-long", `/${place}`, `must not be longer than ${limit} bytes`);
  }
  if (!Array.isArray(value)) return undefined;
  const index = value.findIndex((item) => longerThan(item, limit, place) !== undefined);
  return index < 0 ? undefined : longerThan(value[index], limit, `${place}/${index}`);
}
