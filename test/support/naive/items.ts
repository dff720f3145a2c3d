/**
 * Items in memory: builds, boots and tests with the values that filters see (chapter 03, section 1.4). Written from
 * the chapter alone, and slow on purpose: what the SQL says is held against this.
 */
import type { BuildRow, Tables, TestRow } from "./tables.ts";

export type Kind = "builds" | "boots" | "tests";
export const KINDS: readonly Kind[] = ["builds", "boots", "tests"];

/** In the order of a status block. */
export const STATUSES = ["PASS", "ERROR", "FAIL", "SKIP", "MISS", "DONE", "NULL"] as const;
export type Status = (typeof STATUSES)[number];

export const UNKNOWN = "Unknown";

export interface Item {
  kind: Kind;
  id: string;
  origin: string;
  status: Status;
  architecture: string;
  compiler: string;
  config: string;
  duration: number | null;
  platform: string;
  lab: string;
  /** Issue versions as `<id>,<version>`, each once. */
  known: string[];
  startTime: string | null;
  hardwareNames: Set<string>;
  labs: Set<string>;
  /** Of builds: there is an object that could name a lab. */
  hasMisc: boolean;
  /** Of builds that are there only through tests: these. */
  through: Item[] | undefined;
  /** The rest is of boots and tests. */
  buildId: string;
  path: string;
  compatibles: string[];
  hardwareKey: string;
  failReason: string;
}

/** What is known of a build before its tests are. */
export type BuildValues = Pick<
  Item,
  | "id"
  | "origin"
  | "status"
  | "architecture"
  | "compiler"
  | "config"
  | "duration"
  | "platform"
  | "lab"
  | "hasMisc"
  | "known"
  | "startTime"
>;

/** What is known of a boot or test. */
export type TestValues = Omit<BuildValues, "hasMisc"> & {
  buildId: string;
  storedPath: string | null;
  storedCompatibles: readonly (string | null)[] | null;
  failReason: string;
};

export function isDummy(buildId: string): boolean {
  return buildId.startsWith("maestro:dummy_");
}

export function orUnknown(text: string | null | undefined): string {
  return text === null || text === undefined || text === "" ? UNKNOWN : text;
}

export function statusOf(stored: string | null): Status {
  const upper = (stored ?? "").toUpperCase();
  return STATUSES.find((status) => status === upper) ?? "NULL";
}

/** Architectures and compilers. */
export function trimmed(stored: string | null): string {
  return orUnknown((stored ?? "").replace(/^[ [\]']+/, "").replace(/[ [\]']+$/, ""));
}

export function finite(duration: number | null): number | null {
  return duration !== null && Number.isFinite(duration) ? duration : null;
}

type JsonObject = Record<string, unknown>;

