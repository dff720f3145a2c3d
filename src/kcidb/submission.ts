/** A submission as rows and refusals: the frame of the file, then its objects one by one. */
import { parseKeepingDigits } from "./exact_json.ts";
import { limitViolation, MAX_DEPTH } from "./limits.ts";
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
  if (!isJsonObject(frame)) throw new FileRefused("type", "a submission is a JSON object");
  const version = parseVersion(frame.version);
  const known: readonly string[] = kindsOf(version);
  const places = new Places();
  for (const [name, section] of Object.entries(frame)) {
    if (name === "version") continue;
    if (!known.includes(name)) {
      throw new FileRefused(
        "additionalProperties",
        `'${name}' is no section of version ${version.major}.${version.minor}`,
        pointerStep(name),
      );
    }
    if (!Array.isArray(section))
      throw new FileRefused("type", `section '${name}' must be an array`, pointerStep(name));
    places.add(name as Kind, section);
  }
  return { version, places };
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

export interface ObjectContext {
  version: Version;
  /** Repository URL to tree name. */
  treeNames: ReadonlyMap<string, string>;
  /** The time for the next row, ISO 8601 with microseconds, later than the one before. */
  clock: () => string;
  /** Whether the document's waived tests already have their issue. */
  hasWaivedIssue: boolean;
  /**
   * Whether log excerpts of builds and tests are moved to a storage, and so may be longer than a row holds. Whoever
   * asks for it has to shorten them before they are stored.
   */
  longExcerpts: boolean;
}

/** A context for the objects of one file. */
export function objectContext(
  version: Version,
  treeNames: ReadonlyMap<string, string>,
  clock: () => string,
  longExcerpts = false,
): ObjectContext {
  return { version, treeNames, clock, hasWaivedIssue: false, longExcerpts };
}

/** Above this size an object that is nested too deeply is refused without being parsed for its id. */
const MAX_PARSED_DEEP_OBJECT = 1024 * 1024;

/**
 * Parses, validates, upgrades, standardises and flattens one object.
 *
 * @throws FileRefused rule `json` when the element is no JSON, which makes the whole file none
 */
export function prepareObject(context: ObjectContext, place: Place, element: Element): ObjectOutcome {
  const { kind } = place;
  const pointer = `/${kind}/${place.index}`;
  const tooDeep = element.depth > MAX_DEPTH;
  const { value, mayBeExact } =
    tooDeep && element.text.length > MAX_PARSED_DEEP_OBJECT
      ? { value: undefined, mayBeExact: false }
      : parseElement(element, pointer);
  const id = isJsonObject(value) && typeof value.id === "string" ? value.id : undefined;
  const refuse = ({ rule, pointer: at, message }: SchemaViolation): ObjectOutcome => ({
    accepted: [],
    refused: [{ kind, ...(id === undefined ? {} : { id }), pointer: pointer + at, rule, message }],
  });

  if (tooDeep)
    return refuse({ rule: "too-deep", pointer: "", message: `is nested deeper than ${MAX_DEPTH} levels` });
  const violation = schemaViolation(context.version, kind, value, context.longExcerpts);
  if (violation !== undefined) return refuse(violation);
  const object = value as JsonObject;
  const upgraded = upgradeObject(context.version, kind, object);
  if (upgraded.impossible !== undefined) return refuse(upgraded.impossible);
  const limit = limitViolation(kind, object, element.text, mayBeExact);
  if (limit !== undefined) return refuse(limit);
  if (kind === "checkouts") standardiseTreeName(object, context.treeNames);
  standardiseLab(kind, object);

  const outcome: ObjectOutcome = {
    accepted: [accept(context, kind, object, pointer, element.text)],
    refused: [],
  };
  if (upgraded.waived) addWaived(context, String(object.id), pointer, element.text, outcome);
  return outcome;
}

function parseElement(element: Element, pointer: string): { value: unknown; mayBeExact: boolean } {
  try {
    return parseKeepingDigits(element.text);
  } catch (error) {
    throw new FileRefused("json", error instanceof Error ? error.message : "is not valid JSON", pointer);
  }
}

function accept(
  context: ObjectContext,
  kind: Kind,
  object: JsonObject,
  pointer: string,
  text: string,
): Accepted {
  const accepted: Accepted = {
    kind,
    id: String(object.id),
    row: toRow(kind, object, context.clock()),
    pointer,
    // Line feeds, tabs and backslashes can only come from an escape, or from the operator's names of trees.
    isPlain: kind !== "checkouts" && !text.includes("\\"),
  };
  if (kind === "tests") accepted.facts = testFacts(object);
  return accepted;
}

function addWaived(
  context: ObjectContext,
  testId: string,
  pointer: string,
  text: string,
  outcome: ObjectOutcome,
): void {
  if (!context.hasWaivedIssue) {
    context.hasWaivedIssue = true;
    outcome.accepted.push(accept(context, "issues", waivedIssue(), pointer, text));
  }
  const incident = waivedIncident(testId);
  const limit = limitViolation("incidents", incident, "");
  if (limit === undefined) outcome.accepted.push(accept(context, "incidents", incident, pointer, text));
  else
    outcome.refused.push({
      kind: "incidents",
      id: String(incident.id),
      pointer,
      rule: limit.rule,
      message: limit.message,
    });
}
