/** What a request may filter by (chapter 03, section 1.2), parsed. An absent filter is undefined. */

/** Filters of one kind of items: builds, boots or tests. */
export interface KindFilters {
  /** Of the seven; none when the request only named others, which match nothing. */
  statuses: string[] | undefined;
  /** Seconds, inclusive. */
  minDuration: number | undefined;
  maxDuration: number | undefined;
  issues: IssueFilter | undefined;
  origins: string[] | undefined;
  /** A part of the path; never of builds. */
  path: string | undefined;
  /** Never of builds. */
  platforms: string[] | undefined;
}

export interface IssueFilter {
  /** Issue versions as `<id>,<version>`. */
  versions: string[];
  /** Items that failed without a known issue match as well. */
  uncategorized: boolean;
}

export interface IssueListFilters {
  origins: string[] | undefined;
  culprits: Culprit[] | undefined;
  categories: string[] | undefined;
  /** Only issues with an incident. */
  hasIncident: boolean;
}

export const CULPRITS = ["code", "harness", "tool"] as const;
export type Culprit = (typeof CULPRITS)[number];

export interface Filters {
  /** The global ones, which gate builds, boots and tests alike. */
  architectures: string[] | undefined;
  compilers: string[] | undefined;
  configs: string[] | undefined;
  hardware: string[] | undefined;
  labs: string[] | undefined;
  builds: KindFilters;
  boots: KindFilters;
  tests: KindFilters;
  issueList: IssueListFilters;
  /** Members that ask for a status which does not exist. */
  unknownStatuses: string[];
}

function noKindFilters(): KindFilters {
  return {
    statuses: undefined,
    minDuration: undefined,
    maxDuration: undefined,
    issues: undefined,
    origins: undefined,
    path: undefined,
    platforms: undefined,
  };
}

/** Filters that let everything pass. */
export function noFilters(): Filters {
  return {
    architectures: undefined,
    compilers: undefined,
    configs: undefined,
    hardware: undefined,
    labs: undefined,
    builds: noKindFilters(),
    boots: noKindFilters(),
    tests: noKindFilters(),
    issueList: { origins: undefined, culprits: undefined, categories: undefined, hasIncident: false },
    unknownStatuses: [],
  };
}

/** Builds, boots and tests all pass. */
export function letsAllPass(filters: Filters): boolean {
  const { architectures, compilers, configs, hardware, labs, builds, boots, tests } = filters;
  return [
    ...[architectures, compilers, configs, hardware, labs],
    ...[builds, boots, tests].flatMap((kind) => Object.values<unknown>({ ...kind })),
  ].every((filter) => filter === undefined);
}