/** A column as an object: one that holds the JSON text of an object counts as well. */
export function objectOf(value: unknown): JsonObject | null {
  if (typeof value === "string") {
    try {
      const parsed: unknown = JSON.parse(value);
      return typeof parsed === "string" ? null : objectOf(parsed);
    } catch {
      return null;
    }
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function objectOfColumn(text: string | null): JsonObject | null {
  return text === null ? null : objectOf(JSON.parse(text) as unknown);
}

export function textMember(object: JsonObject | null, name: string): string {
  const value = object?.[name];
  return orUnknown(typeof value === "string" ? value : null);
}

/** Why a test failed, as `fail_reasons` counts it. */
export function failReasonOf(misc: string | null): string {
  const message = objectOfColumn(misc)?.error_msg;
  if (typeof message === "string" && message !== "") return message;
  return Boolean(message) && message !== "" ? JSON.stringify(message) : "unknown error";
}

export function testItem(values: TestValues): Item {
  const { storedPath, storedCompatibles, ...rest } = values;
  const path = orUnknown(storedPath);
  const isBoot = storedPath !== null && (storedPath === "boot" || storedPath.startsWith("boot."));
  const compatibles = (storedCompatibles ?? []).filter((name) => name !== null && name !== "") as string[];
  const names = new Set(compatibles);
  if (values.platform.toLowerCase() !== "unknown") names.add(values.platform);
  if (names.size === 0) names.add(UNKNOWN);
  return {
    ...rest,
    kind: isBoot ? "boots" : "tests",
    path,
    compatibles,
    hardwareKey: compatibles[0] ?? values.platform,
    hardwareNames: names,
    labs: new Set([values.lab]),
    hasMisc: false,
    through: undefined,
  };
}

/** @param through whether the build is there only through these tests, which may then be but some of its tests */
export function buildItem(values: BuildValues, tests: Item[], through: boolean): Item {
  return {
    ...values,
    kind: "builds",
    hardwareNames: new Set([values.platform, ...tests.flatMap((test) => [...test.hardwareNames])]),
    labs: new Set([values.lab, ...tests.map((test) => test.lab)]),
    through: through ? tests : undefined,
    buildId: values.id,
    path: "",
    compatibles: [],
    hardwareKey: "",
    failReason: "",
  };
}

export function groupedBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

function testOfRow(tables: Tables, row: TestRow): Item {
  const build = tables.builds.get(row.build_id);
  return testItem({
    id: row.id,
    buildId: row.build_id,
    origin: row.origin,
    status: statusOf(row.status),
    architecture: trimmed(build?.architecture ?? null),
    compiler: trimmed(build?.compiler ?? null),
    config: orUnknown(build?.config_name),
    duration: finite(row.duration),
    platform: textMember(objectOfColumn(row.environment_misc), "platform"),
    lab: textMember(objectOfColumn(row.misc), "runtime"),
    known: tables.knownOfTest.get(row.id) ?? [],
    startTime: row.start_time,
    storedPath: row.path,
    storedCompatibles: row.environment_compatible,
    failReason: failReasonOf(row.misc),
  });
}

function buildOfRow(tables: Tables, row: BuildRow, tests: Item[], through: boolean): Item {
  const misc = objectOfColumn(row.misc);
  const values: BuildValues = {
    id: row.id,
    origin: row.origin,
    status: statusOf(row.status),
    architecture: trimmed(row.architecture),
    compiler: trimmed(row.compiler),
    config: orUnknown(row.config_name),
    duration: finite(row.duration),
    platform: textMember(misc, "platform"),
    lab: textMember(misc, "lab"),
    hasMisc: misc !== null,
    known: tables.knownOfBuild.get(row.id) ?? [],
    startTime: row.start_time,
  };
  return buildItem(values, tests, through);
}

/** The items of a commit: the builds of its checkouts and all their tests. */
export function itemsOfCheckouts(tables: Tables, checkouts: string[]): Item[] {
  const builds = [...tables.builds.values()].filter((build) => checkouts.includes(build.checkout_id));
  const ids = new Set(builds.map(({ id }) => id));
  const tests = [...tables.tests.values()]
    .filter((test) => ids.has(test.build_id))
    .map((test) => testOfRow(tables, test));
  const byBuild = groupedBy(tests, ({ buildId }) => buildId);
  return [
    ...builds
      .filter(({ id }) => !isDummy(id))
      .map((row) => buildOfRow(tables, row, byBuild.get(row.id) ?? [], false)),
    ...tests,
  ];
}

/** The items of a piece of hardware below these checkouts: its tests of an origin, and builds through them. */
export function itemsOfHardware(
  tables: Tables,
  checkouts: string[],
  hardware: string,
  origin: string,
): Item[] {
  const tests = [...tables.tests.values()].filter((test) => {
    const checkout = tables.builds.get(test.build_id)?.checkout_id;
    return (
      checkout !== undefined &&
      checkouts.includes(checkout) &&
      test.origin === origin &&
      (test.environment_compatible?.includes(hardware) === true || platformText(test) === hardware)
    );
  });
  const items = tests.map((test) => testOfRow(tables, test));
  const builds = [...groupedBy(items, ({ buildId }) => buildId)].filter(([id]) => !isDummy(id));
  return [
    ...builds.flatMap(([id, through]) => {
      const row = tables.builds.get(id);
      return row === undefined ? [] : [buildOfRow(tables, row, through, true)];
    }),
    ...items,
  ];
}

/** `environment_misc ->> 'platform'`: numbers count as text here, other than in an item's platform. */
function platformText({ environment_misc }: TestRow): string | null {
  const value: unknown = environment_misc === null ? null : JSON.parse(environment_misc);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const platform: unknown = (value as JsonObject).platform;
  if (platform === null || platform === undefined) return null;
  return typeof platform === "string" ? platform : JSON.stringify(platform);
}
