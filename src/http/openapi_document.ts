/**
 * The API's description as OpenAPI 3.0.3 has it. The routes' schemas are JSON Schemas with tuples, `null` types, lists of
 * examples and schemas of names, which OpenAPI 3.0 lacks; and what many of them share is put into components.
 */
/** A JSON Schema, as TypeBox makes them. */
interface JsonSchema {
  type?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  items?: JsonSchema | JsonSchema[];
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  examples?: unknown[];
  [keyword: string]: unknown;
}

interface SchemaHolder {
  schema?: JsonSchema;
}

interface Answer {
  description: string;
  content?: Record<string, SchemaHolder>;
}

interface Operation {
  summary?: string;
  parameters?: SchemaHolder[];
  requestBody?: { content: Record<string, SchemaHolder> };
  responses: Record<string, Answer>;
}

/** What of a description is converted. */
interface Document {
  paths?: Record<string, Record<string, Operation>>;
}

type Named = ReadonlyMap<string, string>;

/** What the routes say to each other, and not to a reader. */
const INTERNAL_KEYWORDS = ["additionalItems", "x-clamp", "x-datetime", "const", "~kind", "~optional"];

/**
 * A description in the words of OpenAPI 3.0.
 *
 * @param document with schemas as routes have them
 * @param components schemas by the names under which the description has them; they are found by what they say
 */
export function toOpenApi30(document: object, components: Record<string, object>): object {
  const names = new Map<string, string>();
  const schemas: Record<string, JsonSchema> = {};
  // A component may hold those that come before it.
  for (const [name, schema] of Object.entries(components)) {
    const plain = convert(JSON.parse(JSON.stringify(schema)) as JsonSchema, names);
    if ("$ref" in plain) throw new Error(`Component ${name} says the same as another one`);
    schemas[name] = plain;
    names.set(canonicalText(plain), name);
  }
  const copy = JSON.parse(JSON.stringify(document)) as Document;
  for (const path of Object.values(copy.paths ?? {}))
    for (const operation of Object.values(path)) convertOperation(operation, names);
  return { ...copy, components: { schemas } };
}

function convertOperation({ summary, ...operation }: Operation, names: Named): void {
  convertAll(operation.parameters ?? [], names);
  convertAll(Object.values(operation.requestBody?.content ?? {}), names);
  for (const response of Object.values(operation.responses)) {
    if (response.description === "Default Response" && summary !== undefined) response.description = summary;
    const contents = Object.values(response.content ?? {});
    // What an error means is said by the answer; its schema is that of all errors.
    for (const { schema } of contents)
      if (schema?.description === response.description) delete schema.description;
    convertAll(contents, names);
  }
}

function convertAll(holders: SchemaHolder[], names: Named): void {
  for (const holder of holders)
    if (holder.schema !== undefined) holder.schema = convert(holder.schema, names);
}

/** A schema without what OpenAPI 3.0 lacks, or a reference to the component that it is. */
function convert(schema: JsonSchema, names: Named): JsonSchema {
  const plain = withoutNull(schema, names) ?? convertMembers(schema, names);
  const name = names.get(canonicalText(plain));
  return name === undefined ? plain : { $ref: `#/components/schemas/${name}` };
}

function convertMembers(schema: JsonSchema, names: Named): JsonSchema {
  const { examples, patternProperties, ...rest } = schema;
  const plain: JsonSchema = { ...rest };
  for (const keyword of INTERNAL_KEYWORDS) Reflect.deleteProperty(plain, keyword);
  if (examples !== undefined && !("example" in plain)) plain.example = examples[0];
  if (plain.enum?.every((value) => typeof value === "string") === true) plain.type = "string";
  if (plain.anyOf !== undefined) plain.anyOf = plain.anyOf.map((one) => convert(one, names));
  if (Array.isArray(plain.items)) Object.assign(plain, listOfTuple(plain.items, names));
  else if (plain.items !== undefined) plain.items = convert(plain.items, names);
  if (plain.properties !== undefined)
    plain.properties = Object.fromEntries(
      Object.entries(plain.properties).map(([name, member]) => [name, convert(member, names)]),
    );
  // All names are texts, so a schema of names that match a pattern is one of all members.
  const [ofNames] = Object.values(patternProperties ?? {});
  if (ofNames !== undefined) plain.additionalProperties = ofNames;
  if (typeof plain.additionalProperties === "object")
    plain.additionalProperties = convert(plain.additionalProperties, names);
  return plain;
}

/** A tuple is a list of as many items, each one of those that the tuple has. */
function listOfTuple(items: JsonSchema[], names: Named): JsonSchema {
  return {
    items: { anyOf: items.map((item) => convert(item, names)) },
    minItems: items.length,
    maxItems: items.length,
  };
}

/** A schema that allows null, with `nullable`, which counts only beside a type; undefined for one that does not. */
function withoutNull(schema: JsonSchema, names: Named): JsonSchema | undefined {
  if (isNull(schema)) return { ...schema, type: "object", nullable: true, enum: [null] };
  const others = schema.anyOf?.filter((one) => !isNull(one)) ?? [];
  const [first, ...more] = others;
  if (first === undefined || others.length === schema.anyOf?.length) return undefined;
  const { anyOf: _anyOf, ...rest } = schema;
  if (more.length > 0) return { ...convertMembers(rest, names), ...nullable({ anyOf: others }, names) };
  return { ...nullable(first, names), ...convertMembers(rest, names) };
}

/** Also as the framework writes it, which converts some of it. */
function isNull({ type, enum: values }: JsonSchema): boolean {
  return type === "null" || (values?.length === 1 && values[0] === null);
}

/** The schema that also allows null. Never a reference: what a reference stands for does not. */
function nullable(schema: JsonSchema, names: Named): JsonSchema {
  const { anyOf, ...plain } = convertMembers(schema, names);
  const [first, ...more] = schema.anyOf ?? [];
  if (anyOf !== undefined && first !== undefined)
    return { ...plain, anyOf: [nullable(first, names), ...more.map((one) => convert(one, names))] };
  const allowed = plain.enum === undefined ? {} : { enum: [...plain.enum, null] };
  return { ...plain, ...(plain.type === undefined ? {} : { nullable: true }), ...allowed };
}

/** The same text for schemas that say the same, in whatever order. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
