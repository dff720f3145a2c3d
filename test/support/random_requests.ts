/** Random requests to what a description lists, half of them about things that exist. */
import fc from "fast-check";
import type { OpenApi, Operation, Parameter } from "./openapi.ts";

export interface RandomRequest {
  operation: Operation;
  method: "GET" | "HEAD" | "POST";
  /** With query, percent-encoded, as it goes over the wire. */
  url: string;
  body: Buffer | undefined;
}

/** Things that exist together, by the names of the parameters that mean them. */
export type Known = Record<string, string>;

/** Texts that are easily mistaken for something else, or that something cannot hold. */
const ODD_TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "a\nb",
  "%",
  "%00",
  "%2F",
  "..",
  "a/b",
  "' or 1=1 --",
  "\\",
  '"',
  "{}",
  "[]",
  "null",
  "true",
  "NaN",
  "nan",
  "-Infinity",
  "0",
  "-1",
  "1.0",
  "1.5",
  "1e3",
  " 7 ",
  "1_000",
  "٣",
  "1e400",
  "2147483648",
  "9223372036854775808",
  "9".repeat(400),
  `0.${"1".repeat(400)}`,
  ",",
  ",1",
  "a,1",
  "a,99999999999999999999",
  "a,-2147483649",
  "a,null",
  "Uncategorized",
  "Uncategorized,null",
  "0000-00-00",
  "2026-02-30",
  "0001-01-01T00:00:00+14:00",
  "9999-12-31T23:59:59-14:00",
  "2026-11-01T00:00:00Z",
  "253402300800",
  "-62135596801",
  "pass",
  "FAIL",
  "hasIncident",
  "boots,tests",
  "%_%",
  "x".repeat(3000),
  "😀é\u202e",
  "\ud800",
  "\ufeff",
  "__proto__",
  "constructor",
];
/** As they are in the address: no UTF-8, or no encoding. */
const RAW_TEXTS = ["%FF", "%C3%28", "%ED%A0%80", "%", "%zz", "+", "a+b"];
const OPERATORS = ["exact", "in", "gt", "gte", "lt", "lte", "like", "GTE", "", "ne", "[", "]"];
const ODD_VALUES: unknown[] = [
  ...ODD_TEXTS,
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -1e-7,
  2 ** 53,
  [],
  {},
  [null],
  [[]],
  [["a", 1]],
  { a: { b: [1] } },
];
const BAD_BODIES = [
  "",
  " ",
  "{",
  "[]",
  "null",
  "1",
  '"x"',
  "{} {}",
  '{"a":1e999}',
  '{"__proto__":{"filter":1},"filter":{}}',
  `{"filter":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
  "\ufeff{}",
].map((text) => Buffer.from(text));
const NOT_UTF8 = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
/** One byte more than a body may have. */
const TOO_LARGE = Buffer.alloc(2_621_441, " ");

const oddText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  { weight: 1, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.double().map(String) },
);

const chance = (percent: number): fc.Arbitrary<boolean> => fc.nat(99).map((number) => number < percent);

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Members that the bodies of POST requests have when all is well. */
function goodBody({ operationId }: Operation, known: Known): Record<string, unknown> {
  const window = {
    startTimestampInSeconds: Number(known.startTimestampInSeconds),
    endTimestampInSeconds: known.endTimestampInSeconds,
    origin: known.origin,
  };
  if (operationId === "issue_extras_create") return { issues: [[known.issue_id, Number(known.version)]] };
  if (operationId === "hardware_commit_history_create") {
    const head = {
      treeName: known.tree_name,
      repositoryUrl: known.git_url,
      branch: known.git_branch,
      commitHash: known.commit_hash,
    };
    return { ...window, commitHeads: [head] };
  }
  return { ...window, selectedCommits: {}, filter: {} };
}

/** All requests that an operation may get, with things of one of the lists. */
export function requestsTo(document: OpenApi, things: readonly Known[]): fc.Arbitrary<RandomRequest> {
  const filters = new Set<string>();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      for (const { name } of operation.parameters ?? []) if (name.startsWith("filter_")) filters.add(name);
      return { path, method, operation };
    }),
  );
  return fc
    .record({
      target: fc.constantFrom(...operations),
      known: fc.constantFrom(...things),
      isOdd: chance(50),
    })
    .chain(({ target: { path, method, operation }, known, isOdd }) =>
      fc
        .record({
          path: pathOf(path, operation.parameters ?? [], known, isOdd),
          query: queryOf(operation, known, [...filters], isOdd),
          body: method === "post" ? bodyOf(operation, known, [...filters], isOdd) : fc.constant(undefined),
          head: chance(5),
        })
        .map(({ path: filled, query, body, head }) => ({
          operation,
          method: method === "post" ? ("POST" as const) : head ? ("HEAD" as const) : ("GET" as const),
          url: query === "" ? filled : `${filled}?${query}`,
          body,
        })),
    );
}

/** A value for a name, encoded: a thing's or one that the description shows, and where that may be also an odd one. */
function valueOf(
  name: string,
  known: Known,
  isOdd: boolean,
  examples: readonly unknown[] = [],
): fc.Arbitrary<string> {
  const usual = [known[name], ...examples]
    .filter((value) => value !== undefined)
    .map((value) => (Array.isArray(value) ? (value[0] as unknown) : value))
    .map((value) => encoded(typeof value === "string" ? value : JSON.stringify(value)));
  const odd = fc.oneof(
    { weight: 9, arbitrary: oddText.map(encoded) },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_TEXTS) },
  );
  const [first] = usual;
  if (first === undefined) return odd;
  if (!isOdd) return fc.constant(first);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(first) },
    { weight: 1, arbitrary: fc.constantFrom(...usual) },
    { weight: 2, arbitrary: odd },
  );
}

function pathOf(
  path: string,
  parameters: readonly Parameter[],
  known: Known,
  isOdd: boolean,
): fc.Arbitrary<string> {
  const names = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
  // With an empty part it is another path.
  const values = names.map((name) =>
    valueOf(name, known, isOdd).map((value) => (value === "" ? "x" : value)),
  );
  return fc
    .tuple(...values)
    .map((filled) =>
      names.reduce((text, name, index) => text.replace(`{${name}}`, () => filled[index] ?? ""), path),
    );
}

function queryOf(
  operation: Operation,
  known: Known,
  filters: string[],
  isOdd: boolean,
): fc.Arbitrary<string> {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  const parts = parameters.map(({ name, required, schema, example }) => {
    const often = oftenGiven(name, required, known[name] !== undefined, isOdd);
    const examples = [example, schema.default, ...(schema.enum ?? [])].filter((value) => value !== undefined);
    // What is not a thing that exists would lead out of this machine.
    const value =
      name === "url" || name === "log_download_url" ? refusedUrl : valueOf(name, known, isOdd, examples);
    return fc
      .record({
        given: chance(often),
        values: fc.array(value, { minLength: 1, maxLength: 2 }),
        twice: chance(isOdd ? 10 : 0),
      })
      .map(({ given, values, twice }) =>
        given ? values.slice(0, twice ? 2 : 1).map((one) => `${encoded(name)}=${one}`) : [],
      );
  });
  const filtered = parameters.some(({ name }) => name.startsWith("filter_"));
  const more = fc.record({
    add: chance(isOdd ? (filtered ? 40 : 10) : 0),
    text: operatorFilter(filters, known),
  });
  return fc
    .tuple(fc.tuple(...parts), more)
    .map(([given, { add, text }]) => [...given.flat(), ...(add ? [text] : [])].join("&"));
}

/** How often of a hundred times a request has a parameter. */
function oftenGiven(name: string, required: boolean, isKnown: boolean, isOdd: boolean): number {
  if (required) return isOdd ? 95 : 100;
  if (name.startsWith("filter_")) return isOdd ? 8 : 2;
  if (isKnown) return isOdd ? 60 : 100;
  return isOdd ? 30 : 0;
}

/** Any filter with any operator, known or not. */
function operatorFilter(filters: string[], known: Known): fc.Arbitrary<string> {
  return fc
    .record({
      name: fc.constantFrom(...filters, "filter_", "filter_nosuch", "filter_trees.start_time"),
      operator: fc.option(fc.constantFrom(...OPERATORS), { freq: 2 }),
      odd: oddText,
      usual: chance(50),
    })
    .map(({ name, operator, odd, usual }) => {
      const value = usual ? (known[name] ?? odd) : odd;
      return `${encoded(operator === null ? name : `${name}_[${operator}]`)}=${encoded(value)}`;
    });
}

/** Addresses that are refused without a look into the network. */
const refusedUrl = fc
  .oneof(
    fc.constantFrom(
      "http://127.0.0.1:1/",
      "http://localhost/log.txt",
      "http://[::1]/",
      "http://169.254.169.254/latest/meta-data/",
      "ftp://files.kernelci.org/x",
      "https://user@files.kernelci.org/",
      "https://files.kernelci.org:22/",
      "https://kernelci.org.example.org/",
      "https://files.kernelci.org\\@example.org/",
      "//files.kernelci.org/",
      "https://",
      "javascript:alert(1)",
    ),
    oddText,
  )
  .map(encoded);

function bodyOf(operation: Operation, known: Known, filters: string[], isOdd: boolean): fc.Arbitrary<Buffer> {
  const good = goodBody(operation, known);
  const change = fc.record({
    name: fc.constantFrom(...Object.keys(good), "nosuch"),
    value: fc.oneof(fc.constantFrom(...ODD_VALUES), fc.jsonValue({ maxDepth: 3 })),
    remove: chance(20),
  });
  const filter = fc.record({
    name: fc.constantFrom(...filters, "filter_nosuch", "nosuch"),
    operator: fc.option(fc.constantFrom(...OPERATORS), { freq: 2 }),
    value: fc.constantFrom(...ODD_VALUES),
    usual: chance(50),
  });
  const text = fc
    .record({
      changes: fc.array(change, { maxLength: 2 }),
      changed: chance(isOdd ? 50 : 0),
      filters: fc.array(filter, { maxLength: isOdd ? 3 : 0 }),
      selects: chance(isOdd ? 50 : 0),
      index: fc.oneof(fc.nat(3).map(String), oddText),
      commit: fc.oneof(fc.constantFrom("head", known.commit_hash ?? ""), oddText),
    })
    .map((chosen) => {
      const body = { ...good };
      if (chosen.selects && "selectedCommits" in body)
        body.selectedCommits = { [chosen.index]: chosen.commit };
      if ("filter" in body)
        body.filter = Object.fromEntries(
          chosen.filters.map(({ name, operator, value, usual }) => [
            operator === null ? name : `${name}_[${operator}]`,
            usual ? (known[name] ?? value) : value,
          ]),
        );
      for (const { name, value, remove } of chosen.changed ? chosen.changes : []) {
        if (remove) Reflect.deleteProperty(body, name);
        else body[name] = value;
      }
      return Buffer.from(JSON.stringify(body));
    });
  if (!isOdd) return text;
  return fc.oneof(
    { weight: 30, arbitrary: text },
    { weight: 10, arbitrary: fc.constantFrom(...BAD_BODIES, NOT_UTF8) },
    { weight: 1, arbitrary: fc.constant(TOO_LARGE) },
  );
}
