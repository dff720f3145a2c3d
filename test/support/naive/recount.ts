/** Counts items as summaries and options do (chapter 03, sections 1.5, 2.4 and 2.6; chapter 05, section 9.2). */
import { KINDS, STATUSES, UNKNOWN, groupedBy, type Item, type Kind, type Status } from "./items.ts";
import { kept, wantedBy, type Members, type Wanted } from "./predicate.ts";
import type { IssueRow } from "./tables.ts";

/** Where items are shown: the blocks differ in a few members. */
export type View = "tree" | "hardware";
export type SummaryView = "tree" | "hardware full" | "hardware summary";

export type StatusCount = Record<Status, number>;

export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function distinct(values: string[]): string[] {
  return [...new Set(values)].sort(byCodePoint);
}

export function statusCount(items: Item[]): StatusCount {
  const count = Object.fromEntries(STATUSES.map((status) => [status, 0])) as StatusCount;
  for (const { status } of items) count[status]++;
  return count;
}

export function sparseCount(items: Item[]): Partial<StatusCount> {
  return Object.fromEntries(Object.entries(statusCount(items)).filter(([, count]) => count > 0));
}

function grouped<T>(
  items: Item[],
  key: (item: Item) => string,
  count: (items: Item[]) => T,
): Record<string, T> {
  const groups = [...groupedBy(items, key)].sort(([a], [b]) => byCodePoint(a, b));
  return Object.fromEntries(groups.map(([value, of]) => [value, count(of)]));
}

/** Issues of the kept items of a kind; with an issue filter, only those that it names. */
function issueBlocks(
  items: Item[],
  wanted: Set<string> | undefined,
  issues: Map<string, IssueRow>,
): object[] {
  const counted = items
    .filter(({ kind, status }) => kind !== "builds" || status === "FAIL" || status === "NULL")
    .flatMap((item) => item.known.map((key) => ({ key, item })))
    .filter(({ key }) => wanted === undefined || wanted.has(key));
  return [...groupedBy(counted, ({ key }) => key)]
    .flatMap(([key, of]) => {
      const issue = issues.get(key);
      return issue === undefined ? [] : [{ issue, of: of.map(({ item }) => item) }];
    })
    .sort(
      ({ issue: a }, { issue: b }) =>
        byCodePoint(b.time, a.time) || byCodePoint(a.id, b.id) || b.version - a.version,
    )
    .map(({ issue: { id, version, comment, report_url }, of }) => ({
      id,
      version,
      comment,
      report_url,
      incidents_info: statusCount(of),
    }));
}

function unknownIssues(items: Item[]): number {
  return items.filter(({ status, known }) => status === "FAIL" && known.length === 0).length;
}

function buildSummary(items: Item[], wanted: Wanted, issues: Map<string, IssueRow>): object {
  return {
    status: statusCount(items),
    origins: grouped(items, ({ origin }) => origin, statusCount),
    architectures: grouped(
      items,
      ({ architecture }) => architecture,
      (of) => ({ ...statusCount(of), compilers: distinct(of.map(({ compiler }) => compiler)) }),
    ),
    configs: grouped(items, ({ config }) => config, statusCount),
    labs: grouped(
      items.filter(({ hasMisc }) => hasMisc),
      ({ lab }) => lab,
      statusCount,
    ),
    issues: issueBlocks(items, wanted.kinds.builds.issues, issues),
    unknown_issues: unknownIssues(items),
  };
}

function testSummary(
  items: Item[],
  view: SummaryView,
  wanted: Set<string> | undefined,
  issues: Map<string, IssueRow>,
): object {
  const failing = items.filter(({ status }) => ["ERROR", "FAIL", "MISS"].includes(status));
  const isNamed = ({ hardwareKey, platform }: Item): boolean =>
    hardwareKey !== UNKNOWN && hardwareKey !== platform;
  const architectures = Object.values(
    grouped(
      items,
      ({ architecture, compiler }) => `${architecture}\0${compiler}`,
      (of) => ({ arch: of[0]?.architecture, compiler: of[0]?.compiler, status: statusCount(of) }),
    ),
  );
  const platforms = grouped(items, ({ platform }) => platform, statusCount);
  return {
    status: statusCount(items),
    origins: grouped(items, ({ origin }) => origin, statusCount),
    architectures,
    configs: grouped(items, ({ config }) => config, statusCount),
    issues: issueBlocks(items, wanted, issues),
    unknown_issues: unknownIssues(items),
    fail_reasons: grouped(
      failing,
      ({ failReason }) => failReason,
      (of) => of.length,
    ),
    failed_platforms: distinct(failing.map(({ platform }) => platform)),
    labs: grouped(items, ({ lab }) => lab, statusCount),
    ...(view === "tree"
      ? {
          environment_compatible: grouped(
            items.filter(isNamed),
            ({ hardwareKey }) => hardwareKey,
            sparseCount,
          ),
          environment_misc: grouped(
            items.filter((item) => !isNamed(item)),
            ({ platform }) => platform,
            sparseCount,
          ),
          platforms: null,
        }
      : {
          environment_compatible: null,
          environment_misc: null,
          platforms: view === "hardware full" && items.length === 0 ? null : platforms,
        }),
  };
}

