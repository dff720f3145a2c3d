/** A submission as rows and refusals: the frame of the file, then its objects one by one. */
import { isDeeper, parseKeepingDigits } from "./exact_json.ts";
import { escapesOf, limitViolation, MAX_DEPTH, type Escapes } from "./limits.ts";
import { testFacts, toRow, type Row, type TestFacts } from "./rows.ts";
import { isKnownVersion, kindsOf, schemaViolation, type SchemaViolation, type Version } from "./schema.ts";
import type { Element } from "./split.ts";
import { standardiseLab, standardiseTreeName } from "./standardise.ts";
import { FileRefused, isJsonObject, pointerStep, type JsonObject, type Kind, type Refusal } from "./types.ts";
import { upgradeObject, waivedIncident, waivedIssue } from "./upgrade.ts";

/** Where an element stands in the file. */
export interface Place {
  kind: Kind;
  index: number;
}

/** What the frame of a file says: its version, and which element is which object. */
export interface Frame {
  version: Version;
  places: Places;
}

/**
 * Where the elements stand. Those of a section are numbered on without a gap, so a section is its first number and its
 * length, however many elements it has.
 */
export class Places {
  readonly #sections: { kind: Kind; first: number; length: number }[] = [];

  add(kind: Kind, numbers: readonly unknown[]): void {
    this.#sections.push({ kind, first: Number(numbers[0] ?? 0), length: numbers.length });
  }

  /** Undefined for an element of a section that the file repeats later. */
  get(number: number): Place | undefined {
    for (const { kind, first, length } of this.#sections)
      if (number >= first && number < first + length) return { kind, index: number - first };
    return undefined;
  }
}

/**
 * Reads the frame that the splitter left.
 *
 * @throws FileRefused rule `json`, `type`, `additionalProperties` or `version` (chapter 02, sections 2.1 and 20)
 */
export function parseFrame(text: string): Frame {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new FileRefused(
      "json",
      "is not valid JSON: cut off, or broken outside the objects of its sections",
    );
  }
  const { version, sections } = sectionsOf(frame);
  const places = new Places();
  for (const { kind, items } of sections) places.add(kind, items);
  return { version, places };
}

/** The sections of a submission, or of its frame. @throws FileRefused as `parseFrame` does */
function sectionsOf(frame: unknown): { version: Version; sections: { kind: Kind; items: unknown[] }[] } {
  if (!isJsonObject(frame)) throw new FileRefused("type", "a submission is a JSON object");
  const version = parseVersion(frame.version);
  const known = kindsOf(version);
  const sections: { kind: Kind; items: unknown[] }[] = [];
  for (const [name, items] of Object.entries(frame)) {
    if (name === "version") continue;
    const kind = known.find((one) => one === name);
    if (kind === undefined) {
      throw new FileRefused(
        "additionalProperties",
        `'${name}' is no section of version ${version.major}.${version.minor}`,
        pointerStep(name),
      );
    }
    if (!Array.isArray(items))
      throw new FileRefused("type", `section '${name}' must be an array`, pointerStep(name));
    sections.push({ kind, items });
  }
  return { version, sections };
}

function parseVersion(value: unknown): Version {
  const { major, minor = 0, ...rest } = isJsonObject(value) ? value : {};
  if (
    typeof major === "number" &&
    typeof minor === "number" &&
    Number.isInteger(major) &&
    Number.isInteger(minor) &&
    Object.keys(rest).length === 0 &&
    isKnownVersion({ major, minor })
  ) {
    return { major, minor };
  }
  throw new FileRefused(
    "version",
    'must be an object such as {"major": 5, "minor": 3}, naming 4.0 to 4.5 or 5.0 to 5.3',
    "/version",
  );
}

/** An object that is to be stored. */
export interface Accepted {
  kind: Kind;
  id: string;
  row: Row;
  pointer: string;
  /** No value of the row has a tab, a line feed or a backslash. */
  isPlain?: boolean;
  /** Of a test; worked out from the row when absent. */
  facts?: TestFacts;
}

export interface ObjectOutcome {
  /** The object, and an issue or incident that its upgrade adds. */
  accepted: Accepted[];
  refused: Refusal[];
}

/** What a context is made of beside the file's version. */
export interface ContextOptions {
  /** Repository URL to tree name. */
  treeNames: ReadonlyMap<string, string>;
  /** The time for the next row, ISO 8601 with microseconds, later than the one before. */
  clock: () => string;
  /**
   * Whether log excerpts of builds and tests are moved to a storage, and so may be longer than a row holds. Whoever
   * asks for it has to shorten them before they are stored.
   */
  longExcerpts?: boolean;
}

export interface ObjectContext extends Required<ContextOptions> {
  version: Version;
  /** Whether the document's waived tests already have their issue. */
  hasWaivedIssue: boolean;
}

/** A context for the objects of one file. */
export function objectContext(
  version: Version,
  { treeNames, clock, longExcerpts = false }: ContextOptions,
): ObjectContext {
  return { version, treeNames, clock, hasWaivedIssue: false, longExcerpts };
}

