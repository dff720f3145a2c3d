/**
 * The JSON Schemas of submissions, 4.0 to 5.3, and validators compiled from them (chapter 02, sections 2 and 3).
 * Objects are validated one by one; the file around them is checked by hand in `submission.ts`.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { isDateTime, isEmail, isUri } from "./formats.ts";
import { KINDS, MAX_EXCERPT, pointerStep, type Kind, type Rule } from "./types.ts";

export interface Version {
  major: number;
  minor: number;
}

type Schema = Record<string, unknown>;
type Properties = Record<string, Schema>;

/** How many minor versions each major version has. */
const MINORS: Readonly<Record<number, number>> = { 4: 6, 5: 4 };

const STATUSES = ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"];

/** Whether this exact version is one that we take. */
export function isKnownVersion({ major, minor }: Version): boolean {
  return minor >= 0 && minor < (MINORS[major] ?? 0);
}

/** The sections that a version knows: 4.0 has no issues and incidents. */
export function kindsOf(version: Version): readonly Kind[] {
  return isBefore(version, 4, 1) ? KINDS.filter((kind) => kind !== "issues" && kind !== "incidents") : KINDS;
}

function isBefore(version: Version, major: number, minor: number): boolean {
  return version.major < major || (version.major === major && version.minor < minor);
}

/**
 * The schemas of a version's objects.
 *
 * @param longExcerpts whether `log_excerpt` of builds and tests may be of any length, because it is moved elsewhere
 */
export function objectSchemas(version: Version, longExcerpts = false): Record<Kind, Schema> {
  const old = version.major === 4;
  const from = (major: number, minor: number, properties: Properties): Properties =>
    isBefore(version, major, minor) ? {} : properties;

  const text = old ? { type: "string" } : { type: "string", pattern: "^[^\\u0000]*$" };
  const id = { type: "string", pattern: old ? "^[a-z0-9_]+:[^\\n]*$" : "^[a-z0-9_]+:[^\\u0000]*$" };
  const origin = { type: "string", pattern: "^[a-z0-9_]+$" };
  const dateTime = { type: "string", format: "date-time" };
  const uri = { type: "string", format: "uri" };
  const status = {
    type: "string",
    enum: isBefore(version, 4, 2) ? STATUSES.filter((name) => name !== "MISS") : STATUSES,
  };
  const path = {
    type: "string",
    pattern: old ? "^[.a-zA-Z0-9_-]*$" : "^([a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*)?$",
  };
  const boolean = { type: "boolean" };
  const number = { type: "number" };
  const version_ = { type: "integer", minimum: 0 };
  const misc = { type: "object" };
  const excerpt = { ...text, maxLength: MAX_EXCERPT };
  const movableExcerpt = longExcerpts ? text : excerpt;
  const resources = {
    type: "array",
    items: closed({ name: { type: "string", pattern: old ? "^[^\\/]+$" : "^[^\\/\\u0000]+$" }, url: uri }, [
      "name",
      "url",
    ]),
  };
  const metadata = from(4, 3, { _timestamp: dateTime });

  return {
    checkouts: closed(
      {
        id,
        origin,
        ...metadata,
        tree_name: text,
        git_repository_url: { ...uri, pattern: old ? "^(https|git)://" : "^https://[^\\u0000]*$" },
        git_commit_hash: { type: "string", pattern: "^[0-9a-f]{40}$" },
        git_commit_name: text,
        git_repository_branch: text,
        patchset_files: resources,
        patchset_hash: { type: "string", pattern: "^$|^[0-9a-f]{64}$" },
        message_id: { type: "string", format: "email" },
        comment: text,
        start_time: dateTime,
        log_url: uri,
        log_excerpt: excerpt,
        valid: boolean,
        misc,
        ...(old ? { contacts: { type: "array", items: { type: "string" } } } : {}),
        ...from(4, 5, {
          git_commit_message: text,
          git_commit_tags: { type: "array", items: text },
          git_repository_branch_tip: boolean,
        }),
        ...from(5, 1, { origin_builds_finish_time: dateTime, origin_tests_finish_time: dateTime }),
      },
      ["id", "origin"],
    ),
    builds: closed(
      {
        checkout_id: id,
        id,
        origin,
        ...metadata,
        comment: text,
        start_time: dateTime,
        duration: number,
        architecture: { type: "string", pattern: "^[a-z0-9_]*$" },
        command: text,
        compiler: text,
        input_files: resources,
        output_files: resources,
        config_name: text,
        config_url: uri,
        log_url: uri,
        log_excerpt: movableExcerpt,
        ...(old ? { valid: boolean } : { status }),
        misc,
      },
      ["checkout_id", "id", "origin"],
    ),
    tests: closed(
      {
        build_id: id,
        id,
        origin,
        ...metadata,
        environment: closed({
          comment: text,
          misc,
          ...from(4, 4, {
            compatible: {
              type: "array",
              items: {
                type: "string",
                pattern: old ? "^[^ ]+(,[^ ]+)*$" : "^[^ \\u0000]+(,[^ \\u0000]+)*$",
              },
            },
          }),
        }),
        path,
        comment: text,
        log_url: uri,
        log_excerpt: movableExcerpt,
        status,
        ...from(4, 4, {
          number: closed(
            { value: number, unit: text, prefix: { type: "string", enum: ["metric", "binary"] } },
            ["value"],
          ),
        }),
        start_time: dateTime,
        duration: number,
        output_files: resources,
        ...from(5, 3, { input_files: resources }),
        ...(old ? { waived: boolean } : {}),
        misc,
      },
      ["build_id", "id", "origin"],
    ),
    issues: closed(
      {
        id,
        version: version_,
        origin,
        ...metadata,
        report_url: uri,
        report_subject: text,
        culprit: closed({ code: boolean, tool: boolean, harness: boolean }),
        ...(old ? { build_valid: boolean, test_status: status } : {}),
        ...from(5, 2, { categories: { type: "array", items: path } }),
        comment: text,
        misc,
      },
      ["id", "version", "origin"],
    ),
    incidents: closed(
      {
        id,
        origin,
        ...metadata,
        issue_id: id,
        issue_version: version_,
        build_id: id,
        test_id: id,
        present: boolean,
        comment: text,
        misc,
      },
      ["id", "origin", "issue_id", "issue_version"],
    ),
  };
}

