import { Type } from "typebox";
import { integerParameter } from "../../http/parameters.ts";
import {
  BranchName,
  DEFAULT_ORIGIN,
  HashOrTag,
  ListingStatusCount,
  Nullable,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  StatusCount,
  TreeName,
} from "../shapes.ts";
import { DetailsFilters, Summary, TreeBuild, TreeTest } from "../items/shapes.ts";

/** About 1,900 years: every tree, and still a date that PostgreSQL has. */
const ALL_DAYS = 700_000;

const origin = Type.String({
  default: DEFAULT_ORIGIN,
  description: "CI system that submitted the checkouts",
});

export const TreeListingQuery = Type.Object({
  origin,
  interval_in_days: integerParameter({
    default: 7,
    minimum: 1,
    clamp: ALL_DAYS,
    description: "only trees whose newest checkout is not older",
  }),
});

export const TreeListing = Type.Array(
  Type.Object({
    id: Type.String({ description: "id of the checkout" }),
    build_status: ListingStatusCount,
    boot_status: ListingStatusCount,
    test_status: ListingStatusCount,
    tree_name: NullableString,
    git_commit_tags: NullableStrings,
    origin: Type.String(),
    git_repository_url: NullableString,
    git_repository_branch: NullableString,
    git_commit_hash: NullableString,
    git_commit_name: NullableString,
    start_time: NullableTimestamp,
  }),
);

export const BranchPath = Type.Object({
  tree_name: TreeName,
  git_branch: BranchName,
});

export const TreeLatestQuery = Type.Object({
  origin: Type.Optional(
    Type.String({
      description: `CI system that submitted the checkouts; ${DEFAULT_ORIGIN} when absent`,
      examples: [DEFAULT_ORIGIN],
    }),
  ),
  commit_hash: Type.Optional(
    Type.String({ description: "commit hash or tag; the newest checkout when absent", examples: ["v6.12"] }),
  ),
});

export const TreeLatest = Type.Object({
  git_repository_url: NullableString,
  git_commit_hash: Type.String(),
  git_commit_name: NullableString,
  origin: Type.String(),
  api_url: Type.String({ description: "where the details of this commit are" }),
  old_api_url: Type.String({ description: "the same, by commit hash alone" }),
  tree_name: Type.String(),
  git_repository_branch: Type.String(),
});

/** Tells what was looked for. */
export const TreeNotFound = Type.Object(
  {
    error: Type.String(),
    params: Type.Object({
      tree_name: Type.String(),
      git_branch: Type.String(),
      origin: Type.String(),
      commit_hash: NullableString,
    }),
  },
  { description: "there is no such checkout" },
);

export const CommitPath = Type.Object({
  commit_hash: HashOrTag,
});

export const DirectCommitPath = Type.Object({
  tree_name: TreeName,
  git_branch: BranchName,
  commit_hash: HashOrTag,
});

export const DirectQuery = Type.Object({ origin });

const gitUrl = Type.String({
  description: "repository of the tree; empty for trees without one",
  examples: ["https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git"],
});
const gitBranch = Type.String({
  description: "branch of the tree; empty for trees without one",
  examples: ["master"],
});

/** Lists by commit hash have to say which repository and branch. */
export const ListQuery = Type.Object({ origin, git_url: gitUrl, git_branch: gitBranch });

/** Summaries by commit hash take what is not said as "none". */
export const SummaryQuery = Type.Object({
  origin,
  git_url: Type.Optional(gitUrl),
  git_branch: Type.Optional(gitBranch),
});

export const TreeBuilds = Type.Object({ builds: Type.Array(TreeBuild) });
export const TreeBoots = Type.Object({ boots: Type.Array(TreeTest) });
export const TreeTests = Type.Object({ tests: Type.Array(TreeTest) });

export const TreeSummary = Type.Object({
  common: Type.Object({
    hardware: Type.Array(Type.String(), { description: "what all boots and tests ran on" }),
    tree_url: Type.String(),
    git_commit_tags: NullableStrings,
  }),
  summary: Summary,
  filters: DetailsFilters,
});

export const TreeFull = Type.Object({
  ...TreeSummary.properties,
  tests: Type.Array(TreeTest),
  boots: Type.Array(TreeTest),
  builds: Type.Array(TreeBuild),
});

