import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQueryString } from "../http/parameters.ts";
import { noFilters, type Filters } from "./filters.ts";
import { FilterError, parseBodyFilters, parseQueryFilters } from "./parse.ts";

function ofQuery(text: string): Filters {
  return parseQueryFilters(parseQueryString(text));
}

/** The message of the refusal. */
function refusal(parse: () => Filters): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
  throw new Error("not refused");
}

function outcome(parse: () => Filters): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}

const FIELDS = [
  "architecture",
  "compiler",
  "config_name",
  "test.hardware",
  "test.lab",
  "duration",
  "origin",
  "issue.culprit",
  "issue.categories",
  "issue.options",
  ...["build", "boot", "test"].flatMap((kind) =>
    ["status", "duration", "issue", "origin", "path", "platform"].map((field) => `${kind}.${field}`),
  ),
];

describe("a query string and a body", () => {
  const name = fc
    .tuple(
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...FIELDS) },
        { weight: 1, arbitrary: fc.string() },
        { weight: 1, arbitrary: fc.constantFrom("trees", "valid", "__proto__", "constructor", "") },
      ),
      fc.constantFrom("", "", "_[in]", "_[gte]", "_[lte]", "_[exact]", "_[like]", "_[bad]", "_[]", "_["),
    )
    .map(([field, operator]) => `filter_${field}${operator}`);
  const value = fc.oneof(
    fc.constantFrom("a", "PASS", "null", "x,1", "i,2,3", "Uncategorized,null", "Uncategorized"),
    fc.constantFrom("", "12", " 1.5 ", "NaN", "-3", "code", "hasIncident"),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number.toFixed(3)),
  );
  const members = fc.dictionary(name, fc.array(value, { minLength: 1, maxLength: 4 }), { maxKeys: 5 });

  it("mean the same", () => {
    fc.assert(
      fc.property(members, (filter) => {
        const query = new URLSearchParams(
          Object.entries(filter).flatMap(([member, values]) =>
            values.map((one): [string, string] => [member, one]),
          ),
        );
        const body = outcome(() => parseBodyFilters(JSON.parse(JSON.stringify(filter))));
        expect(outcome(() => ofQuery(query.toString()))).toEqual(body);
      }),
      { numRuns: 500 },
    );
  });

  it("mean the same with the occurrences of a name apart", () => {
    const apart = ofQuery(
      "filter_architecture=a&filter_compiler=c&filter_architecture=b&filter_test.path=x&filter_test.path=y",
    );
    expect(apart).toEqual(
      parseBodyFilters({
        filter_architecture: ["a", "b"],
        filter_compiler: "c",
        "filter_test.path": ["x", "y"],
      }),
    );
    expect(apart).toEqual({
      ...noFilters(),
      architectures: ["a", "b"],
      compilers: ["c"],
      tests: { ...noFilters().tests, path: "y" },
    });
  });
});

