import { describe, expect, it } from "vitest";
import { microsecondClock } from "../ingest/clock.ts";
import { TABLES, type Row } from "./rows.ts";
import { objectContext, parseFrame, prepareObject, type ObjectOutcome } from "./submission.ts";
import { FileRefused, type Kind } from "./types.ts";

const clock = microsecondClock();
const V53 = { major: 5, minor: 3 };

function prepare(
  kind: Kind,
  object: unknown,
  version = V53,
  treeNames = new Map<string, string>(),
): ObjectOutcome {
  return prepareText(kind, JSON.stringify(object), version, treeNames);
}

function prepareText(
  kind: Kind,
  text: string,
  version = V53,
  treeNames = new Map<string, string>(),
): ObjectOutcome {
  return prepareObject(
    objectContext(version, { treeNames, clock }),
    { kind, index: 3 },
    { number: 0, text, depth: 3 },
  );
}

/** The columns of the first accepted row that are not null, `_timestamp` aside. */
function columns(outcome: ObjectOutcome, at = 0): Record<string, string> {
  const accepted = outcome.accepted[at];
  if (accepted === undefined) throw new Error(`refused: ${JSON.stringify(outcome.refused)}`);
  return byColumn(accepted.kind, accepted.row);
}

function byColumn(kind: Kind, row: Row): Record<string, string> {
  const named = TABLES[kind].columns.map(({ name }, index) => [name, row[index]] as const);
  return Object.fromEntries(
    named.filter((entry): entry is [string, string] => entry[1] !== null && entry[0] !== "_timestamp"),
  );
}

function rule(outcome: ObjectOutcome): string {
  expect(outcome.accepted).toEqual([]);
  const [refusal] = outcome.refused;
  return `${refusal?.rule ?? ""} ${refusal?.pointer ?? ""}`;
}

const TEST = { id: "o:t", build_id: "o:b", origin: "o" };
const BUILD = { id: "o:b", checkout_id: "o:c", origin: "o" };
const CHECKOUT = { id: "o:c", origin: "o" };

describe("parseFrame", () => {
  it("finds where each element stands; of a repeated section the last one counts", () => {
    const { version, places } = parseFrame(
      '{"tests":[0,1],"version":{"major":5.0,"minor":3.0},"builds":[2],"tests":[3]}',
    );
    expect(version).toEqual(V53);
    expect([0, 1, 2, 3, 4].map((number) => places.get(number))).toEqual([
      undefined,
      undefined,
      { kind: "builds", index: 0 },
      { kind: "tests", index: 0 },
      undefined,
    ]);
    const two = parseFrame('{"version":{"major":5},"checkouts":[],"builds":[0,1],"tests":[2,3]}').places;
    expect([1, 3].map((number) => two.get(number))).toEqual([
      { kind: "builds", index: 1 },
      { kind: "tests", index: 1 },
    ]);
  });

  it.each([
    ["[]", "type"],
    ['"x"', "type"],
    ["null", "type"],
    ["{", "json"],
    ["{}", "version"],
    ['{"version":"5.3"}', "version"],
    ['{"version":5}', "version"],
    ['{"version":null}', "version"],
    ['{"version":{"major":5,"minor":4}}', "version"],
    ['{"version":{"major":4,"minor":6}}', "version"],
    ['{"version":{"major":3,"minor":0}}', "version"],
    ['{"version":{"major":true,"minor":1}}', "version"],
    ['{"version":{"major":5,"minor":3,"x":1}}', "version"],
    ['{"version":{"major":5,"minor":1.5}}', "version"],
    ['{"version":{"major":5},"revisions":[]}', "additionalProperties"],
    ['{"version":{"major":4,"minor":0},"issues":[]}', "additionalProperties"],
    ['{"version":{"major":5},"tests":null}', "type"],
    ['{"version":{"major":5},"tests":{}}', "type"],
  ])("%s is refused by %s", (text, expected) => {
    let refused: unknown;
    try {
      parseFrame(text);
    } catch (error) {
      refused = error;
    }
    expect(refused instanceof FileRefused ? refused.refusal.rule : refused).toBe(expected);
  });

  it.each(["4.0", "4.5", "5.0", "5.3"])("takes version %s", (text) => {
    const [major, minor] = text.split(".").map(Number);
    expect(parseFrame(JSON.stringify({ version: { major, minor } })).version).toEqual({ major, minor });
  });
});

