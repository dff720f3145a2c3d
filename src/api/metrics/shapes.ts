import { Type } from "typebox";
import { integerParameter } from "../../http/parameters.ts";

export const MetricsQuery = Type.Object({
  start_days_ago: integerParameter({
    default: 7,
    minimum: 0,
    description: "the window begins at midnight UTC this many days ago",
  }),
  end_days_ago: integerParameter({
    default: 0,
    minimum: 0,
    description: "the window ends before midnight UTC this many days ago: 0 leaves out today",
  }),
});

const BuildIncidentsCount = Type.Object({
  total_incidents: Type.Integer(),
  n_new_issues: Type.Integer({ description: "issues whose first build incident ever is among these" }),
  n_existing_issues: Type.Integer(),
  n_total_issues: Type.Integer(),
});

const TopIssue = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  comment: Type.String(),
  total_incidents: Type.Integer(),
});

const LabMetrics = Type.Object({ builds: Type.Integer(), boots: Type.Integer(), tests: Type.Integer() });

const byLab = Type.Record(Type.String(), LabMetrics);

export const Metrics = Type.Object({
  n_trees: Type.Integer(),
  n_checkouts: Type.Integer(),
  n_builds: Type.Integer(),
  n_tests: Type.Integer(),
  n_issues: Type.Integer(),
  n_incidents: Type.Integer(),
  build_incidents_by_origin: Type.Record(Type.String(), BuildIncidentsCount),
  top_issues_by_origin: Type.Record(Type.String(), Type.Array(TopIssue), {
    description: "at most 3 for each origin, the most frequent first",
  }),
  new_issues_by_origin: Type.Record(Type.String(), Type.Array(TopIssue), {
    description: "issues whose first build incident ever is in the window, by that incident's origin",
  }),
  lab_maps: byLab,
  prev_n_trees: Type.Integer({ description: "in the equally long window before" }),
  prev_n_checkouts: Type.Integer(),
  prev_n_builds: Type.Integer(),
  prev_n_tests: Type.Integer(),
  prev_lab_maps: byLab,
});
