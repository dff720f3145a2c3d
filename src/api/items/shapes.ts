/** Schemas of details of trees and hardware (chapter 03, sections 2.2 to 2.6). */
import { Type } from "typebox";
import {
  Nullable,
  CountedIssue,
  NullableObject,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  Status,
  StatusCount,
} from "../shapes.ts";

const CountsByName = Type.Record(Type.String(), StatusCount);

const SparseCount = Type.Partial(StatusCount, { description: "items by status; only those that occurred" });

const SparseCountsByName = Nullable(Type.Record(Type.String(), SparseCount));

export const BuildSummary = Type.Object({
  status: StatusCount,
  origins: CountsByName,
  architectures: Type.Record(
    Type.String(),
    Type.Object({ ...StatusCount.properties, compilers: Type.Array(Type.String()) }),
  ),
  configs: CountsByName,
  labs: CountsByName,
  issues: Type.Array(CountedIssue),
  unknown_issues: Type.Integer({ description: "failed builds without a known issue" }),
});

export const TestSummary = Type.Object({
  status: StatusCount,
  origins: CountsByName,
  architectures: Type.Array(
    Type.Object({ arch: Type.String(), compiler: Type.String(), status: StatusCount }),
  ),
  configs: CountsByName,
  issues: Type.Array(CountedIssue),
  unknown_issues: Type.Integer({ description: "failed tests without a known issue" }),
  fail_reasons: Type.Record(Type.String(), Type.Integer()),
  failed_platforms: Type.Array(Type.String()),
  environment_compatible: SparseCountsByName,
  environment_misc: SparseCountsByName,
  platforms: Nullable(CountsByName),
  labs: CountsByName,
});

export const Summary = Type.Object({ builds: BuildSummary, boots: TestSummary, tests: TestSummary });

const GlobalFilters = Type.Object({
  configs: Type.Array(Type.String()),
  architectures: Type.Array(Type.String()),
  compilers: Type.Array(Type.String()),
});

const LOCAL_FILTERS = {
  issues: Type.Array(
    Type.Tuple([Type.String({ description: "issue id" }), Type.Integer({ description: "issue version" })]),
  ),
  origins: Type.Array(Type.String()),
  has_unknown_issue: Type.Boolean(),
  labs: Type.Array(Type.String()),
};

const LocalFilters = Type.Object(LOCAL_FILTERS);
const TestLocalFilters = Type.Object({ ...LOCAL_FILTERS, platforms: Type.Array(Type.String()) });

/** What can be chosen in filters of a tree's commit. */
export const DetailsFilters = Type.Object({
  all: GlobalFilters,
  builds: LocalFilters,
  boots: LocalFilters,
  tests: LocalFilters,
});

/** What can be chosen in filters of a piece of hardware. */
export const HardwareDetailsFilters = Type.Object({
  all: GlobalFilters,
  builds: LocalFilters,
  boots: TestLocalFilters,
  tests: TestLocalFilters,
});

const BUILD_MEMBERS = {
  id: Type.String(),
  origin: Type.String(),
  architecture: Type.String(),
  config_name: Type.String(),
  config_url: NullableString,
  compiler: Type.String(),
  status: Status,
  duration: Nullable(Type.Number({ description: "seconds" })),
  log_url: NullableString,
  start_time: NullableTimestamp,
  git_repository_url: NullableString,
  git_repository_branch: NullableString,
};

export const TreeBuild = Type.Object({ ...BUILD_MEMBERS, misc: NullableObject });

export const HardwareBuild = Type.Object({
  ...BUILD_MEMBERS,
  misc: Nullable(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Array(Type.Unknown())])),
  tree_name: NullableString,
  issue_id: NullableString,
  issue_version: Nullable(Type.Integer()),
});

const TEST_MEMBERS = {
  id: Type.String(),
  origin: Type.String(),
  status: Status,
  duration: Nullable(Type.Number({ description: "seconds" })),
  start_time: NullableTimestamp,
  environment_compatible: NullableStrings,
  config: Type.String(),
  log_url: NullableString,
  architecture: Type.String(),
  compiler: Type.String(),
  environment_misc: Type.Object({ platform: Type.String() }, { additionalProperties: true }),
  lab: Type.String(),
};

export const TreeTest = Type.Object({ ...TEST_MEMBERS, path: Type.String() });

export const HardwareTest = Type.Object({
  ...TEST_MEMBERS,
  path: NullableString,
  tree_name: NullableString,
  git_repository_branch: NullableString,
});

export const EnvironmentQuery = Type.Object({
  full_environment_misc: Type.Boolean({
    default: false,
    description: "show all of the environment's `misc`, not only the platform",
  }),
});