describe("fields", () => {
  it.each<[string, Partial<Filters>]>([
    ["filter_architecture=arm64&filter_architecture=", { architectures: ["arm64", ""] }],
    ["filter_compiler=gcc-12&filter_compiler=clang-17", { compilers: ["gcc-12", "clang-17"] }],
    ["filter_config_name=a%2Bb", { configs: ["a+b"] }],
    ["filter_test.hardware=v,b", { hardware: ["v,b"] }],
    ["filter_test.lab=lab-a", { labs: ["lab-a"] }],
  ])("%s is global", (query, wanted) => {
    expect(ofQuery(query)).toEqual({ ...noFilters(), ...wanted });
  });

  it.each(["build", "boot", "test"] as const)("of %ss", (prefix) => {
    const kind = `${prefix}s` as const;
    const wanted = (of: Partial<Filters["builds"]>): Filters => ({
      ...noFilters(),
      [kind]: { ...noFilters()[kind], ...of },
    });
    expect(ofQuery(`filter_${prefix}.status=PASS&filter_${prefix}.status=null`)).toEqual(
      wanted({ statuses: ["PASS", "NULL"] }),
    );
    expect(ofQuery(`filter_${prefix}.origin=a&filter_${prefix}.origin=b`)).toEqual(
      wanted({ origins: ["a", "b"] }),
    );
    expect(ofQuery(`filter_${prefix}.duration_[gte]=1&filter_${prefix}.duration_[lte]=300`)).toEqual(
      wanted({ minDuration: 1, maxDuration: 300 }),
    );
    expect(ofQuery(`filter_${prefix}.issue=a,1&filter_${prefix}.issue=Uncategorized`)).toEqual(
      wanted({ issues: { versions: ["a,1"], uncategorized: true } }),
    );
    const place = ofQuery(`filter_${prefix}.path=net&filter_${prefix}.platform=p`);
    // Builds have neither.
    expect(place).toEqual(prefix === "build" ? noFilters() : wanted({ path: "net", platforms: ["p"] }));
  });

  it("of the issue list", () => {
    const issueList = (query: string): Filters["issueList"] => ofQuery(query).issueList;
    const none = noFilters().issueList;
    expect(issueList("filter_origin=a&filter_origin=b")).toEqual({ ...none, origins: ["a", "b"] });
    expect(issueList("filter_issue.categories=x")).toEqual({ ...none, categories: ["x"] });
    expect(
      issueList("filter_issue.culprit=tool&filter_issue.culprit=nobody&filter_issue.culprit=code").culprits,
    ).toEqual(expect.arrayContaining(["code", "tool"]));
    expect(issueList("filter_issue.culprit=nobody")).toEqual(none);
    expect(issueList("filter_issue.options=hasIncident&filter_issue.options=x")).toEqual({
      ...none,
      hasIncident: true,
    });
    expect(issueList("filter_issue.options=hasincident")).toEqual(none);
  });

  it.each([
    "filter_trees=a",
    "filter_tree_name=a",
    "filter_valid=true",
    "filter_hardware=a",
    "filter_lab=a",
    "filter_platform=a",
    "filter_start_date_[gte]=x",
    "filter_=a",
    "filter_Architecture=a",
    "filter_issue=no,number",
    "filter_test.architecture=a",
    "FILTER_architecture=a",
    "xfilter_architecture=a",
    "architecture=a",
  ])("%s is none", (query) => {
    expect(ofQuery(query)).toEqual(noFilters());
  });

  it("have values as they are sent", () => {
    expect(ofQuery("filter_test.lab=%00&filter_test.lab=+a+&filter_test.lab=Unknown").labs).toEqual([
      "\0",
      " a ",
      "Unknown",
    ]);
  });
});

