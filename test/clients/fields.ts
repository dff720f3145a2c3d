/** What clients read of answers; answers may have more. */
import { Type, type TObject, type TSchema } from "typebox";

export const Text = Type.String();
export const TextOrNull = Type.Union([Type.String(), Type.Null()]);
export const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);
export const TextsOrNull = Type.Union([Type.Array(Type.String()), Type.Null()]);
/** As `new Date` of every browser understands it. */
export const Time = Type.String({ pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$` });
export const TimeOrNull = Type.Union([Time, Type.Null()]);
export const BooleanOrNull = Type.Union([Type.Boolean(), Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

const all = (names: readonly string[], schema: TSchema): TObject =>
  Type.Object(Object.fromEntries(names.map((name) => [name, schema])));

/** An object with these members, all texts or null. */
export const texts = (...names: string[]): TObject => all(names, TextOrNull);

export const Counts = all(["PASS", "FAIL", "ERROR", "SKIP", "MISS", "DONE", "NULL"], Count);
export const LowerCounts = all(["pass", "fail", "error", "skip", "miss", "done", "null"], Count);
export const LongCounts = all(
  ["pass", "fail", "error", "skip", "miss", "done", "null"].map((status) => `${status}_count`),
  Count,
);
export const ListingCounts = all(["PASS", "FAIL", "INCONCLUSIVE"], Count);

/** Statuses are put into upper case by clients, so there is always one. */
const Status = Type.Enum(["PASS", "FAIL", "ERROR", "SKIP", "MISS", "DONE", "NULL"]);

export const Issue = Type.Object({
  id: Text,
  version: Type.Integer(),
  comment: TextOrNull,
  report_url: TextOrNull,
  incidents_info: Counts,
});

export const BuildItem = Type.Object({
  id: Text,
  config_name: Text,
  architecture: Text,
  compiler: Text,
  status: Status,
  start_time: TimeOrNull,
  duration: NumberOrNull,
  log_url: TextOrNull,
  config_url: TextOrNull,
  git_repository_branch: TextOrNull,
  misc: Type.Union([Type.Object({}), Type.Null()]),
});

export const TestItem = Type.Object({
  id: Text,
  path: Text,
  status: Status,
  start_time: TimeOrNull,
  duration: NumberOrNull,
  environment_compatible: TextsOrNull,
  environment_misc: Type.Object({ platform: Text }),
  lab: Text,
  config: Text,
  architecture: Text,
  compiler: Text,
  log_url: TextOrNull,
});

/** On pieces of hardware paths are shown as they are stored. */
export const HardwareTestItem = Type.Object({
  ...TestItem.properties,
  path: TextOrNull,
  tree_name: TextOrNull,
  git_repository_branch: TextOrNull,
});

const map = (schema: TSchema): TSchema => Type.Record(Type.String(), schema);
const IssuePairs = Type.Array(Type.Tuple([Text, Type.Union([Type.Integer(), Type.Null()])]));

const LocalFilters = Type.Object({
  issues: IssuePairs,
  origins: Type.Array(Text),
  has_unknown_issue: Type.Boolean(),
  labs: Type.Array(Text),
});

const common = {
  status: Counts,
  origins: map(Counts),
  configs: map(Counts),
  labs: map(Counts),
  issues: Type.Array(Issue),
  unknown_issues: Count,
};

const TestSummary = Type.Object({
  ...common,
  architectures: Type.Array(Type.Object({ arch: Text, compiler: Text, status: Counts })),
  fail_reasons: map(Count),
  failed_platforms: Type.Array(Text),
});

const SparseCounts = Type.Union([map(Type.Partial(Counts)), Type.Null()]);
const TreeTestSummary = Type.Object({
  ...TestSummary.properties,
  environment_compatible: SparseCounts,
  environment_misc: SparseCounts,
});

const BuildSummary = Type.Object({
  ...common,
  architectures: map(Type.Object({ ...Counts.properties, compilers: Type.Array(Text) })),
});

const allFilters = {
  all: Type.Object({
    configs: Type.Array(Text),
    architectures: Type.Array(Text),
    compilers: Type.Array(Text),
  }),
  builds: LocalFilters,
};

export const TreeSummary = Type.Object({
  summary: Type.Object({ builds: BuildSummary, boots: TreeTestSummary, tests: TreeTestSummary }),
  common: Type.Object({ tree_url: Text, hardware: Type.Array(Text), git_commit_tags: TextsOrNull }),
  filters: Type.Object({ ...allFilters, boots: LocalFilters, tests: LocalFilters }),
});

const HardwareLocalFilters = Type.Object({ ...LocalFilters.properties, platforms: Type.Array(Text) });

export const HardwareSummary = Type.Object({
  summary: Type.Object({ builds: BuildSummary, boots: TestSummary, tests: TestSummary }),
  common: Type.Object({
    compatibles: Type.Array(Text),
    trees: Type.Array(
      Type.Object({
        index: Text,
        origin: Text,
        ...texts("tree_name", "git_repository_branch", "git_repository_url").properties,
        ...texts("head_git_commit_name", "head_git_commit_hash").properties,
        head_git_commit_tag: TextsOrNull,
        selected_commit_status: Type.Object({ builds: Counts, boots: Counts, tests: Counts }),
      }),
    ),
  }),
  filters: Type.Object({ ...allFilters, boots: HardwareLocalFilters, tests: HardwareLocalFilters }),
});

export const HistoryItem = Type.Object({
  git_commit_hash: Text,
  git_commit_name: TextOrNull,
  git_commit_tags: TextsOrNull,
  earliest_start_time: Time,
  builds: Counts,
  boots: LowerCounts,
  tests: LowerCounts,
});

export const IncidentPlace = Type.Object({
  first_seen: TimeOrNull,
  issue_version: Type.Union([Type.Integer(), Type.Null()]),
  ...texts("tree_name", "git_repository_branch", "git_repository_url", "git_commit_hash").properties,
  ...texts("git_commit_name").properties,
});

export const IssueDetails = Type.Object({
  id: Text,
  version: Type.Integer(),
  origin: Text,
  ...texts("comment", "report_url", "report_subject").properties,
  culprit_code: BooleanOrNull,
  culprit_tool: BooleanOrNull,
  culprit_harness: BooleanOrNull,
  categories: TextsOrNull,
  misc: Type.Unknown(),
  extra: map(
    Type.Object({
      first_incident: IncidentPlace,
      last_incident: IncidentPlace,
      versions: map(Type.Object({ id: Text, version: Type.Integer(), tags: Type.Array(Text) })),
    }),
  ),
});

export interface StatusCounts {
  PASS: number;
  FAIL: number;
  [status: string]: number;
}

export interface Summaries {
  builds: { status: StatusCounts; issues: { id: string; version: number }[] };
  boots: { status: StatusCounts; issues: { id: string; version: number }[] };
  tests: { status: StatusCounts; issues: { id: string; version: number }[] };
}

/** Seven counters as listings show them: three. */
export function grouped({ PASS, FAIL, ...others }: StatusCounts): Record<string, number> {
  return { PASS, FAIL, INCONCLUSIVE: Object.values(others).reduce((sum, count) => sum + count, 0) };
}

/** Sum of all counters. */
export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
