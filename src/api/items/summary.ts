/** Summaries and filter options, put together from counts (chapter 03, sections 2.4 to 2.6). */
import type { Static } from "typebox";
import type { Filters } from "../../filters/filters.ts";
import { STATUSES, type ItemStatus, type StatusCount } from "../shapes.ts";
import type { Block, CountRow, Counts, IssueRow, Kind } from "./counts.ts";
import type { BuildSummary, DetailsFilters, HardwareDetailsFilters, Summary, TestSummary } from "./shapes.ts";

type StatusCounts = Static<typeof StatusCount>;
type Sparse = Partial<StatusCounts>;

const FAILING: readonly ItemStatus[] = ["ERROR", "FAIL", "MISS"];
const UNKNOWN = "Unknown";

/** All seven counters, at zero. */
export function noItems(): StatusCounts {
  return { PASS: 0, ERROR: 0, FAIL: 0, SKIP: 0, MISS: 0, DONE: 0, NULL: 0 };
}

/** An object for names out of data, which may be called anything, `__proto__` too. */
function dictionary<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** An object with its members in the order of their names: equal content is equal text, whatever order it was counted in. */
function inOrder<T>(members: Record<string, T>): Record<string, T> {
  const ordered = dictionary<T>();
  for (const [name, value] of Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)))
    ordered[name] = value;
  return ordered;
}

/** Texts in the order of their code points, each once. */
export function sortedSet(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort(byCodePoint);
}

/** As sorting by UTF-8 bytes does, without making these. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place++) {
    const [one, other] = [a.charCodeAt(place), b.charCodeAt(place)];
    if (one !== other) return codePointOrder(one) - codePointOrder(other);
  }
  return a.length - b.length;
}

/** Halves of code points beyond 16 bits come after all others. */
function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** The summary's three blocks for a tree: platforms and compatibles are told apart. */
export function treeSummary(counts: Counts, filters: Filters): Static<typeof Summary> {
  return {
    builds: buildSummary(counts, filters),
    boots: { ...testSummary(counts, filters, "boots"), ...byHardware(counts, "boots"), platforms: null },
    tests: { ...testSummary(counts, filters, "tests"), ...byHardware(counts, "tests"), platforms: null },
  };
}

/** The summary's three blocks for a piece of hardware: tests are counted by platform. */
export function hardwareSummary(counts: Counts, filters: Filters): Static<typeof Summary> {
  const ofKind = (kind: "boots" | "tests"): Static<typeof TestSummary> => ({
    ...testSummary(counts, filters, kind),
    environment_compatible: null,
    environment_misc: null,
    platforms: byKey(kept(counts, kind, "hardware"), 1),
  });
  return { builds: buildSummary(counts, filters), boots: ofKind("boots"), tests: ofKind("tests") };
}

/** What can be chosen in filters: all that is in scope, whatever is filtered. */
export function treeOptions(counts: Counts): Static<typeof DetailsFilters> {
  return {
    all: globalOptions(counts),
    builds: localOptions(counts, "builds"),
    boots: localOptions(counts, "boots"),
    tests: localOptions(counts, "tests"),
  };
}

/** The same for a piece of hardware, with its platforms. */
export function hardwareOptions(counts: Counts): Static<typeof HardwareDetailsFilters> {
  const { all, builds, boots, tests } = treeOptions(counts);
  return {
    all,
    builds,
    boots: { ...boots, platforms: keys(counts, "hardware", ["boots"], 1) },
    tests: { ...tests, platforms: keys(counts, "hardware", ["tests"], 1) },
  };
}

/** What tests in scope are counted under on trees. */
export function hardwareKeys(counts: Counts): string[] {
  return keys(counts, "hardware", ["boots", "tests"]);
}