describe("operators", () => {
  it.each(["exact", "in", "gt", "gte", "lt", "lte", "like"])(
    "%s means nothing to a set or a path",
    (operator) => {
      expect(
        ofQuery(`filter_architecture_[${operator}]=a&filter_architecture_[${operator}]=b`).architectures,
      ).toEqual(["a", "b"]);
      expect(ofQuery(`filter_test.status_[${operator}]=PASS`).tests.statuses).toEqual(["PASS"]);
      expect(ofQuery(`filter_boot.path_[${operator}]=a.b`).boots.path).toBe("a.b");
      expect(parseBodyFilters({ [`filter_compiler_[${operator}]`]: "gcc-12" }).compilers).toEqual(["gcc-12"]);
    },
  );

  it.each(["", "_[gte]", "_[gt]", "_[lt]", "_[exact]", "_[in]", "_[like]"])(
    "duration%s is the smallest",
    (suffix) => {
      const { builds } = ofQuery(`filter_duration${suffix}=300&filter_duration_[lte]=500`);
      expect(builds).toMatchObject({ minDuration: 300, maxDuration: 500 });
    },
  );

  it("join values of one field under several names", () => {
    const { tests, builds } = ofQuery(
      "filter_test.status_[in]=PASS&filter_test.status=FAIL&filter_duration=1&filter_build.duration_[gte]=2&filter_duration=3" +
        "&filter_test.path=x&filter_test.path_[like]=y&filter_test.path=z",
    );
    expect(new Set(tests.statuses)).toEqual(new Set(["PASS", "FAIL"]));
    // Names are taken in the order of their first appearance.
    expect(builds.minDuration).toBe(2);
    expect(tests.path).toBe("y");
  });

  it.each(["bad", "", "GTE", "gte ", "not", "a`b", "x]_[y"])(
    "[%s] is unknown, even of an unknown field",
    (operator) => {
      for (const field of ["test.status", "no_such_field", "duration"]) {
        const name = `filter_${field}_[${operator}]`;
        // The last suffix is the operator.
        const text = `Filter with invalid comparison operator \`${operator.replace("x]_[", "")}\` found`;
        expect(refusal(() => parseQueryFilters({ [name]: ["PASS"] })).startsWith(text)).toBe(true);
        expect(refusal(() => parseBodyFilters({ [name]: "PASS" }))).toContain(name);
      }
    },
  );

  it("stand at the end, in brackets after an underscore", () => {
    expect(ofQuery("filter_architecture[in]=a&filter_architecture_[in]x=a&filter_architecture_in=a")).toEqual(
      noFilters(),
    );
    // Only the last suffix is an operator; the field before it is unknown.
    expect(ofQuery("filter_duration_[gte]_[lte]=5")).toEqual(noFilters());
  });
});

describe("issues", () => {
  const issues = (value: string): Filters["tests"]["issues"] =>
    parseBodyFilters({ "filter_test.issue": value }).tests.issues;

  it.each([
    ["maestro:a,1", "maestro:a,1"],
    ["a,b,c,12", "a,b,c,12"],
    [",3", ",3"],
    ["a, 1 ", "a,1"],
    ["a,+1", "a,1"],
    ["a,-1", "a,-1"],
    ["a,007", "a,7"],
    ["a,1_000", "a,1000"],
    ["a,99999999999999999999", "a,99999999999999999999"],
    ["Uncategorized,1", "Uncategorized,1"],
  ])("%s is a version", (value, version) => {
    expect(issues(value)).toEqual({ versions: [version], uncategorized: false });
  });

  it.each(["Uncategorized", "Uncategorized,null", "Uncategorized, null"])(
    "%s asks for failures without one",
    (value) => {
      expect(issues(value)).toEqual({ versions: [], uncategorized: true });
    },
  );

  it.each(["a,null", "uncategorized,null", ",null"])("%s is a filter that matches nothing", (value) => {
    expect(issues(value)).toEqual({ versions: [], uncategorized: false });
  });

  it.each([
    "",
    "a",
    "a,",
    "a,NULL",
    "a,x",
    "a,1.0",
    "a,1e3",
    "a,_1",
    "a,1_",
    "a,1__0",
    "a,0x1",
    "uncategorized",
    "a,1,",
  ])("'%s' is none", (value) => {
    const text = refusal(() => parseBodyFilters({ "filter_test.issue": value }));
    expect(text.startsWith("Invalid filter key or value")).toBe(true);
    expect(text).toContain("'filter_test.issue'");
  });

  it("are refused when one of several is wrong", () => {
    refusal(() => ofQuery("filter_boot.issue=a,1&filter_boot.issue=a"));
  });
});

