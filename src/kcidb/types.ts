/** The vocabulary of the KCIDB submission format (chapter 02, sections 2 and 3). */

/** The sections of a submission, in the order in which their rows are written. */
export const KINDS = ["issues", "checkouts", "builds", "tests", "incidents"] as const;
export type Kind = (typeof KINDS)[number];

/** What is made for each kind, by kind. */
export function ofKinds<T>(make: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<Kind, T>;
}

/** Number of objects by kind. */
export type Counts = Record<Kind, number>;

/** Zero of every kind. */
export function zeroCounts(): Counts {
  return ofKinds(() => 0);
}

/** Code points that a `log_excerpt` may have. */
export const MAX_EXCERPT = 16_384;

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Why a file or an object is refused: a JSON Schema keyword, or a word of chapter 02, section 20. */
export type Rule =
  | "required"
  | "additionalProperties"
  | "type"
  | "pattern"
  | "format"
  | "enum"
  | "maxLength"
  | "minimum"
  | "empty"
  | "json"
  | "version"
  | "too-large"
  | "upgrade"
  | "nul"
  | "surrogate"
  | "range"
  | "too-deep"
  | "too-long"
  | "database";

/** One object, or a whole file, that is not stored. */
export interface Refusal {
  /** Undefined when the whole file is refused. */
  kind?: Kind;
  /** The object's id, if it has one that is a string. */
  id?: string;
  /** JSON pointer into the file, "" for the file itself. */
  pointer: string;
  rule: Rule;
  message: string;
}

/** Thrown when nothing of a file can be stored. */
export class FileRefused extends Error {
  override name = "FileRefused";
  readonly refusal: Refusal;

  constructor(rule: Rule, message: string, pointer = "") {
    super(message);
    this.refusal = { pointer, rule, message };
  }
}

/** One step of a JSON pointer (RFC 6901). */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
