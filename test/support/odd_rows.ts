/** Builds and tests as no submission leaves them, but as older databases may hold them. */

/** The platform of tests that do not say otherwise. */
export const BOARD = "board";

/** SQL of columns, and what is shown: on trees, on hardware (where that differs), and alone. */
type OddRow = [
  what: string,
  columns: Record<string, string>,
  onTree: object,
  onHardware?: object | undefined,
  alone?: object,
];

/** Texts that JSON holds, as SQL. */
const json = (text: string): string => `'${text}'::jsonb`;

export const ODD_BUILDS: OddRow[] = [
  ["no misc", { misc: "null" }, { misc: null }],
  ["misc is JSON null", { misc: json("null") }, { misc: null }],
  ["misc is a number", { misc: json("7") }, { misc: null }],
  ["misc is a text", { misc: json('"x"') }, { misc: null }],
  ["misc is true", { misc: json("true") }, { misc: null }],
  ["misc is a list", { misc: json("[1]") }, { misc: null }, { misc: [1] }, { misc: null }],
  ["misc is empty", { misc: json("{}") }, { misc: { platform: "Unknown" } }, { misc: {} }, { misc: {} }],
  [
    "misc is the text of an object",
    { misc: json(String.raw`"{\"a\": 1}"`) },
    { misc: { a: 1, platform: "Unknown" } },
    { misc: null },
    { misc: { a: 1 } },
  ],
  ["misc is a text like an object", { misc: json('"{a"') }, { misc: null }],
  [
    "platform and lab are no texts",
    { misc: json('{"platform": null, "lab": 7}') },
    { misc: { platform: null, lab: 7 } },
  ],
  ["lab is null", { misc: json('{"platform": {}, "lab": null}') }, { misc: { platform: {}, lab: null } }],
  ["lab is empty", { misc: json('{"platform": "", "lab": ""}') }, { misc: { platform: "", lab: "" } }],
  ["unknown status", { status: "'weird'" }, { status: "NULL" }],
  ["empty status", { status: "''" }, { status: "NULL" }],
  ["lower-case status", { status: "'fail'" }, { status: "FAIL" }],
  ["no status", { status: "null" }, { status: "NULL" }],
  ["duration NaN", { duration: "'NaN'" }, { duration: null }],
  ["duration Infinity", { duration: "'Infinity'" }, { duration: null }],
  ["duration -Infinity", { duration: "'-Infinity'" }, { duration: null }],
  ["a huge duration", { duration: "1e308" }, { duration: 1e308 }],
  [
    "architecture and compiler in quotes",
    { architecture: "'[''arm64'']'", compiler: "'[''gcc-12'']'" },
    { architecture: "arm64", compiler: "gcc-12" },
    undefined,
    { architecture: "['arm64']", compiler: "['gcc-12']" },
  ],
  [
    "architecture, compiler and config are blank",
    { architecture: "' '", compiler: "'[]'", config_name: "''" },
    { architecture: "Unknown", compiler: "Unknown", config_name: "Unknown" },
    undefined,
    { architecture: " ", compiler: "[]", config_name: "" },
  ],
  [
    "architecture, compiler and config are missing",
    { architecture: "null", compiler: "null", config_name: "null" },
    { architecture: "Unknown", compiler: "Unknown", config_name: "Unknown" },
    undefined,
    { architecture: null, compiler: null, config_name: null },
  ],
  ["start is infinite", { start_time: "'infinity'" }, { start_time: null }],
  [
    "start is before all times",
    { start_time: "'-infinity'", _timestamp: "'-infinity'" },
    { start_time: null },
  ],
  ["no times", { start_time: "null", _timestamp: "null" }, { start_time: null }],
  [
    "named like a prototype",
    { config_name: "'__proto__'", architecture: "'constructor'" },
    { config_name: "__proto__" },
  ],
  [
    "files are no lists",
    { input_files: json('"x"'), output_files: json('{"name": 1}') },
    {},
    {},
    { input_files: null, output_files: null },
  ],
  [
    "files are lists of anything",
    { input_files: json('[1, {"name": "a", "url": "u"}, null]'), output_files: json("[[]]") },
    {},
    {},
    { input_files: [{ name: "a", url: "u" }], output_files: [] },
  ],
];

const platform = (name: string): object => ({ environment_misc: { platform: name } });
/** To be found on the board although its platform says something else, or nothing. */
const named = { environment_compatible: `'{${BOARD}}'` };
const UNKNOWN = platform("Unknown");

