/** Which items a request's filters keep (chapter 03, sections 1.2 and 1.5), one item after the other. */
import { KINDS, type Item, type Kind } from "./items.ts";

/** Members as they are sent, for example `filter_test.duration_[gte]`, with all their values. */
export type Members = Record<string, string[]>;

export const UNCATEGORIZED = "Uncategorized,null";

interface KindWanted {
  statuses?: Set<string>;
  origins?: Set<string>;
  platforms?: Set<string>;
  issues?: Set<string>;
  min?: number | undefined;
  max?: number | undefined;
  path?: string;
}

export interface Wanted {
  architecture?: Set<string>;
  compiler?: Set<string>;
  config?: Set<string>;
  hardware?: Set<string>;
  labs?: Set<string>;
  kinds: Record<Kind, KindWanted>;
}

const KIND_OF: Record<string, Kind> = { build: "builds", boot: "boots", test: "tests" };

/** What members ask for. Only for valid ones. */
export function wantedBy(members: Members): Wanted {
  const wanted: Wanted = { kinds: { builds: {}, boots: {}, tests: {} } };
  for (const [name, values] of Object.entries(members)) {
    const [, field = "", operator] = /^filter_(.*?)(?:_\[([a-z]+)\])?$/.exec(name) ?? [];
    const add = (present: Set<string> | undefined): Set<string> => new Set([...(present ?? []), ...values]);
    if (field === "architecture") wanted.architecture = add(wanted.architecture);
    else if (field === "compiler") wanted.compiler = add(wanted.compiler);
    else if (field === "config_name") wanted.config = add(wanted.config);
    else if (field === "test.hardware") wanted.hardware = add(wanted.hardware);
    else if (field === "test.lab") wanted.labs = add(wanted.labs);
    else if (field === "duration") limit(wanted.kinds.builds, values, operator);
    else {
      const [prefix = "", rest] = field.split(".");
      const kind = KIND_OF[prefix];
      if (kind === undefined) continue;
      const of = wanted.kinds[kind];
      if (rest === "status") of.statuses = new Set([...add(of.statuses)].map((value) => value.toUpperCase()));
      else if (rest === "origin") of.origins = add(of.origins);
      else if (rest === "duration") limit(of, values, operator);
      else if (rest === "issue") of.issues = new Set([...(of.issues ?? []), ...values.map(issuePair)]);
      else if (kind !== "builds" && rest === "platform") of.platforms = add(of.platforms);
      else if (kind !== "builds" && rest === "path") of.path = values.at(-1) ?? "";
    }
  }
  return wanted;
}

function limit(of: KindWanted, values: string[], operator: string | undefined): void {
  const text = (values.at(-1) ?? "").trim();
  of[operator === "lte" ? "max" : "min"] =
    text === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
}

function issuePair(value: string): string {
  if (value === "Uncategorized") return UNCATEGORIZED;
  const comma = value.lastIndexOf(",");
  const version = value.slice(comma + 1).trim();
  return `${value.slice(0, comma)},${version === "null" ? version : Number(version.replaceAll("_", ""))}`;
}

function isIn(value: string, set: Set<string> | undefined): boolean {
  return set === undefined || set.has(value);
}

function meet(values: Iterable<string>, set: Set<string> | undefined): boolean {
  return set === undefined || [...values].some((value) => set.has(value));
}

/** The global filters. */
export function passesRecord(wanted: Wanted, item: Item): boolean {
  if (item.through !== undefined) return item.through.some((test) => passesRecord(wanted, test));
  return (
    isIn(item.architecture, wanted.architecture) &&
    isIn(item.compiler, wanted.compiler) &&
    isIn(item.config, wanted.config) &&
    meet(item.hardwareNames, wanted.hardware) &&
    meet(item.labs, wanted.labs)
  );
}

/** Of the filters of the item's own kind, those that say which items are meant. */
export function passesIdentity(wanted: Wanted, item: Item): boolean {
  const of = wanted.kinds[item.kind];
  if (!isIn(item.origin, of.origins)) return false;
  return item.kind === "builds" || (item.path.includes(of.path ?? "") && isIn(item.platform, of.platforms));
}

/**
 * Of the filters of the item's own kind, those that say how it ended.
 *
 * @param statusAs the form in which statuses are compared
 */
export function passesOutcome(
  wanted: Wanted,
  item: Item,
  statusAs: (status: string) => string = (status) => status,
): boolean {
  const of = wanted.kinds[item.kind];
  const statuses = of.statuses && new Set([...of.statuses].map(statusAs));
  if (!isIn(statusAs(item.status), statuses)) return false;
  if (of.min !== undefined && !(item.duration !== null && item.duration >= of.min)) return false;
  if (of.max !== undefined && !(item.duration !== null && item.duration <= of.max)) return false;
  return of.issues === undefined || passesIssues(of.issues, item);
}

function passesIssues(issues: Set<string>, item: Item): boolean {
  const isKnown = item.known.some((key) => issues.has(key));
  if (item.kind !== "builds")
    return isKnown || (issues.has(UNCATEGORIZED) && item.status === "FAIL" && item.known.length === 0);
  if (item.status !== "FAIL" && item.status !== "NULL") return false;
  return isKnown || (issues.has(UNCATEGORIZED) && item.known.length === 0);
}

/** The items that stay. */
export function kept(wanted: Wanted, items: Item[]): Item[] {
  return items.filter(
    (item) => passesRecord(wanted, item) && passesIdentity(wanted, item) && passesOutcome(wanted, item),
  );
}

export function idsByKind(items: Item[]): Record<Kind, string[]> {
  const [builds, boots, tests] = KINDS.map((kind) =>
    items.filter((item) => item.kind === kind).map(({ id }) => id),
  );
  return { builds: builds ?? [], boots: boots ?? [], tests: tests ?? [] };
}
