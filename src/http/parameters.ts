/**
 * Query parameters: described by TypeBox schemas, which the API description shows, and parsed here by the rules of
 * chapter 03, section 3.3, which are laxer than JSON's (a repeated parameter uses its last value, integers may have
 * blanks, a sign, underscores or a fraction of zeros).
 */
import { Type, type Static, type TObject, type TProperties, type TSchema } from "typebox";
import { ParameterError } from "./errors.ts";

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
}

/** A schema of a whole-number parameter. */
export function integerParameter(options: IntegerOptions): ReturnType<typeof Type.Integer> {
  const { clamp, ...schema } = options;
  return Type.Integer({ ...schema, ...(clamp === undefined ? {} : { "x-clamp": clamp }) });
}

/** The values of the parameters that a schema knows. @throws ParameterError */
export function parseParameters<T extends TProperties>(
  schema: TObject<T>,
  query: RawQuery,
): Static<TObject<T>> {
  const values: Record<string, unknown> = {};
  for (const [name, property] of Object.entries<TSchema>(schema.properties)) {
    const text = query[name]?.at(-1);
    const value =
      text === undefined ? property["default" as keyof TSchema] : parseValue(name, text, property);
    if (value !== undefined) values[name] = value;
    else if (!Type.IsOptional(property)) throw new ParameterError(name, "it is required");
  }
  return values as Static<TObject<T>>;
}

function parseValue(name: string, text: string, schema: TSchema): unknown {
  return Type.IsInteger(schema) ? parseInteger(name, text, schema) : text;
}

function parseInteger(name: string, text: string, schema: TSchema): number {
  const {
    minimum,
    maximum,
    "x-clamp": clamp,
  } = schema as { minimum?: number; maximum?: number; "x-clamp"?: number };
  if (!/^\s*[+-]?[0-9]+(_[0-9]+)*(\.0+)?\s*$/.test(text))
    throw new ParameterError(name, "must be a whole number");
  const value = Number(text.replaceAll("_", ""));
  if (minimum !== undefined && value < minimum) throw new ParameterError(name, `must be at least ${minimum}`);
  if (maximum !== undefined && value > maximum) throw new ParameterError(name, `must be at most ${maximum}`);
  return clamp === undefined ? value : Math.min(value, clamp);
}