const LowerStatusCount = Type.Object({
  pass: Type.Integer(),
  error: Type.Integer(),
  fail: Type.Integer(),
  skip: Type.Integer(),
  miss: Type.Integer(),
  done: Type.Integer(),
  null: Type.Integer(),
});

export const CommitHistory = Type.Array(
  Type.Object({
    git_commit_hash: Type.String(),
    git_commit_name: NullableString,
    git_commit_tags: NullableStrings,
    earliest_start_time: NullableTimestamp,
    builds: StatusCount,
    boots: LowerStatusCount,
    tests: LowerStatusCount,
  }),
);

const ORIGIN_REQUIRED = Type.String({
  description: "CI system that submitted the checkouts",
  examples: [DEFAULT_ORIGIN],
});

const HISTORY_PARAMETERS = {
  origin: ORIGIN_REQUIRED,
  start_timestamp_in_seconds: Type.Optional(
    Type.String({
      description: "Unix seconds; only checkouts from then on, when the end is given too",
      examples: ["1790000000"],
    }),
  ),
  end_timestamp_in_seconds: Type.Optional(
    Type.String({
      description: "Unix seconds; only checkouts until then, when the start is given too",
      examples: ["1790604800"],
    }),
  ),
  types: Type.String({
    default: "",
    description: "what is counted, a comma list of builds, boots and tests; all when absent or empty",
    examples: ["builds,tests"],
  }),
  builds_related_to_filtered_tests_only: Type.Boolean({
    default: false,
    description: "count only builds with a boot or test that the filters keep",
  }),
};

/** By tree and branch. */
export const DirectHistoryQuery = Type.Object(HISTORY_PARAMETERS);

/** By hash: what is not said means "none". */
export const HistoryQuery = Type.Object({
  ...HISTORY_PARAMETERS,
  git_url: Type.String({ default: "", description: "repository of the tree" }),
  git_branch: Type.String({ default: "", description: "branch of the tree" }),
});

export const ChosenHistoryQuery = Type.Object({
  ...HistoryQuery.properties,
  tree_name: Type.String({
    default: "",
    description: "name of the tree; with a branch, the repository does not matter",
  }),
  commit_hashes: Type.Optional(
    Type.String({ description: "full hashes, a comma list; required", examples: ["a1c24ab8,0704a15b"] }),
  ),
});

const comparedHash = (side: string): ReturnType<typeof Type.Optional<ReturnType<typeof Type.String>>> =>
  Type.Optional(
    Type.String({ description: `full hash of commit ${side}; required`, examples: ["a1c24ab822793eb5"] }),
  );

export const CompareQuery = Type.Object({ origin, hash_a: comparedHash("A"), hash_b: comparedHash("B") });

const ComparedCounts = Type.Object({
  pass: Type.Integer(),
  fail: Type.Integer(),
  inconclusive: Type.Integer(),
});

const ComparedKind = Type.Object({
  sideA: ComparedCounts,
  sideB: ComparedCounts,
  delta: Type.Object({ pass: Type.Integer(), fail: Type.Integer() }, { description: "B minus A" }),
  changes: Type.Object({
    regression: Type.Integer(),
    fixed: Type.Integer(),
    newFailure: Type.Integer(),
    stillFailing: Type.Integer(),
    newPass: Type.Integer(),
    appeared: Type.Integer(),
    disappeared: Type.Integer(),
  }),
});

export const TreeCompare = Type.Object({
  treeName: Type.String(),
  branch: Type.String(),
  gitUrl: Type.String({ description: "repository of side A, or of B when A has no builds" }),
  summary: Type.Object({ builds: ComparedKind, boots: ComparedKind, tests: ComparedKind }),
});

const GroupedStatus = Nullable(
  Type.Enum(["PASS", "FAIL", "INCONCLUSIVE"], { description: "null where the side has none" }),
);

export const ComparedBuilds = Type.Array(
  Type.Object({
    config_name: Type.String(),
    architecture: Type.String(),
    compiler: Type.String(),
    status_a: GroupedStatus,
    status_b: GroupedStatus,
  }),
);

export const ComparedTests = Type.Array(
  Type.Object({
    path: Type.String(),
    config_name: Type.String(),
    architecture: Type.String(),
    platform: Type.String(),
    status_a: GroupedStatus,
    status_b: GroupedStatus,
  }),
);