/**
 * All objects of a submission from its whole text, in the order of its sections: the same as cutting it gives, in less time, as
 * long as nothing is wrong with it.
 *
 * @returns undefined where it has to be cut to know what is wrong, or an object may be nested too deeply
 * @throws FileRefused as `parseFrame` does
 */
export function prepareWhole(text: string, options: ContextOptions): ObjectOutcome[] | undefined {
  let parsed: ReturnType<typeof parseKeepingDigits>;
  try {
    parsed = parseKeepingDigits(text);
  } catch {
    return undefined;
  }
  if (!parsed.isShallow && isDeeper(parsed.value, MAX_DEPTH)) return undefined;
  const { version, sections } = sectionsOf(parsed.value);
  const context = objectContext(version, options);
  const escapes = escapesOf(text);
  return sections.flatMap(({ kind, items }) =>
    items.map((value, index) =>
      prepareValue(context, `/${kind}/${index}`, { kind, value, escapes, mayBeExact: parsed.mayBeExact }),
    ),
  );
}

/** Above this size an object that is nested too deeply is refused without being parsed for its id. */
const MAX_PARSED_DEEP_OBJECT = 1024 * 1024;

/**
 * Parses, validates, upgrades, standardises and flattens one object.
 *
 * @throws FileRefused rule `json` when the element is no JSON, which makes the whole file none
 */
export function prepareObject(context: ObjectContext, place: Place, { text, depth }: Element): ObjectOutcome {
  const { kind } = place;
  const pointer = `/${kind}/${place.index}`;
  if (depth > MAX_DEPTH) {
    const value = text.length > MAX_PARSED_DEEP_OBJECT ? undefined : parseElement(text, pointer).value;
    const violation: SchemaViolation = {
      rule: "too-deep",
      pointer: "",
      message: `is nested deeper than ${MAX_DEPTH} levels`,
    };
    return refused(kind, value, pointer, violation);
  }
  const { value, mayBeExact } = parseElement(text, pointer);
  return prepareValue(context, pointer, { kind, value, escapes: escapesOf(text), mayBeExact });
}

/** An object of a submission, parsed, with what its text tells cheaply. */
interface ParsedObject {
  kind: Kind;
  value: unknown;
  escapes: Escapes;
  /** Whether there may be an `ExactNumber` in it. */
  mayBeExact: boolean;
}

function prepareValue(
  context: ObjectContext,
  pointer: string,
  { kind, value, escapes, mayBeExact }: ParsedObject,
): ObjectOutcome {
  const violation = schemaViolation(context.version, kind, value, context.longExcerpts);
  if (violation !== undefined) return refused(kind, value, pointer, violation);
  const object = value as JsonObject;
  const upgraded = upgradeObject(context.version, kind, object);
  if (upgraded.impossible !== undefined) return refused(kind, value, pointer, upgraded.impossible);
  const limit = limitViolation(kind, object, escapes, mayBeExact);
  if (limit !== undefined) return refused(kind, value, pointer, limit);
  if (kind === "checkouts") standardiseTreeName(object, context.treeNames);
  standardiseLab(kind, object);

  const outcome: ObjectOutcome = {
    accepted: [accept(context, kind, object, pointer, escapes)],
    refused: [],
  };
  if (upgraded.waived) addWaived(context, String(object.id), pointer, escapes, outcome);
  return outcome;
}

function refused(
  kind: Kind,
  value: unknown,
  pointer: string,
  { rule, pointer: at, message }: SchemaViolation,
): ObjectOutcome {
  const id = isJsonObject(value) && typeof value.id === "string" ? value.id : undefined;
  return {
    accepted: [],
    refused: [{ kind, ...(id === undefined ? {} : { id }), pointer: pointer + at, rule, message }],
  };
}

function parseElement(text: string, pointer: string): { value: unknown; mayBeExact: boolean } {
  try {
    return parseKeepingDigits(text);
  } catch (error) {
    throw new FileRefused("json", error instanceof Error ? error.message : "is not valid JSON", pointer);
  }
}

function accept(
  context: ObjectContext,
  kind: Kind,
  object: JsonObject,
  pointer: string,
  escapes: Escapes,
): Accepted {
  const accepted: Accepted = {
    kind,
    id: String(object.id),
    row: toRow(kind, object, context.clock()),
    pointer,
    // Line feeds, tabs and backslashes can only come from an escape, or from the operator's names of trees.
    isPlain: kind !== "checkouts" && escapes === "none",
  };
  if (kind === "tests") accepted.facts = testFacts(object);
  return accepted;
}

function addWaived(
  context: ObjectContext,
  testId: string,
  pointer: string,
  escapes: Escapes,
  outcome: ObjectOutcome,
): void {
  if (!context.hasWaivedIssue) {
    context.hasWaivedIssue = true;
    outcome.accepted.push(accept(context, "issues", waivedIssue(), pointer, escapes));
  }
  const incident = waivedIncident(testId);
  const limit = limitViolation("incidents", incident, "none");
  if (limit === undefined) outcome.accepted.push(accept(context, "incidents", incident, pointer, escapes));
  else
    outcome.refused.push({
      kind: "incidents",
      id: String(incident.id),
      pointer,
      rule: limit.rule,
      message: limit.message,
    });
}
