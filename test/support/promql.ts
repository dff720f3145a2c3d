/** Queries of dashboards and alert rules, read by Prometheus's own grammar. */
import { parser } from "@prometheus-io/lezer-promql";

type Node = ReturnType<typeof parser.parse>["topNode"];

export interface Matcher {
  label: string;
  operator: "=" | "!=" | "=~" | "!~";
  value: string;
}

/** One `metric{label="value"}` of a query. */
export interface Selector {
  metric: string;
  matchers: Matcher[];
  /** Labels that the results are told apart by, from the innermost aggregation outwards. */
  groupedBy: string[];
  /** The function that it is given to, with a range. */
  rangeFunction: string | undefined;
}

/** What Grafana puts in its place when it asks. */
const VARIABLES: readonly [RegExp, string][] = [
  [/\$__(?:rate_interval|range|interval)\b/g, "5m"],
  // A variable within quotes stands for a regular expression of what was chosen, all of it when nothing was.
  [/"\$\w+"/g, '".*"'],
  [/\$\w+/g, "1"],
];

/** @throws Error when it is no PromQL */
export function selectorsOf(expression: string): Selector[] {
  const text = VARIABLES.reduce((so, [pattern, value]) => so.replace(pattern, value), expression);
  const found: Selector[] = [];
  const textOf = (node: Node): string => text.slice(node.from, node.to);
  parser.parse(text).iterate({
    enter: ({ type, node, from, to }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}, "${text.slice(from, to)}": ${expression}`);
      if (type.name !== "VectorSelector") return;
      const name = node.getChild("Identifier");
      if (name === null) throw new Error(`a selector without a metric's name: ${textOf(node)}`);
      found.push({
        metric: textOf(name),
        matchers: matchersOf(node, textOf),
        groupedBy: groupings(node, textOf),
        rangeFunction: rangeFunction(node, textOf),
      });
    },
  });
  return found;
}

function matchersOf(selector: Node, textOf: (node: Node) => string): Matcher[] {
  const matchers = selector.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  return matchers.map((matcher) => {
    const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"].map((part) =>
      matcher.getChild(part),
    );
    if (!label || !operator || !value) throw new Error(`an incomplete matcher: ${textOf(matcher)}`);
    const op = textOf(operator);
    if (op !== "=" && op !== "!=" && op !== "=~" && op !== "!~") throw new Error(`unknown operator ${op}`);
    return { label: textOf(label), operator: op, value: JSON.parse(textOf(value)) as string };
  });
}

function ancestors(node: Node): Node[] {
  return node.parent === null ? [] : [node.parent, ...ancestors(node.parent)];
}

function groupings(node: Node, textOf: (node: Node) => string): string[] {
  return ancestors(node)
    .filter(({ name }) => name === "AggregateExpr")
    .flatMap((aggregation) => aggregation.getChild("AggregateModifier")?.getChild("GroupingLabels") ?? [])
    .flatMap((labels) => labels.getChildren("LabelName").map(textOf));
}

function rangeFunction(node: Node, textOf: (node: Node) => string): string | undefined {
  if (node.parent?.name !== "MatrixSelector") return undefined;
  const call = ancestors(node).find(({ name }) => name === "FunctionCall");
  const name = call?.getChild("FunctionIdentifier");
  return name ? textOf(name) : undefined;
}

/** Whether a sample with these labels is selected. */
export function isSelected(labels: Readonly<Record<string, string>>, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ label, operator, value }) => {
    const actual = labels[label] ?? "";
    const pattern = new RegExp(`^(?:${value})$`, "s");
    switch (operator) {
      case "=":
        return actual === value;
      case "!=":
        return actual !== value;
      case "=~":
        return pattern.test(actual);
      case "!~":
        return !pattern.test(actual);
    }
  });
}
