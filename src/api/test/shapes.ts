import { Type } from "typebox";
import { datetimeParameter, integerParameter } from "../../http/parameters.ts";
import {
  DEFAULT_ORIGIN,
  JsonValue,
  Nullable,
  NullableFiles,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  Status,
} from "../shapes.ts";
import { REGRESSION_TYPES } from "./regression.ts";

export const TestPath = Type.Object({
  test_id: Type.String({ description: "id of the test", examples: ["maestro:687b585b2ce2c1874eda7e6b"] }),
});

export const TestDetails = Type.Object({
  field_timestamp: NullableTimestamp,
  id: Type.String(),
  build_id: Type.String(),
  status: Status,
  path: NullableString,
  log_excerpt: NullableString,
  log_url: NullableString,
  misc: JsonValue,
  environment_misc: JsonValue,
  start_time: NullableTimestamp,
  environment_compatible: NullableStrings,
  output_files: NullableFiles,
  input_files: NullableFiles,
  compiler: NullableString,
  architecture: NullableString,
  config_name: NullableString,
  git_commit_hash: NullableString,
  git_repository_branch: NullableString,
  git_repository_url: NullableString,
  git_commit_tags: NullableStrings,
  tree_name: NullableString,
  origin: Nullable(Type.String({ description: "origin of the checkout; null when that has not arrived" })),
  test_origin: Type.String({ description: "origin of the test itself" }),
});

const MAX_GROUP_SIZE = 1000;

export const StatusHistoryQuery = Type.Object({
  path: Type.String({ description: "path of the test", examples: ["boot"] }),
  origin: Type.String({
    default: DEFAULT_ORIGIN,
    description: "CI system that submitted the checkouts",
  }),
  git_repository_url: Type.String({
    description: "of the checkouts",
    examples: ["https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git"],
  }),
  git_repository_branch: Type.String({ description: "of the checkouts", examples: ["master"] }),
  config_name: Type.String({ description: "of the builds", examples: ["defconfig"] }),
  platform: Type.Optional(
    Type.String({
      description: "where the tests ran; when absent, only tests that name no platform",
      examples: ["bcm2711-rpi-4-b"],
    }),
  ),
  current_test_start_time: Type.Optional(
    datetimeParameter("only tests that started at this time or before, ordered by start"),
  ),
  field_timestamp: Type.Optional(
    datetimeParameter("the same by time of ingestion; counts only without current_test_start_time"),
  ),
  group_size: integerParameter({
    default: 10,
    minimum: 1,
    clamp: MAX_GROUP_SIZE,
    description: `how many results; more than ${MAX_GROUP_SIZE} means ${MAX_GROUP_SIZE}`,
  }),
});

export const StatusHistory = Type.Object({
  status_history: Type.Array(
    Type.Object({
      start_time: NullableTimestamp,
      id: Type.String(),
      status: Status,
      git_commit_hash: NullableString,
    }),
    { description: "newest first" },
  ),
  regression_type: Type.Enum([...REGRESSION_TYPES], {
    description:
      "pass and fail: all are so; fixed and regression: changed once; unstable: anything else, a result without verdict included",
  }),
});