describe("durations", () => {
  const smallest = (value: string): number | undefined =>
    parseQueryFilters({ filter_duration: [value] }).builds.minDuration;

  it.each([
    ["300", 300],
    ["0", 0],
    ["1.5", 1.5],
    ["299.999", 299.999],
    ["+7", 7],
    ["-7.25", -7.25],
    ["  12 ", 12],
    ["007", 7],
    ["0.0000001", 1e-7],
  ])("'%s'", (text, seconds) => {
    expect(smallest(text)).toBe(seconds);
  });

  it.each(["", " ", "NaN", "nan", " NAN "])("'%s' is no bound", (text) => {
    expect(ofQuery(`filter_duration=${text}`)).toEqual(noFilters());
    expect(parseBodyFilters({ "filter_boot.duration_[lte]": [text] })).toEqual(noFilters());
  });

  it.each(["x", "1x", "1e3", "1,5", "1_000", "inf", "Infinity", "--1", "1 2", "0x10", "-", ".", "null"])(
    "'%s' is wrong",
    (text) => {
      for (const name of ["filter_duration", "filter_build.duration_[lte]", "filter_test.duration_[gt]"]) {
        const message = refusal(() => parseQueryFilters({ [name]: [text] }));
        expect(message.startsWith("Invalid filter key or value")).toBe(true);
        expect(message).toContain(`'${name}'`);
      }
    },
  );

  it("keep the last value", () => {
    expect(parseBodyFilters({ filter_duration: ["60", 90] }).builds.minDuration).toBe(90);
    expect(ofQuery("filter_duration=60&filter_duration=").builds.minDuration).toBeUndefined();
  });
});

describe("statuses", () => {
  it("are compared whatever their case; an unknown one matches nothing and is reported", () => {
    const filters = ofQuery("filter_test.status=fail&filter_test.status=Odd&filter_boot.status=");
    expect(filters.tests.statuses).toEqual(["FAIL"]);
    expect(filters.boots.statuses).toEqual([]);
    expect(filters.unknownStatuses).toEqual(["filter_test.status", "filter_boot.status"]);
    expect(ofQuery("filter_build.status=PASS").unknownStatuses).toEqual([]);
  });
});

describe("paths", () => {
  it("are any text; an empty one is no filter, also as the last of several", () => {
    expect(ofQuery("filter_boot.path=%25_%5C").boots.path).toBe("%_\\");
    expect(ofQuery("filter_boot.path=a&filter_boot.path=")).toEqual(noFilters());
  });
});

describe("a body", () => {
  it.each([
    undefined,
    null,
    {},
    { architecture: "a", trees: 1 },
    { filter_architecture: null },
    { filter_architecture: [] },
  ])("%j filters nothing", (filter) => {
    expect(parseBodyFilters(filter)).toEqual(noFilters());
  });

  it.each([[[]], [["filter_architecture"]], ["filter_architecture=a"], [1], [true], [false], [""], [0]])(
    "is no %j",
    (filter) => {
      expect(refusal(() => parseBodyFilters(filter)).startsWith("Invalid filter key or value")).toBe(true);
    },
  );

  it.each([[true], [false], [{}], [{ a: "b" }], [[null]], [["a", null]], [["a", true]], [[["a"]]], [[{}]]])(
    "has no member %j, not even of an unknown field",
    (value) => {
      for (const name of ["filter_architecture", "filter_test.issue", "filter_no_such_field"]) {
        const text = refusal(() => parseBodyFilters({ [name]: value }));
        expect(text.startsWith("Invalid filter key or value")).toBe(true);
        expect(text).toContain(`'${name}'`);
      }
      expect(parseBodyFilters({ no_filter: value })).toEqual(noFilters());
    },
  );

  it("takes numbers as their decimal text", () => {
    const filters = parseBodyFilters({
      "filter_duration_[gte]": 1.5,
      "filter_duration_[lte]": [1e21],
      "filter_boot.duration": 1e-7,
      filter_config_name: [12, -0.5],
    });
    expect(filters.builds).toMatchObject({ minDuration: 1.5, maxDuration: 1e21 });
    expect(filters.boots.minDuration).toBe(1e-7);
    expect(filters.configs).toEqual(["12", "-0.5"]);
    expect(refusal(() => parseBodyFilters({ "filter_test.status": [1], "filter_test.issue": 1 }))).toContain(
      "filter_test.issue",
    );
  });
});