function buildSummary(counts: Counts, filters: Filters): Static<typeof BuildSummary> {
  const architectures = dictionary<Static<typeof BuildSummary>["architectures"][string]>();
  for (const [, , [architecture = UNKNOWN, compiler = UNKNOWN], status, , items] of kept(
    counts,
    "builds",
    "build",
  )) {
    const entry = (architectures[architecture] ??= { ...noItems(), compilers: [] });
    entry[status] += items;
    entry.compilers = sortedSet([...entry.compilers, compiler]);
  }
  return {
    status: total(counts, "builds"),
    origins: byKey(kept(counts, "builds", "origin")),
    architectures: inOrder(architectures),
    configs: byKey(kept(counts, "builds", "build"), 2),
    labs: byKey(kept(counts, "builds", "lab")),
    issues: issues(counts, filters, "builds"),
    unknown_issues: unknownIssues(counts, "builds").kept,
  };
}

type CommonTestSummary = Omit<
  Static<typeof TestSummary>,
  "environment_compatible" | "environment_misc" | "platforms"
>;

function testSummary(counts: Counts, filters: Filters, kind: "boots" | "tests"): CommonTestSummary {
  const failed = kept(counts, kind, "hardware").filter(([, , , status]) => FAILING.includes(status));
  const reasons = dictionary<number>();
  for (const [, , [reason = UNKNOWN], , , items] of kept(counts, kind, "reason"))
    reasons[reason] = (reasons[reason] ?? 0) + items;
  return {
    status: total(counts, kind),
    origins: byKey(kept(counts, kind, "origin")),
    architectures: testArchitectures(counts, kind),
    configs: byKey(kept(counts, kind, "build"), 2),
    labs: byKey(kept(counts, kind, "lab")),
    issues: issues(counts, filters, kind),
    unknown_issues: unknownIssues(counts, kind).kept,
    fail_reasons: inOrder(reasons),
    failed_platforms: sortedSet(failed.map(([, , [, platform = UNKNOWN]]) => platform)),
  };
}

function testArchitectures(
  counts: Counts,
  kind: "boots" | "tests",
): Static<typeof TestSummary>["architectures"] {
  const entries = new Map<string, Static<typeof TestSummary>["architectures"][number]>();
  for (const [, , [arch = UNKNOWN, compiler = UNKNOWN], status, , items] of kept(counts, kind, "build")) {
    const key = JSON.stringify([arch, compiler]);
    const entry = entries.get(key) ?? { arch, compiler, status: noItems() };
    entry.status[status] += items;
    entries.set(key, entry);
  }
  return [...entries.values()].sort(
    (a, b) => byCodePoint(a.arch, b.arch) || byCodePoint(a.compiler, b.compiler),
  );
}

/** A test counts under its compatible when it has one, else under its platform. */
function byHardware(
  counts: Counts,
  kind: "boots" | "tests",
): { environment_compatible: Record<string, Sparse>; environment_misc: Record<string, Sparse> } {
  const compatibles = dictionary<StatusCounts>();
  const platforms = dictionary<StatusCounts>();
  for (const [, , [key = UNKNOWN, platform = UNKNOWN], status, , items] of kept(counts, kind, "hardware")) {
    const isCompatible = key !== UNKNOWN && key !== platform;
    const entry = isCompatible ? (compatibles[key] ??= noItems()) : (platforms[platform] ??= noItems());
    entry[status] += items;
  }
  const sparse = (counters: Record<string, StatusCounts>): Record<string, Sparse> => {
    const members = dictionary<Sparse>();
    for (const [name, counter] of Object.entries(counters)) members[name] = withoutZeros(counter);
    return inOrder(members);
  };
  return { environment_compatible: sparse(compatibles), environment_misc: sparse(platforms) };
}

function kept(counts: Counts, kind: Kind, block: Block): CountRow[] {
  return counts.rows(kind, block).filter(([, , , , , items]) => items > 0);
}

/** Counters by one of the keys. */
function byKey(rows: CountRow[], place = 0): Record<string, StatusCounts> {
  const counters = dictionary<StatusCounts>();
  for (const [, , of, status, , items] of rows)
    (counters[of[place] ?? UNKNOWN] ??= noItems())[status] += items;
  return inOrder(counters);
}

