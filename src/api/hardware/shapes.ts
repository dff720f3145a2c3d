/** Parameters and answers of the hardware lists and of the commit history (chapter 05, sections 4 to 6 and 10). */
import { Type } from "typebox";
import { datetimeParameter } from "../../http/parameters.ts";
import {
  BranchName,
  CommitHash,
  DEFAULT_ORIGIN,
  ListingStatusCount,
  Nullable,
  NullableString,
  NullableStrings,
  RepositoryUrl,
  StatusCount,
  Timestamp,
  TreeName,
} from "../shapes.ts";
import { WINDOW_KEYS } from "./body.ts";

const testOrigin = Type.String({
  default: DEFAULT_ORIGIN,
  description: "CI system that submitted the tests",
});

export const HardwareListingQuery = Type.Object({
  startTimestampInSeconds: datetimeParameter("checkouts are not older"),
  endTimestampInSeconds: datetimeParameter("checkouts are not newer"),
  origin: testOrigin,
  commitsList: Type.Optional(
    Type.String({
      description: "commit hashes or tags, separated by commas; the newest commit of each tree when absent",
      examples: ["v6.12,7e39477098b50156535c8f910fee50d6dac2a793"],
    }),
  ),
});

const hardwareNames = {
  platform: Type.String(),
  hardware: Nullable(
    Type.Array(Type.String(), {
      description: "compatibles of the platform, those of its newest checkout first; null when none is known",
    }),
  ),
};

export const HardwareListing = Type.Object({
  hardware: Type.Array(
    Type.Object({
      ...hardwareNames,
      build_status_summary: ListingStatusCount,
      boot_status_summary: ListingStatusCount,
      test_status_summary: ListingStatusCount,
    }),
  ),
});

export const HardwareByRevisionQuery = Type.Object({
  origin: testOrigin,
  tree_name: TreeName,
  git_repository_url: RepositoryUrl,
  git_repository_branch: BranchName,
  git_commit_hash: CommitHash,
});

export const HardwareByRevision = Type.Object({
  hardware: Type.Array(
    Type.Object({
      ...hardwareNames,
      build_status_summary: StatusCount,
      boot_status_summary: StatusCount,
      test_status_summary: StatusCount,
    }),
  ),
});

export const HardwareSelectorsQuery = Type.Object({
  origin: Type.String({
    default: DEFAULT_ORIGIN,
    description: "CI system that submitted the builds; of aspeed and ti, the tests",
  }),
});

export const HardwareSelectors = Type.Object({
  trees: Type.Array(
    Type.Object({
      tree_name: Type.String(),
      branches: Type.Array(
        Type.Object({
          git_repository_url: Type.String(),
          git_repository_branch: Type.String(),
          revisions: Type.Array(
            Type.Object({
              git_commit_hash: Type.String(),
              git_commit_name: NullableString,
              start_time: Timestamp,
            }),
            { description: "newest first" },
          ),
        }),
      ),
    }),
  ),
});

export const HardwarePath = Type.Object({
  hardware_id: Type.String({
    description: "a platform or a compatible",
    examples: ["amlogic,g12b", "meson-g12b-a311d-khadas-vim3"],
  }),
});

export const CommitHead = Type.Object({
  treeName: Type.String({ description: "empty for none, as are URL and branch" }),
  repositoryUrl: Type.String(),
  branch: Type.String(),
  commitHash: Type.String(),
});

export const CommitHistoryBody = Type.Object({
  ...WINDOW_KEYS,
  commitHeads: Type.Array(CommitHead, { description: "the newest commit of each tree that is of interest" }),
});

export const CommitHistory = Type.Object({
  commit_history_table: Type.Record(
    Type.String({ description: "treeName-repositoryUrl-branch" }),
    Type.Array(
      Type.Object({
        git_commit_hash: Type.String(),
        tree_name: NullableString,
        git_repository_branch: NullableString,
        git_repository_url: NullableString,
        git_commit_tags: NullableStrings,
        git_commit_name: NullableString,
        start_time: Timestamp,
      }),
      { description: "newest first" },
    ),
  ),
});
