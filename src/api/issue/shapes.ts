/** Parameters and answers of `/api/issue/...` (chapter 06, sections 3.1 to 3.5). */
import { Type } from "typebox";
import { integerParameter } from "../../http/parameters.ts";
import {
  JsonValue,
  Nullable,
  NullableObject,
  NullableString,
  NullableStrings,
  NullableTimestamp,
  Status,
} from "../shapes.ts";

const EXAMPLE_ID = "maestro:2ff8fe94f6d53f39321d4a37fe15801cedc93573";
const NullableBoolean = Nullable(Type.Boolean());
const NullableSeconds = Nullable(Type.Number({ description: "seconds" }));

const unixSeconds = (description: string): ReturnType<typeof Type.Optional<ReturnType<typeof Type.String>>> =>
  Type.Optional(Type.String({ description: `${description}; Unix seconds`, examples: ["1790000000"] }));

const filter = (
  description: string,
  example: string,
): ReturnType<typeof Type.Optional<ReturnType<typeof Type.Array<ReturnType<typeof Type.String>>>>> =>
  Type.Optional(Type.Array(Type.String(), { description, examples: [[example]] }));

/** The parameters of the listing; its filters are parsed as all filters are. */
export const IssueListingQuery = Type.Object({
  startTimestampInSeconds: unixSeconds("only issues taken in at this time or later"),
  endTimestampInSeconds: unixSeconds("only issues taken in at this time or before; now when absent"),
  interval_in_days: integerParameter({
    default: 7,
    minimum: 1,
    description: "days to look back from the end when no start is given",
  }),
  filter_origin: filter("only issues of one of these origins", "maestro"),
  "filter_issue.culprit": filter("only issues with one of these culprits: code, harness, tool", "code"),
  "filter_issue.categories": filter("only issues of one of these categories", "build"),
  "filter_issue.options": filter("hasIncident: only issues that were seen on a build or test", "hasIncident"),
});

export const IssuePath = Type.Object({
  issue_id: Type.String({ description: "id of the issue", examples: [EXAMPLE_ID] }),
});

export const IssueQuery = Type.Object({
  version: Type.Optional(
    integerParameter({ description: "version of the issue; the newest when absent", examples: [1] }),
  ),
});

/** A pair is described as a list of two: the description's version of OpenAPI knows no tuples. */
export const IssueExtrasBody = Type.Object({
  issues: Type.Array(Type.Array(Type.Union([Type.String(), Type.Integer()]), { minItems: 2, maxItems: 2 }), {
    minItems: 1,
    description: "pairs of an issue's id and version",
    examples: [[[EXAMPLE_ID, 1]]],
  }),
});

const Incident = Type.Object({
  first_seen: Nullable(Type.String({ description: "when the incident was taken in" })),
  git_commit_hash: NullableString,
  git_repository_url: NullableString,
  git_repository_branch: NullableString,
  git_commit_name: NullableString,
  tree_name: NullableString,
  issue_version: Type.Integer(),
  checkout_id: Nullable(
    Type.String({ description: "null, as all of the checkout, when the incident leads to none" }),
  ),
});

const IssueVersionExtra = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  trees: Type.Array(Type.Object({ tree_name: Type.String(), git_repository_branch: Type.String() }), {
    description: "where this version was seen; entries with the same names differ in the repository",
  }),
  tags: Type.Array(Type.Enum(["mainline", "stable", "linux-next"])),
});

const IssueExtras = Type.Record(
  Type.String({ description: "id of the issue" }),
  Type.Object({
    first_incident: Incident,
    last_incident: Incident,
    versions: Type.Record(Type.String(), Nullable(IssueVersionExtra), {
      description: "requested versions; null for one that does not exist",
    }),
  }),
);

export const IssueExtrasAnswer = Type.Object({ issues: IssueExtras });

export const IssueListing = Type.Object({
  issues: Type.Array(
    Type.Object({
      field_timestamp: NullableTimestamp,
      id: Type.String(),
      comment: NullableString,
      origin: Type.String(),
      version: Type.Integer(),
      culprit_code: NullableBoolean,
      culprit_tool: NullableBoolean,
      culprit_harness: NullableBoolean,
      categories: NullableStrings,
    }),
  ),
  extras: Type.Record(Type.String(), Incident, { description: "first incidents, by id of the issue" }),
  filters: Type.Object(
    {
      origins: Type.Array(Type.String()),
      culprits: Type.Array(Type.Enum(["code", "harness", "tool"])),
      categories: Type.Array(Type.String()),
    },
    { description: "what the issues of the interval may be filtered by" },
  ),
});

export const IssueDetails = Type.Object({
  field_timestamp: NullableTimestamp,
  id: Type.String(),
  version: Type.Integer(),
  origin: Type.String(),
  report_url: NullableString,
  report_subject: NullableString,
  culprit_code: NullableBoolean,
  culprit_tool: NullableBoolean,
  culprit_harness: NullableBoolean,
  comment: NullableString,
  misc: JsonValue,
  categories: NullableStrings,
  extra: IssueExtras,
});

export const IssueBuilds = Type.Array(
  Type.Object({
    id: Type.String(),
    architecture: NullableString,
    config_name: NullableString,
    status: Status,
    start_time: NullableTimestamp,
    duration: NullableSeconds,
    compiler: NullableString,
    log_url: NullableString,
    tree_name: NullableString,
    git_repository_branch: NullableString,
    misc: NullableObject,
  }),
);

export const IssueTests = Type.Array(
  Type.Object({
    id: Type.String(),
    status: Status,
    duration: NullableSeconds,
    path: NullableString,
    start_time: NullableTimestamp,
    environment_compatible: NullableStrings,
    environment_misc: JsonValue,
    tree_name: NullableString,
    git_repository_branch: NullableString,
    lab: NullableString,
  }),
);