export const ODD_TESTS: OddRow[] = [
  ["no environment", { ...named, environment_misc: "null" }, UNKNOWN],
  ["environment is JSON null", { ...named, environment_misc: json("null") }, UNKNOWN],
  ["environment is a number", { ...named, environment_misc: json("7") }, UNKNOWN],
  ["environment is a text", { ...named, environment_misc: json('"platform"') }, UNKNOWN],
  ["environment is a list", { ...named, environment_misc: json('["platform"]') }, UNKNOWN],
  ["environment is empty", { ...named, environment_misc: json("{}") }, UNKNOWN],
  ["platform is null", { ...named, environment_misc: json('{"platform": null}') }, UNKNOWN],
  ["platform is a number", { ...named, environment_misc: json('{"platform": 7}') }, UNKNOWN],
  ["platform is an object", { ...named, environment_misc: json('{"platform": {}}') }, UNKNOWN],
  ["platform is empty", { ...named, environment_misc: json('{"platform": ""}') }, UNKNOWN],
  ["no compatibles", { environment_compatible: "null" }, { environment_compatible: null }],
  ["compatibles are empty", { environment_compatible: "'{}'" }, { environment_compatible: [] }],
  ["a compatible is null", { environment_compatible: "'{null,a,null}'" }, { environment_compatible: ["a"] }],
  ["all compatibles are null", { environment_compatible: "'{null}'" }, { environment_compatible: [] }],
  ["a compatible is empty", { environment_compatible: `'{"",b}'` }, { environment_compatible: ["", "b"] }],
  [
    "compatibles count from nought",
    { environment_compatible: "'[0:1]={first,second}'" },
    { environment_compatible: ["first", "second"] },
  ],
  [
    "compatibles are a table",
    { environment_compatible: "'{{t1,t2},{t3,t4}}'" },
    { environment_compatible: ["t1", "t2", "t3", "t4"] },
  ],
  ["no misc", { misc: "null" }, { lab: "Unknown" }],
  ["misc is JSON null", { misc: json("null") }, { lab: "Unknown" }],
  ["misc is a list", { misc: json('["runtime", "error_msg"]'), status: "'FAIL'" }, { lab: "Unknown" }],
  [
    "runtime is null",
    { misc: json('{"runtime": null, "error_msg": null}'), status: "'FAIL'" },
    { lab: "Unknown" },
  ],
  [
    "runtime is a number",
    { misc: json('{"runtime": 7, "error_msg": 7}'), status: "'FAIL'" },
    { lab: "Unknown" },
  ],
  [
    "runtime is an object",
    { misc: json('{"runtime": {}, "error_msg": {"a": [1]}}'), status: "'FAIL'" },
    { lab: "Unknown" },
  ],
  [
    "runtime is empty",
    { misc: json('{"runtime": "", "error_msg": ""}'), status: "'FAIL'" },
    { lab: "Unknown" },
  ],
  ["error is a list", { misc: json('{"error_msg": ["x"]}'), status: "'miss'" }, { status: "MISS" }],
  ["error is true", { misc: json('{"error_msg": true}'), status: "'ERROR'" }, { status: "ERROR" }],
  ["error is false", { misc: json('{"error_msg": false}'), status: "'FAIL'" }, { status: "FAIL" }],
  [
    "error is called like a prototype",
    { misc: json('{"error_msg": "__proto__", "runtime": "__proto__"}'), status: "'FAIL'" },
    { lab: "__proto__" },
  ],
  ["no path", { path: "null" }, { path: "Unknown" }, { path: null }, { path: null }],
  ["empty path", { path: "''" }, { path: "Unknown" }, { path: "" }, { path: "" }],
  ["path of a pattern", { path: "'%'" }, { path: "%" }],
  ["boot with nothing behind", { path: "'boot.'" }, { path: "boot." }],
  ["unknown status", { status: "'weird'" }, { status: "NULL" }],
  ["empty status", { status: "''" }, { status: "NULL" }],
  ["lower-case status", { status: "'fail'" }, { status: "FAIL" }],
  ["no status", { status: "null" }, { status: "NULL" }],
  ["duration NaN", { duration: "'NaN'" }, { duration: null }, undefined, {}],
  ["duration Infinity", { duration: "'Infinity'" }, { duration: null }, undefined, {}],
  ["duration -Infinity", { duration: "'-Infinity'" }, { duration: null }, undefined, {}],
  ["no start", { start_time: "null" }, { start_time: null }],
  ["no times", { start_time: "null", _timestamp: "null" }, { start_time: null }],
  [
    "files are no lists",
    { input_files: json('"x"'), output_files: json("7") },
    {},
    {},
    { input_files: null, output_files: null },
  ],
];

const row = (columns: Record<string, string>): [names: string, values: string] => [
  Object.keys(columns).join(", "),
  Object.values(columns).join(", "),
];

/** SQL of a row in which all is usual but the given columns. */
export function insertBuild(id: string, columns: Record<string, string>, checkout = "head"): string {
  const [names, values] = row({
    ...{
      id: `'${id}'`,
      checkout_id: `'${checkout}'`,
      origin: "'maestro'",
      status: "'PASS'",
      start_time: "now() - interval '1 hour'",
    },
    ...{ architecture: "'arm64'", compiler: "'gcc-12'", config_name: "'defconfig'", _timestamp: "now()" },
    ...columns,
  });
  return `insert into builds (${names}) values (${values});`;
}

export function insertTest(id: string, build: string, columns: Record<string, string>): string {
  const [names, values] = row({
    ...{ id: `'${id}'`, build_id: `'${build}'`, origin: "'maestro'", status: "'PASS'", path: "'ltp'" },
    ...{
      environment_misc: json(`{"platform": "${BOARD}"}`),
      start_time: "now() - interval '1 hour'",
      _timestamp: "now()",
    },
    ...columns,
  });
  return `insert into tests (${names}) values (${values});`;
}