function closed(properties: Properties, required: string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

const validators = new Map<string, ValidateFunction>();

/**
 * The compiled validator of a version's kind, made when it is needed first. Numbers beyond a double arrive as Infinity and
 * pass here as numbers; `limits.ts` refuses them by a rule of their own.
 */
function validatorOf(version: Version, kind: Kind, longExcerpts: boolean): ValidateFunction {
  const key = `${version.major}.${version.minor} ${kind}${longExcerpts ? " with long excerpts" : ""}`;
  let found = validators.get(key);
  if (found === undefined) {
    // The schemas are ours and a test validates them: doing so here takes longer than compiling them.
    const ajv = new Ajv({ strictNumbers: false, strict: true, meta: false, validateSchema: false });
    ajv.addFormat("uri", isUri).addFormat("date-time", isDateTime).addFormat("email", isEmail);
    found = ajv.compile(objectSchemas(version, longExcerpts)[kind]);
    validators.set(key, found);
  }
  return found;
}

export interface SchemaViolation {
  rule: Rule;
  /** JSON pointer within the object. */
  pointer: string;
  message: string;
}

/**
 * The first way in which an object violates its version's schema, or undefined.
 *
 * @param longExcerpts see `objectSchemas`
 */
export function schemaViolation(
  version: Version,
  kind: Kind,
  value: unknown,
  longExcerpts = false,
): SchemaViolation | undefined {
  const validate = validatorOf(version, kind, longExcerpts);
  if (validate(value)) return undefined;
  const error = validate.errors?.[0];
  return error === undefined ? undefined : violation(error);
}

const RULES = new Set<string>([
  "required",
  "additionalProperties",
  "type",
  "pattern",
  "format",
  "enum",
  "maxLength",
  "minimum",
]);

function violation(error: ErrorObject): SchemaViolation {
  if (!RULES.has(error.keyword))
    throw new Error(`the schema uses a keyword without a rule: ${error.keyword}`);
  const rule = error.keyword as Rule;
  const parameters = error.params as Record<string, unknown>;
  if (rule === "additionalProperties") {
    const name = String(parameters.additionalProperty);
    return {
      rule,
      pointer: error.instancePath + pointerStep(name),
      message: `property '${name}' is not known here`,
    };
  }
  if (rule === "enum") {
    return {
      rule,
      pointer: error.instancePath,
      message: `must be one of ${JSON.stringify(parameters.allowedValues)}`,
    };
  }
  return { rule, pointer: error.instancePath, message: error.message ?? rule };
}