describe("prepareObject", () => {
  it("flattens one level and passes values through as text", () => {
    const outcome = prepare("tests", {
      ...TEST,
      start_time: "2025-07-19T02:48:21.123456789+02:00",
      duration: 1.5,
      environment: { compatible: ["a,b", 'c"\\,d'], comment: "c", misc: { platform: "p" } },
      number: { value: 3, unit: "us", prefix: "metric" },
      misc: { runtime: "lab" },
    });
    expect(columns(outcome)).toEqual({
      id: "o:t",
      build_id: "o:b",
      origin: "o",
      start_time: "2025-07-19T02:48:21.123456789+02:00",
      duration: "1.5",
      environment_compatible: '{"a,b","c\\"\\\\,d"}',
      environment_comment: "c",
      environment_misc: '{"platform":"p"}',
      number_value: "3",
      number_unit: "us",
      number_prefix: "metric",
      misc: '{"runtime":"lab"}',
    });
  });

  it("keeps digits in misc", () => {
    const outcome = prepareText(
      "tests",
      '{"id":"o:t","build_id":"o:b","origin":"o","misc":{"runtime":"x","n":12345678901234567890}}',
    );
    expect(columns(outcome).misc).toBe('{"runtime":"x","n":12345678901234567890}');
  });

  it.each([
    [
      { runtime: "k8s-gke", x: 1 },
      { runtime: "o", x: 1, automatic_lab: "k8s-gke" },
    ],
    [{ runtime: "shell" }, { runtime: "o", automatic_lab: "shell" }],
    [{ runtime: "shellx" }, { runtime: "shellx" }],
    [{ lab: "z" }, { lab: "z", runtime: "o" }],
    [undefined, { runtime: "o" }],
    [{ runtime: "" }, { runtime: "o" }],
    [{ runtime: null }, { runtime: "o" }],
    [{ runtime: 0 }, { runtime: "o" }],
    [{ runtime: [] }, { runtime: "o" }],
    [{ runtime: 7 }, { runtime: 7 }],
    [{ runtime: { a: 1 } }, { runtime: { a: 1 } }],
  ])("standardises the lab of a test: %j", (misc, expected) => {
    expect(JSON.parse(columns(prepare("tests", { ...TEST, misc })).misc ?? "")).toEqual(expected);
  });

  it("standardises the lab of a build, and of nothing else", () => {
    expect(columns(prepare("builds", BUILD)).misc).toBe('{"lab":"o"}');
    expect(columns(prepare("checkouts", CHECKOUT)).misc).toBeUndefined();
  });

  it("names trees by their repository", () => {
    const names = new Map([["https://x/linux.git", "mainline"]]);
    const named = prepare(
      "checkouts",
      { ...CHECKOUT, git_repository_url: "https://x/linux.git", tree_name: "own" },
      V53,
      names,
    );
    const other = prepare(
      "checkouts",
      { ...CHECKOUT, git_repository_url: "https://x/linux", tree_name: "own" },
      V53,
      names,
    );
    expect([columns(named).tree_name, columns(other).tree_name]).toEqual(["mainline", "own"]);
  });

  it.each<[string, Kind, unknown]>([
    ["type /tests/3", "tests", []],
    ["type /tests/3", "tests", null],
    ["type /tests/3", "tests", "x"],
    ["type /tests/3", "tests", 1],
    ["required /tests/3", "tests", { id: "o:t", origin: "o" }],
    ["additionalProperties /tests/3/_foo", "tests", { ...TEST, _foo: 1 }],
    ["enum /tests/3/status", "tests", { ...TEST, status: "pass" }],
    ["type /tests/3/status", "tests", { ...TEST, status: null }],
    ["pattern /tests/3/path", "tests", { ...TEST, path: "a..b" }],
    ["pattern /tests/3/path", "tests", { ...TEST, path: "a\n" }],
    ["pattern /tests/3/id", "tests", { ...TEST, id: "O:t" }],
    ["pattern /tests/3/origin", "tests", { ...TEST, origin: "o\n" }],
    ["format /tests/3/log_url", "tests", { ...TEST, log_url: "x y" }],
    ["format /tests/3/start_time", "tests", { ...TEST, start_time: "2025-01-01" }],
    ["maxLength /tests/3/log_excerpt", "tests", { ...TEST, log_excerpt: "é".repeat(16_385) }],
    ["type /tests/3/duration", "tests", { ...TEST, duration: true }],
    ["pattern /tests/3/comment", "tests", { ...TEST, comment: "a\0b" }],
    ["nul /tests/3/misc/a", "tests", { ...TEST, misc: { a: "\0" } }],
    ["nul /tests/3/misc/a\\u0000", "tests", { ...TEST, misc: { "a\0": 1 } }],
    ["surrogate /tests/3/comment", "tests", { ...TEST, comment: "\ud800" }],
    ["surrogate /tests/3/misc/a/0", "tests", { ...TEST, misc: { a: ["\udc00"] } }],
    ["range /tests/3/start_time", "tests", { ...TEST, start_time: "2025-01-01T00:00:00+16:00" }],
    [
      "too-long /tests/3/environment/misc/platform",
      "tests",
      { ...TEST, environment: { misc: { platform: "p".repeat(501) } } },
    ],
    [
      "too-long /tests/3/environment/compatible/1",
      "tests",
      { ...TEST, environment: { compatible: ["a", "b".repeat(501)] } },
    ],
    ["too-long /tests/3/id", "tests", { ...TEST, id: `o:${"t".repeat(999)}` }],
    ["too-long /checkouts/3/tree_name", "checkouts", { ...CHECKOUT, tree_name: "é".repeat(251) }],
    [
      "pattern /checkouts/3/git_repository_url",
      "checkouts",
      { ...CHECKOUT, git_repository_url: "git://x/y" },
    ],
    ["format /checkouts/3/message_id", "checkouts", { ...CHECKOUT, message_id: "no at" }],
    ["minimum /issues/3/version", "issues", { id: "o:i", origin: "o", version: -1 }],
    ["range /issues/3/version", "issues", { id: "o:i", origin: "o", version: 2 ** 31 }],
    ["type /issues/3/version", "issues", { id: "o:i", origin: "o", version: 1.5 }],
  ])("refuses by %s", (expected, kind, object) => {
    expect(rule(prepare(kind, object))).toBe(expected);
  });

  it.each([
    ["range /tests/3/duration", '"duration":1e400'],
    ["range /tests/3/duration", `"duration":1${"0".repeat(400)}`],
    ["range /tests/3/number/value", '"number":{"value":-1e999}'],
    ["range /tests/3/misc/n", '"misc":{"n":1e200000}'],
    ["range /tests/3/misc/n", '"misc":{"n":1e-20000}'],
    ["type /tests/3/misc", '"misc":1e400'],
    ["type /tests/3/comment", '"comment":1e400'],
  ])("refuses numbers by %s", (expected, field) => {
    expect(rule(prepareText("tests", `{"id":"o:t","build_id":"o:b","origin":"o",${field}}`))).toBe(expected);
  });

  it("takes what is odd but right", () => {
    for (const more of [
      { environment: { misc: { platform: "p".repeat(500) } } },
      { environment: { misc: { platform: { a: 1 } } } },
      { path: "" },
      { duration: -1 },
      { log_excerpt: "\u{1f427}".repeat(16_384) },
      { id: "o:" },
      { id: "p:with\nnewline" },
      { _timestamp: "2025-01-01T00:00:00Z" },
      { input_files: [{ name: "x", url: "https://x/" }] },
    ]) {
      expect(prepare("tests", { ...TEST, ...more }).refused, JSON.stringify(more).slice(0, 80)).toEqual([]);
    }
    expect(columns(prepareText("issues", '{"id":"o:i","origin":"o","version":1.0}')).version).toBe("1");
    expect(
      columns(
        prepareText("tests", '{"id":"o:t","build_id":"o:b","origin":"o","misc":{"runtime":"r","n":1e400}}'),
      ).misc,
    ).toContain("1e400");
  });

  it("refuses an object that is nested too deeply, and names it", () => {
    const text = JSON.stringify({ ...TEST, misc: {} });
    const outcome = prepareObject(
      objectContext(V53, { treeNames: new Map(), clock }),
      { kind: "tests", index: 0 },
      { number: 0, text, depth: 501 },
    );
    expect(outcome.refused).toMatchObject([
      { kind: "tests", id: "o:t", pointer: "/tests/0", rule: "too-deep" },
    ]);
  });

  describe("with log excerpts that are moved to a storage", () => {
    const long = "\u{1f427}".repeat(16_385);
    const prepareLong = (kind: Kind, object: unknown, version = V53): ObjectOutcome =>
      prepareObject(
        objectContext(version, { treeNames: new Map(), clock, longExcerpts: true }),
        { kind, index: 3 },
        { number: 0, text: JSON.stringify(object), depth: 3 },
      );

    it("takes those of builds and tests at any length, and hands them on whole", () => {
      expect(columns(prepareLong("tests", { ...TEST, log_excerpt: long })).log_excerpt).toBe(long);
      expect(columns(prepareLong("builds", { ...BUILD, log_excerpt: long })).log_excerpt).toBe(long);
      expect(
        columns(prepareLong("tests", { ...TEST, log_excerpt: long }, { major: 4, minor: 0 })).log_excerpt,
      ).toBe(long);
    });

    it("looks at all of a long one, and at everything else, as ever", () => {
      const refusals = [
        prepareLong("tests", { ...TEST, log_excerpt: `${long}\0` }),
        prepareLong("tests", { ...TEST, log_excerpt: `${long}\ud800` }),
        prepareLong("tests", { ...TEST, log_excerpt: 1 }),
        prepareLong("builds", { ...BUILD, log_excerpt: long, duration: "1" }),
      ].map(rule);
      expect(refusals).toEqual([
        "pattern /tests/3/log_excerpt",
        "surrogate /tests/3/log_excerpt",
        "type /tests/3/log_excerpt",
        "type /builds/3/duration",
      ]);
    });

    it("refuses long ones of checkouts, which stay in the database", () => {
      expect(rule(prepareLong("checkouts", { ...CHECKOUT, log_excerpt: long }))).toBe(
        "maxLength /checkouts/3/log_excerpt",
      );
    });

    it("refuses them where nothing is moved", () => {
      expect(rule(prepare("builds", { ...BUILD, log_excerpt: long }))).toBe(
        "maxLength /builds/3/log_excerpt",
      );
    });
  });

  it("is strict about the minor version", () => {
    const files = { ...TEST, input_files: [] };
    expect(rule(prepare("tests", files, { major: 5, minor: 2 }))).toBe(
      "additionalProperties /tests/3/input_files",
    );
    expect(prepare("tests", files).refused).toEqual([]);
    expect(rule(prepare("tests", { ...TEST, status: "MISS" }, { major: 4, minor: 1 }))).toBe(
      "enum /tests/3/status",
    );
    expect(rule(prepare("builds", { ...BUILD, status: "PASS" }, { major: 4, minor: 5 }))).toBe(
      "additionalProperties /builds/3/status",
    );
    expect(
      rule(prepare("checkouts", { ...CHECKOUT, _timestamp: "2025-01-01T00:00:00Z" }, { major: 4, minor: 2 })),
    ).toBe("additionalProperties /checkouts/3/_timestamp");
  });
});

