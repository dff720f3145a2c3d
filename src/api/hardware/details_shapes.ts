/** Bodies and answers of the details of a piece of hardware (chapter 05, sections 7 and 9). */
import { Type } from "typebox";
import { HardwareDetailsFilters, HardwareBuild, HardwareTest, Summary } from "../items/shapes.ts";
import { Nullable, NullableString, NullableStrings, StatusCount } from "../shapes.ts";
import { WINDOW_KEYS } from "./body.ts";

export const HardwareDetailsBody = Type.Object({
  ...WINDOW_KEYS,
  selectedCommits: Type.Record(Type.String(), Type.String(), {
    description:
      "which trees, by their index: `head`, or a full commit hash; all trees with their heads when it is empty",
    examples: [{}, { "0": "head" }],
  }),
  filter: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Array(Type.String())]), {
      description: "members `filter_...`, named and meant as the query parameters of the tree's details",
      examples: [{}, { "filter_test.status": ["FAIL"] }],
    }),
  ),
});

const CountsOfTree = Type.Object(
  {
    builds: Type.Partial(StatusCount),
    boots: Type.Partial(StatusCount),
    tests: Type.Partial(StatusCount),
  },
  { description: "of the chosen commit, before filters" },
);

export const HardwareTree = Type.Object({
  index: Type.String({ description: "its key in `selectedCommits`" }),
  origin: Type.String(),
  tree_name: NullableString,
  git_repository_branch: NullableString,
  git_repository_url: NullableString,
  head_git_commit_name: NullableString,
  head_git_commit_hash: NullableString,
  head_git_commit_tag: NullableStrings,
  selected_commit_status: Nullable(CountsOfTree),
  is_selected: Type.Null(),
});

export const HardwareSummary = Type.Object({
  summary: Summary,
  filters: HardwareDetailsFilters,
  common: Type.Object({
    trees: Type.Array(HardwareTree),
    compatibles: Type.Array(Type.String(), { description: "other names of what was tested" }),
  }),
});

export const HardwareFull = Type.Object({
  ...HardwareSummary.properties,
  builds: Type.Array(HardwareBuild),
  boots: Type.Array(HardwareTest),
  tests: Type.Array(HardwareTest),
});

export const HardwareBuilds = Type.Object({ builds: Type.Array(HardwareBuild) });
export const HardwareBoots = Type.Object({ boots: Type.Array(HardwareTest) });
export const HardwareTests = Type.Object({ tests: Type.Array(HardwareTest) });
