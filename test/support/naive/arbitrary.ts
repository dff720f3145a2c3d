/** Random filters over given values, for property tests. */
import fc from "fast-check";
import type { Kind } from "./items.ts";
import type { Members } from "./predicate.ts";

/** Values that data has; everything else matches nothing. */
export interface FilterValues {
  architectures: string[];
  compilers: string[];
  configs: string[];
  hardware: string[];
  labs: string[];
  statuses: string[];
  origins: string[];
  platforms: string[];
  /** As `<id>,<version>`. */
  issues: string[];
  paths: string[];
  durations: string[];
}

const PREFIXES: [Kind, string][] = [
  ["builds", "build"],
  ["boots", "boot"],
  ["tests", "test"],
];

/** Reads as an issue version, too. */
const NOTHING = "no such value,1";

type Member = [name: string, values: string[]];

/** One value, or several of which any may match; now and then one that nothing has. */
function someOf(values: string[]): fc.Arbitrary<string[]> {
  const present = values.length > 0 ? values : [NOTHING];
  const one = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...present) },
    { weight: 1, arbitrary: fc.constant(NOTHING) },
  );
  return fc.array(one, { minLength: 1, maxLength: 6, size: "max" });
}

function set(field: string, values: string[], more: string[] = []): fc.Arbitrary<Member> {
  const operator = fc.constantFrom("", "", "", "", "_[in]", "_[exact]", "_[gt]");
  return fc.tuple(operator, someOf([...values, ...more])).map(([suffix, some]) => [field + suffix, some]);
}

function duration(field: string, values: string[]): fc.Arbitrary<Member> {
  const operator = fc.constantFrom("", "_[gte]", "_[lte]", "_[gt]", "_[lt]");
  const text = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...values, "0") },
    { weight: 1, arbitrary: fc.constantFrom("", "NaN", " 1.5 ", "-1", "+2.25") },
  );
  return fc.tuple(operator, text).map(([suffix, value]) => [field + suffix, [value]]);
}

/** Valid filters of one to three members. A build's fields never name a path or platform: there are none. */
export function filtersOver(values: FilterValues): fc.Arbitrary<Members> {
  const statuses = values.statuses.flatMap((status) => [status, status.toLowerCase()]);
  const globals = [
    set("architecture", values.architectures),
    set("compiler", values.compilers),
    set("config_name", values.configs),
    set("test.hardware", values.hardware),
    set("test.lab", values.labs),
  ];
  const ofKinds = PREFIXES.flatMap(([kind, prefix]) => [
    // An unknown one is an error to one endpoint.
    fc
      .array(fc.constantFrom(...statuses), { minLength: 1, maxLength: 4, size: "max" })
      .map((some): Member => [`${prefix}.status`, some]),
    set(`${prefix}.origin`, values.origins),
    set(`${prefix}.issue`, values.issues, ["Uncategorized", "Uncategorized,null"]),
    duration(`${prefix}.duration`, values.durations),
    ...(kind === "builds"
      ? []
      : [
          set(`${prefix}.platform`, values.platforms),
          fc.constantFrom(...values.paths, "").map((path): Member => [`${prefix}.path`, [path]]),
        ]),
  ]);
  const member = fc.oneof(
    { weight: 2, arbitrary: fc.oneof(...globals) },
    { weight: 3, arbitrary: fc.oneof(...ofKinds, duration("duration", values.durations)) },
  );
  return fc
    .array(member, { minLength: 1, maxLength: 3, size: "max" })
    .map((members) => Object.fromEntries(members.map(([name, some]) => [`filter_${name}`, some])));
}

/** As a query string. */
export function asQuery(members: Members): URLSearchParams {
  return new URLSearchParams(
    Object.entries(members).flatMap(([name, values]) =>
      values.map((value): [string, string] => [name, value]),
    ),
  );
}
