/**
 * Query parameters: described by TypeBox schemas, which the API description shows, and parsed here by the rules of
 * chapter 03, section 3.3, which are laxer than JSON's (a repeated parameter uses its last value, integers may have
 * blanks, a sign, underscores or a fraction of zeros).
 */
import { Type, type Static, type TObject, type TProperties, type TSchema } from "typebox";
import { parametersError } from "./errors.ts";
import { parseDatetime } from "./datetime.ts";

/** Raw values of a query string, all occurrences in order. */
export type RawQuery = Record<string, string[]>;

/** Splits a query string; `+` is a blank, blank values are kept. */
export function parseQueryString(text: string): RawQuery {
  const query = Object.create(null) as RawQuery;
  for (const [name, value] of new URLSearchParams(text)) (query[name] ??= []).push(value);
  return query;
}

export interface IntegerOptions {
  description: string;
  minimum?: number;
  /** A greater value counts as this one. */
  clamp?: number;
  /** A greater value is an error. */
  maximum?: number;
  default?: number;
  examples?: number[];
}

/** A schema of a whole-number parameter. */
export function integerParameter(options: IntegerOptions): ReturnType<typeof Type.Integer> {
  const { clamp, ...schema } = options;
  return Type.Integer({ ...schema, ...(clamp === undefined ? {} : { "x-clamp": clamp }) });
}

const DATETIME = "x-datetime";

/** A schema of a point in time, which is parsed into ISO text: see `parseDatetime` for what it may look like. */
export function datetimeParameter(description: string): ReturnType<typeof Type.String> {
  return Type.String({
    description: `${description}; a date, a date with time (UTC unless it says otherwise), or Unix seconds`,
    examples: ["2026-11-01T00:00:00Z"],
    [DATETIME]: true,
  });
}

/**
 * The values of the parameters that a schema knows.
 *
 * @throws ApiError 400 that names every parameter which is missing or wrong
 */
export function parseParameters<T extends TProperties>(
  schema: TObject<T>,
  query: RawQuery,
): Static<TObject<T>> {
  const values: Record<string, unknown> = {};
  const problems: [name: string, problem: string][] = [];
  for (const [name, property] of Object.entries<TSchema>(schema.properties)) {
    try {
      const value = parseValues(query[name], property);
      if (value !== undefined) values[name] = value;
      else if (!Type.IsOptional(property)) problems.push([name, "it is required"]);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      problems.push([name, error.message]);
    }
  }
  if (problems.length > 0) throw parametersError(problems);
  return values as Static<TObject<T>>;
}

/** What is wrong with one value. */
class ValueProblem extends Error {}

function parseValues(texts: string[] | undefined, schema: TSchema): unknown {
  if (Type.IsArray(schema)) return texts ?? schema["default" as keyof TSchema];
  const text = texts?.at(-1);
  if (text === undefined) return schema["default" as keyof TSchema];
  if (Type.IsInteger(schema)) return parseInteger(text, schema);
  if (Type.IsBoolean(schema)) return parseBoolean(text);
  if (DATETIME in schema) {
    const moment = parseDatetime(text);
    if (moment === undefined) throw new ValueProblem("must be a date, a date with time, or Unix seconds");
    return moment;
  }
  return text;
}

function parseInteger(text: string, schema: TSchema): number {
  const {
    minimum,
    maximum,
    "x-clamp": clamp,
  } = schema as { minimum?: number; maximum?: number; "x-clamp"?: number };
  const value = wholeNumber(text);
  if (value === undefined) throw new ValueProblem("must be a whole number");
  if (minimum !== undefined && value < minimum) throw new ValueProblem(`must be at least ${minimum}`);
  if (maximum !== undefined && value > maximum) throw new ValueProblem(`must be at most ${maximum}`);
  return clamp === undefined ? value : Math.min(value, clamp);
}

/** A whole number as texts may show it, undefined when it is none. Very large ones lose digits, not their size. */
export function wholeNumber(text: string): number | undefined {
  if (!/^\s*[+-]?[0-9]+(_[0-9]+)*(\.0+)?\s*$/.test(text)) return undefined;
  return Number(text.replaceAll("_", ""));
}

const TRUE = new Set(["true", "1", "yes", "on", "t", "y"]);
const FALSE = new Set(["false", "0", "no", "off", "f", "n"]);

function parseBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (TRUE.has(lower)) return true;
  if (FALSE.has(lower)) return false;
  throw new ValueProblem("must be true or false");
}