function total(counts: Counts, kind: Kind): StatusCounts {
  const sum = noItems();
  for (const [, , , status, , items] of kept(counts, kind, "origin")) sum[status] += items;
  return sum;
}

/** Items of a kind whose known issues matter: of builds, those that did not end well. */
function withKnownIssues(counts: Counts, kind: Kind): readonly CountRow[] {
  const rows = counts.rows(kind, "known");
  return kind === "builds" ? rows.filter(([, , , status]) => status === "FAIL" || status === "NULL") : rows;
}

/** Known issues of kept items, the newest first; with a filter on the kind's issues, those that it names. */
function issues(counts: Counts, filters: Filters, kind: Kind): Static<typeof BuildSummary>["issues"] {
  const wanted = filters[kind].issues?.versions;
  const numbers = new Map<string, StatusCounts>();
  for (const [, , known, status, , items] of withKnownIssues(counts, kind)) {
    if (items === 0) continue;
    for (const version of known) {
      if (wanted !== undefined && !wanted.includes(version)) continue;
      const sum = numbers.get(version) ?? noItems();
      sum[status] += items;
      numbers.set(version, sum);
    }
  }
  const details = new Map(counts.issues.map((issue) => [`${issue[0]},${issue[1]}`, issue]));
  return [...details.entries()]
    .sort(([, a], [, b]) => newestFirst(a, b))
    .flatMap(([key, [id, version, , comment, report_url]]) => {
      const incidents_info = numbers.get(key);
      return incidents_info === undefined ? [] : [{ id, version, comment, report_url, incidents_info }];
    });
}

function newestFirst([idA, versionA, timeA]: IssueRow, [idB, versionB, timeB]: IssueRow): number {
  if (timeA !== timeB) return (timeB ?? -Infinity) - (timeA ?? -Infinity);
  return byCodePoint(idA, idB) || versionB - versionA;
}

/** Failed items without a known issue. */
function unknownIssues(counts: Counts, kind: Kind): { inScope: number; kept: number } {
  const sum = { inScope: 0, kept: 0 };
  for (const [, , known, status, inScope, items] of withKnownIssues(counts, kind)) {
    if (known.length > 0 || status !== "FAIL") continue;
    sum.inScope += inScope;
    sum.kept += items;
  }
  return sum;
}

/** Values of one of the keys in scope, kept or not. */
function keys(counts: Counts, block: Block, kinds: Kind[], place = 0): string[] {
  const values = new Set<string>();
  for (const kind of kinds) for (const [, , of] of counts.rows(kind, block)) values.add(of[place] ?? UNKNOWN);
  return sortedSet(values);
}

function globalOptions(counts: Counts): Static<typeof DetailsFilters>["all"] {
  const all: Kind[] = ["builds", "boots", "tests"];
  return {
    configs: keys(counts, "build", all, 2),
    architectures: keys(counts, "build", all),
    compilers: keys(counts, "build", all, 1),
  };
}

function localOptions(counts: Counts, kind: Kind): Static<typeof DetailsFilters>["builds"] {
  const known = new Set(withKnownIssues(counts, kind).flatMap(([, , versions]) => versions));
  const ofKind = new Map(counts.issues.map(([id, version]) => [`${id},${version}`, { id, version }]));
  return {
    issues: [...ofKind.entries()]
      .filter(([version]) => known.has(version))
      .map(([, issue]) => issue)
      .sort((a, b) => byCodePoint(a.id, b.id) || a.version - b.version)
      .map(({ id, version }) => [id, version]),
    origins: keys(counts, "origin", [kind]),
    has_unknown_issue: unknownIssues(counts, kind).inScope > 0,
    labs: keys(counts, "lab", [kind]),
  };
}

/** Counters with the statuses that occurred. */
export function withoutZeros(counters: StatusCounts): Sparse {
  return Object.fromEntries(
    STATUSES.filter((status) => counters[status] > 0).map((status) => [status, counters[status]]),
  );
}
