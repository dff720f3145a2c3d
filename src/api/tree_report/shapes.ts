import { Type } from "typebox";
import { integerParameter } from "../../http/parameters.ts";
import {
  DEFAULT_ORIGIN,
  Nullable,
  NullableString,
  NullableTimestamp,
  StatusCount,
  Timestamp,
} from "../shapes.ts";

const MAX_AGE_HOURS = 720;
/** More runs than any test has in that time. */
const ALL_RUNS = 1_000_000;

export const TreeReportQuery = Type.Object({
  origin: Type.String({
    default: DEFAULT_ORIGIN,
    description: "CI system that submitted the checkouts, and the tests of the histories",
  }),
  git_branch: Type.String({ description: "branch of the tree", examples: ["master"] }),
  git_url: Type.String({
    description: "repository of the tree",
    examples: ["https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git"],
  }),
  tree_name: Type.String({ default: "", description: "name of the tree; any when absent or empty" }),
  path: Type.Optional(
    Type.Array(Type.String(), {
      description:
        "SQL LIKE patterns (`%` any text, `_` one character): the histories of tests whose path matches one of them. All tests when absent, as with `%`",
      examples: [["boot", "boot.%"]],
    }),
  ),
  group_size: integerParameter({
    default: 3,
    minimum: 2,
    clamp: ALL_RUNS,
    description: "how many of the latest runs of a test are looked at",
  }),
  min_age_in_hours: integerParameter({
    default: 0,
    minimum: 0,
    description: "how old the newest checkout has to be; less than max_age_in_hours",
  }),
  max_age_in_hours: integerParameter({
    default: 24,
    minimum: 1,
    maximum: MAX_AGE_HOURS,
    description: "how old the newest checkout, and all that the histories are made of, may be",
  }),
});

const LongStatusCount = Type.Object(
  {
    pass_count: Type.Integer(),
    error_count: Type.Integer(),
    fail_count: Type.Integer(),
    skip_count: Type.Integer(),
    miss_count: Type.Integer(),
    done_count: Type.Integer(),
    null_count: Type.Integer(),
  },
  { description: "items by status" },
);

const Run = Type.Object({
  id: Type.String(),
  start_time: NullableTimestamp,
  status: Nullable(
    Type.Enum(["PASS", "ERROR", "FAIL", "SKIP", "MISS", "DONE"], {
      description: "null when there is no verdict",
    }),
  ),
});

/** Objects by name, whatever the names are. */
const byName = <T extends Parameters<typeof Type.Record>[1]>(
  value: T,
  description: string,
): ReturnType<typeof Type.Record<ReturnType<typeof Type.String>, T>> =>
  Type.Record(Type.String(), value, { description });

const Histories = byName(
  byName(
    byName(byName(Type.Array(Run), "the latest runs, newest first, by path"), "by architecture/compiler"),
    "by config",
  ),
  "by platform",
);

const BuildIssue = Type.Object({
  issue_id: Type.String(),
  build_id: Type.String(),
  version: Type.Integer(),
  comment: Type.String(),
  report_url: NullableString,
  culprit_code: Type.Boolean(),
  culprit_tool: Type.Boolean(),
  culprit_harness: Type.Boolean(),
  // when the first incident of any version of the issue came in
  first_seen: NullableTimestamp,
  is_new_issue: Type.Boolean({
    description: "the first incident of any version of the issue is one of this commit",
  }),
});

export const TreeReport = Type.Object({
  dashboard_url: Type.String({ description: "the page of the commit" }),
  git_url: Type.String(),
  git_branch: Type.String(),
  commit_hash: Nullable(Type.String({ description: "null when the newest checkout does not say" })),
  origin: Type.String(),
  checkout_start_time: Timestamp,
  build_status_summary: StatusCount,
  boot_status_summary: LongStatusCount,
  test_status_summary: LongStatusCount,
  possible_regressions: Histories,
  fixed_regressions: Histories,
  unstable_tests: Histories,
  issues: Type.Object({ builds: Type.Array(BuildIssue, { description: "known issues of failed builds" }) }),
});