describe("upgrade from 4", () => {
  const V45 = { major: 4, minor: 5 };

  it("turns valid into a status", () => {
    expect(columns(prepare("builds", { ...BUILD, valid: true }, V45)).status).toBe("PASS");
    expect(columns(prepare("builds", { ...BUILD, valid: false }, V45)).status).toBe("FAIL");
    expect(columns(prepare("builds", BUILD, V45)).status).toBeUndefined();
  });

  it("drops what version 5 does not have", () => {
    expect(columns(prepare("checkouts", { ...CHECKOUT, contacts: ["x"] }, V45))).toEqual({
      id: "o:c",
      origin: "o",
    });
    const issue = { id: "o:i", origin: "o", version: 1, build_valid: false, test_status: "FAIL" };
    expect(columns(prepare("issues", issue, V45))).toEqual({ id: "o:i", origin: "o", version: "1" });
  });

  it("makes an issue of a document's waived tests, and an incident of each", () => {
    const context = objectContext(V45, { treeNames: new Map(), clock });
    const waived = (index: number, more = {}): ObjectOutcome =>
      prepareObject(
        context,
        { kind: "tests", index },
        {
          number: index,
          text: JSON.stringify({ ...TEST, id: `o:t${index}`, waived: true, ...more }),
          depth: 1,
        },
      );
    const refused = waived(0, { path: "a..b" });
    expect(refused.accepted).toEqual([]);
    expect(refused.refused).toMatchObject([{ rule: "upgrade", pointer: "/tests/0/path" }]);
    expect(waived(1).accepted.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      "tests o:t1",
      "issues _:waived",
      "incidents _:waived:1:o:t1",
    ]);
    const third = waived(2);
    expect(third.accepted.map(({ kind }) => kind)).toEqual(["tests", "incidents"]);
    expect(columns(third, 1)).toEqual({
      id: "_:waived:1:o:t2",
      origin: "_",
      issue_id: "_:waived",
      issue_version: "1",
      test_id: "o:t2",
      present: "t",
    });
  });

  it.each<[string, Kind, object]>([
    [
      "upgrade /checkouts/3/git_repository_url",
      "checkouts",
      { ...CHECKOUT, git_repository_url: "git://x/y" },
    ],
    ["upgrade /tests/3/path", "tests", { ...TEST, path: ".a" }],
    ["upgrade /tests/3/comment", "tests", { ...TEST, comment: "a\0" }],
    ["upgrade /tests/3/environment/comment", "tests", { ...TEST, environment: { comment: "\0" } }],
    ["nul /tests/3/misc/a", "tests", { ...TEST, misc: { a: "\0" } }],
  ])("refuses by %s", (expected, kind, object) => {
    expect(rule(prepare(kind, object, V45))).toBe(expected);
  });
});
