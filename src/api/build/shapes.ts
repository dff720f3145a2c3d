import { Type } from "typebox";
import {
  JsonValue,
  Nullable,
  NullableFiles,
  NullableObject,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  Status,
} from "../shapes.ts";

export const BuildPath = Type.Object({
  build_id: Type.String({ description: "id of the build", examples: ["maestro:67b62592f7707533c0ff7a95"] }),
});

const Duration = Nullable(Type.Number({ description: "seconds" }));

export const BuildDetails = Type.Object({
  id: Type.String(),
  origin: Nullable(
    Type.String({ description: "origin of the build's checkout; null when that has not arrived" }),
  ),
  architecture: NullableString,
  config_name: NullableString,
  misc: NullableObject,
  config_url: NullableString,
  compiler: NullableString,
  status: Status,
  duration: Duration,
  log_url: NullableString,
  start_time: NullableTimestamp,
  git_repository_url: NullableString,
  git_repository_branch: NullableString,
  checkout_id: Type.String(),
  command: NullableString,
  comment: NullableString,
  tree_name: NullableString,
  git_commit_hash: NullableString,
  git_commit_name: NullableString,
  git_commit_tags: NullableStrings,
  log_excerpt: NullableString,
  input_files: NullableFiles,
  output_files: NullableFiles,
  build_origin: Type.String({ description: "origin of the build itself" }),
});

export const BuildTests = Type.Array(
  Type.Object({
    id: Type.String(),
    status: Status,
    duration: Duration,
    path: NullableString,
    start_time: NullableTimestamp,
    environment_compatible: NullableStrings,
    environment_misc: JsonValue,
    lab: Nullable(Type.String({ description: "where the test ran" })),
  }),
  { description: "by start time, tests without one last" },
);
