/**
 * The filter language (chapter 03, sections 1.1 to 1.3): `filter_*` members of a query string or of a JSON body, one
 * grammar for both. Pure.
 */
import { CULPRITS, noFilters, type Filters, type IssueFilter, type KindFilters } from "./filters.ts";

const PREFIX = "filter_";
const OPERATORS = new Set(["exact", "in", "gt", "gte", "lt", "lte", "like"]);
const STATUSES = new Set(["PASS", "FAIL", "SKIP", "ERROR", "MISS", "DONE", "NULL"]);
/** Items that failed without a known issue, as clients ask for them. */
const UNCATEGORIZED = "Uncategorized";

/** A filter that cannot be understood; the message is for the client and names the member. */
export class FilterError extends Error {
  override name = "FilterError";
}

/** How the values of a field change the filters. `name` is the whole member, for messages. */
type Field = (filters: Filters, values: string[], operator: string | undefined, name: string) => void;

type GlobalField = "architectures" | "compilers" | "configs" | "hardware" | "labs";
type Kind = "builds" | "boots" | "tests";

const FIELDS = new Map<string, Field>([
  ["architecture", globalField("architectures")],
  ["compiler", globalField("compilers")],
  ["config_name", globalField("configs")],
  ["test.hardware", globalField("hardware")],
  ["test.lab", globalField("labs")],
  ...kindFields("build", "builds"),
  ...kindFields("boot", "boots"),
  ...kindFields("test", "tests"),
  ["duration", durationField("builds")],
  ["origin", (filters, values) => (filters.issueList.origins = joined(filters.issueList.origins, values))],
  [
    "issue.categories",
    (filters, values) => (filters.issueList.categories = joined(filters.issueList.categories, values)),
  ],
  ["issue.culprit", culpritField],
  [
    "issue.options",
    (filters, values) => {
      if (values.includes("hasIncident")) filters.issueList.hasIncident = true;
    },
  ],
]);

function kindFields(prefix: string, kind: Kind): [string, Field][] {
  const fields: [string, Field][] = [
    [`${prefix}.status`, statusField(kind)],
    [`${prefix}.duration`, durationField(kind)],
    [`${prefix}.issue`, issueField(kind)],
    [`${prefix}.origin`, setField(kind, "origins")],
  ];
  if (kind === "builds") return fields;
  return [
    ...fields,
    [`${prefix}.path`, pathField(kind)],
    [`${prefix}.platform`, setField(kind, "platforms")],
  ];
}

/** The filters of a query string. @throws FilterError */
export function parseQueryFilters(query: Record<string, string[]>): Filters {
  return parseMembers(Object.entries(query).filter(([name]) => name.startsWith(PREFIX)));
}

/** The filters of a body's member `filter`. @throws FilterError */
export function parseBodyFilters(filter: unknown): Filters {
  if (filter === undefined || filter === null) return noFilters();
  if (typeof filter !== "object" || Array.isArray(filter)) throw invalid("filter", "must be an object");
  const members: [string, string[]][] = [];
  for (const [name, value] of Object.entries(filter)) {
    if (!name.startsWith(PREFIX)) continue;
    const values = bodyValues(name, value);
    if (values.length > 0) members.push([name, values]);
  }
  return parseMembers(members);
}

function bodyValues(name: string, value: unknown): string[] {
  if (value === null) return [];
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((element) => {
    if (typeof element === "string") return element;
    if (typeof element === "number") return decimalText(element);
    throw invalid(name, "must be a text, a number, or a list of these");
  });
}

/** Digits without an exponent, as a number is written in a query string. */
function decimalText(number: number): string {
  const text = String(number);
  if (!text.includes("e")) return text;
  return Number.isInteger(number) ? BigInt(number).toString() : number.toFixed(20);
}

function parseMembers(members: [name: string, values: string[]][]): Filters {
  const filters = noFilters();
  for (const [name, values] of members) {
    const term = name.slice(PREFIX.length);
    const [, base = term, operator] = /^(.*)_\[(.*)\]$/s.exec(term) ?? [];
    if (operator !== undefined && !OPERATORS.has(operator)) {
      throw new FilterError(
        `Filter with invalid comparison operator \`${operator}\` found in '${name}': it must be one of ${[...OPERATORS].join(", ")}`,
      );
    }
    // Unknown fields are ignored: clients send some.
    FIELDS.get(base)?.(filters, values, operator, name);
  }
  return filters;
}

function invalid(name: string, problem: string): FilterError {
  return new FilterError(`Invalid filter key or value: '${name}' ${problem}`);
}

function joined<T>(present: T[] | undefined, values: T[]): T[] {
  return [...(present ?? []), ...values];
}

function globalField(field: GlobalField): Field {
  return (filters, values) => {
    filters[field] = joined(filters[field], values);
  };
}

function setField(kind: Kind, field: "origins" | "platforms"): Field {
  return (filters, values) => {
    filters[kind][field] = joined(filters[kind][field], values);
  };
}

function statusField(kind: Kind): Field {
  return (filters, values, _operator, name) => {
    const upperCase = values.map((value) => value.toUpperCase());
    const statuses = upperCase.filter((status) => STATUSES.has(status));
    if (statuses.length < values.length) filters.unknownStatuses.push(name);
    filters[kind].statuses = joined(filters[kind].statuses, statuses);
  };
}

/** The empty path is no filter. */
function pathField(kind: Kind): Field {
  return (filters, values) => {
    const path = values.at(-1);
    filters[kind].path = path === "" ? undefined : path;
  };
}

/** `lte` is the greatest duration, any other operator, or none, the smallest. */
function durationField(kind: Kind): Field {
  return (filters, values, operator, name) => {
    const bounds = values.map((value) => duration(name, value));
    const bound: keyof KindFilters = operator === "lte" ? "maxDuration" : "minDuration";
    filters[kind][bound] = bounds.at(-1);
  };
}

function duration(name: string, text: string): number | undefined {
  const value = text.trim();
  if (value === "" || /^[+-]?nan$/i.test(value)) return undefined;
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(value)) throw invalid(name, "must be a number of seconds");
  return Number(value);
}

function issueField(kind: Kind): Field {
  return (filters, values, _operator, name) => {
    const issues: IssueFilter = filters[kind].issues ?? { versions: [], uncategorized: false };
    for (const value of values) {
      // As with any version, there may be blanks around null.
      if (value === UNCATEGORIZED || /^Uncategorized,\s*null\s*$/.test(value)) issues.uncategorized = true;
      else issues.versions.push(...issueVersion(name, value));
    }
    filters[kind].issues = issues;
  };
}

/** `<id>,<version>` with the version in plain digits; nothing for the version `null`, which no issue has. */
function issueVersion(name: string, value: string): string[] {
  const comma = value.lastIndexOf(",");
  const version = value.slice(comma + 1).trim();
  if (comma < 0 || (version !== "null" && !/^[+-]?\d+(_\d+)*$/.test(version))) {
    throw invalid(
      name,
      "must be '<issue id>,<version>' with a whole number as version, or 'Uncategorized,null'",
    );
  }
  if (version === "null") return [];
  return [`${value.slice(0, comma)},${BigInt(version.replaceAll("_", "").replace(/^\+/, ""))}`];
}

/** Values that are no culprit are dropped; when none is left there is no filter. */
function culpritField(filters: Filters, values: string[]): void {
  const culprits = CULPRITS.filter((culprit) => values.includes(culprit));
  if (culprits.length > 0) filters.issueList.culprits = joined(filters.issueList.culprits, culprits);
}
