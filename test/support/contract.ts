/**
 * Holds every JSON answer of a test's server against the schema that its route declares for the status, exactly: a
 * member too few, too many or of another type fails the test that asked. The running program does not do this.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { afterAll, afterEach } from "vitest";

const MAX_SHOWN = 3;
const problems: string[] = [];
const validators = new WeakMap<object, ValidateFunction>();
const ajv = new Ajv({ strict: false, allErrors: true });

/** To be called before the server listens. */
export function enforceContract(app: FastifyInstance): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const problem = problemOf(request, reply.statusCode, String(reply.getHeader("content-type")), payload);
    if (problem !== undefined) problems.push(problem);
    done(null, payload);
  });
}

function problemOf(
  { method, originalUrl, routeOptions, is404 }: FastifyRequest,
  status: number,
  contentType: string,
  payload: unknown,
): string | undefined {
  const answers = routeOptions.schema?.response as Record<string, object> | undefined;
  // What is no route of the API, and what is asked of one by another method, has no schema.
  if (is404 || answers === undefined || method === "OPTIONS") return undefined;
  const request = `${method} ${originalUrl.slice(0, 300)}: ${status}`;
  const schema = answers[status] ?? answers.default;
  if (schema === undefined) return `${request}, which the route does not declare`;
  if ("content" in schema) return undefined;
  if (contentType !== "application/json") return `${request} has the content type ${contentType}`;
  if (!Buffer.isBuffer(payload)) return `${request} is no text`;
  const value = JSON.parse(payload.toString()) as unknown;
  const validate = validatorOf(schema);
  if (validate(value)) return undefined;
  return `${request} is not as its schema says\n${shown(validate.errors ?? [])}\n${payload.toString().slice(0, 500)}`;
}

function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validate = ajv.compile(closed(JSON.parse(JSON.stringify(schema))) as object);
  validators.set(schema, validate);
  return validate;
}

/** The schema with objects that have no members beside those that it names. */
export function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const { properties, patternProperties, additionalProperties, ...rest } = schema as {
    properties?: Record<string, unknown>;
    patternProperties?: Record<string, unknown>;
    additionalProperties?: unknown;
  };
  const result: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, name === "enum" ? value : closed(value)]),
  );
  if (properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, closed(value)]),
    );
    result.additionalProperties = closed(additionalProperties ?? false);
  }
  // Names of any kind, also with line ends, which the pattern would let pass unseen.
  const [ofNames] = Object.values(patternProperties ?? {});
  if (ofNames !== undefined) result.additionalProperties = closed(ofNames);
  else if (properties === undefined && additionalProperties !== undefined)
    result.additionalProperties = closed(additionalProperties);
  return result;
}

/** The deepest problems: where there are alternatives, those of the one that fits best. */
function shown(errors: ErrorObject[]): string {
  return errors
    .filter(({ keyword }) => keyword !== "anyOf")
    .sort((a, b) => b.instancePath.split("/").length - a.instancePath.split("/").length)
    .slice(0, MAX_SHOWN)
    .map(
      ({ instancePath, message, params }) =>
        `  at ${instancePath || "/"}: ${message ?? ""} ${JSON.stringify(params)}`,
    )
    .join("\n");
}

/** What was found since the last time. */
export function takeProblems(): string[] {
  return problems.splice(0);
}

function report(): void {
  const found = takeProblems();
  if (found.length === 0) return;
  const more = found.length > MAX_SHOWN ? `\n... and ${found.length - MAX_SHOWN} more` : "";
  throw new Error(
    `The server's answers break the API's description:\n${found.slice(0, MAX_SHOWN).join("\n")}${more}`,
  );
}

afterEach(report);
afterAll(report);