function ofKind(items: Item[], kind: Kind): Item[] {
  return items.filter((item) => item.kind === kind);
}

/** The member `summary` for these members of a request. */
export function recountedSummary(
  items: Item[],
  members: Members,
  view: SummaryView,
  issues: Map<string, IssueRow>,
): Record<Kind, object> {
  const wanted = wantedBy(members);
  const left = kept(wanted, items);
  return {
    builds: buildSummary(ofKind(left, "builds"), wanted, issues),
    boots: testSummary(ofKind(left, "boots"), view, wanted.kinds.boots.issues, issues),
    tests: testSummary(ofKind(left, "tests"), view, wanted.kinds.tests.issues, issues),
  };
}

/** The member `filters`: what can be asked for, whatever is. */
export function recountedOptions(items: Item[], view: View, issues: Map<string, IssueRow>): object {
  return {
    all: {
      configs: distinct(items.map(({ config }) => config)),
      architectures: distinct(items.map(({ architecture }) => architecture)),
      compilers: distinct(items.map(({ compiler }) => compiler)),
    },
    ...Object.fromEntries(KINDS.map((kind) => [kind, kindOptions(kind, ofKind(items, kind), view, issues)])),
  };
}

function kindOptions(kind: Kind, items: Item[], view: View, issues: Map<string, IssueRow>): object {
  const withIssues = items.filter(
    ({ status }) => kind !== "builds" || status === "FAIL" || status === "NULL",
  );
  const known = [...new Set(withIssues.flatMap((item) => item.known))].flatMap((key) => {
    const issue = issues.get(key);
    return issue === undefined ? [] : [issue];
  });
  return {
    issues: known
      .sort((a, b) => byCodePoint(a.id, b.id) || a.version - b.version)
      .map(({ id, version }) => [id, version]),
    origins: distinct(items.map(({ origin }) => origin)),
    has_unknown_issue: unknownIssues(items) > 0,
    labs: distinct(items.filter(({ hasMisc }) => kind !== "builds" || hasMisc).map(({ lab }) => lab)),
    ...(kind !== "builds" && view !== "tree"
      ? { platforms: distinct(items.map(({ platform }) => platform)) }
      : {}),
  };
}

/** `common.hardware` of a commit. */
export function recountedHardware(items: Item[]): string[] {
  return distinct(items.filter(({ kind }) => kind !== "builds").map(({ hardwareKey }) => hardwareKey));
}

/** `common.compatibles` of a piece of hardware. */
export function recountedCompatibles(items: Item[], hardware: string): string[] {
  return distinct(items.flatMap(({ compatibles }) => compatibles)).filter((name) => name !== hardware);
}

/** The order of lists: newest known issue last reported first, items without one before all; then newest; then id. */
export function inListOrder(items: Item[], issues: Map<string, IssueRow>): Item[] {
  const newest = ({ known }: Item): string | undefined =>
    known
      .map((key) => issues.get(key)?.time ?? "")
      .sort(byCodePoint)
      .at(-1);
  const descending = (a: string | null | undefined, b: string | null | undefined, none: number): number => {
    if (typeof a !== "string") return typeof b === "string" ? none : 0;
    return typeof b === "string" ? byCodePoint(b, a) : -none;
  };
  return [...items].sort(
    (a, b) =>
      descending(newest(a), newest(b), -1) ||
      descending(a.startTime, b.startTime, 1) ||
      byCodePoint(a.id, b.id),
  );
}
