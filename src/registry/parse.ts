/** Reads registry files and their index (chapter 08, section 4.4). Pure. */
import { parse } from "yaml";
import {
  DEFINITIONS,
  RegistryError,
  SECTIONS,
  type Entity,
  type Registry,
  type Section,
} from "./registry.ts";

const MAX_FILES = 1000;
const MAX_ENTITIES = 100_000;
/** PostgreSQL cannot index texts of any length. */
const MAX_ID_CHARACTERS = 500;
const MAX_TYPE_CHARACTERS = 64;
const MAX_TEXT_CHARACTERS = 100_000;
const MAX_INTEGER = 2_147_483_647;

type Mapping = Record<string, unknown>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As the reference implementation names types. */
function typeName(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return isMapping(value) ? "dict" : typeof value;
}

function parseMapping(text: string, source: string): Mapping {
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new RegistryError(`Invalid YAML: ${source}: ${first ?? ""}`);
  }
  if (value === null || value === undefined || (isMapping(value) && Object.keys(value).length === 0))
    throw new RegistryError(`Registry is empty or parses to null: ${source}`);
  if (!isMapping(value))
    throw new RegistryError(`Expected a YAML mapping at root, got ${typeName(value)}: ${source}`);
  return value;
}

/** The files that an index lists. @throws RegistryError */
export function parseIndex(text: string, source: string): string[] {
  const { registries } = parseMapping(text, source);
  if (registries === undefined)
    throw new RegistryError("Index YAML must contain a 'registries' key with a list of filenames.");
  if (!Array.isArray(registries) || registries.length === 0)
    throw new RegistryError("Index 'registries' must be a non-empty list.");
  if (registries.length > MAX_FILES)
    throw new RegistryError(`Index 'registries' lists ${registries.length} files, more than ${MAX_FILES}.`);
  return registries.map((name: unknown, index) => {
    if (typeof name !== "string" || name === "")
      throw new RegistryError(`Index 'registries': entry ${index + 1} is no file name.`);
    return name;
  });
}

/**
 * The entities of a registry file. Keys and sections that are not known are passed over, a section that is null or not
 * there is an empty one.
 *
 * @throws RegistryError that names the source and the entity
 */
export function parseRegistry(text: string, source: string): { registry: Registry; missing: Section[] } {
  const root = parseMapping(text, source);
  const registry = {} as Registry;
  for (const section of SECTIONS) registry[section] = parseSection(root[section], section, source);
  return { registry, missing: SECTIONS.filter((section) => !(section in root)) };
}

function parseSection(value: unknown, section: Section, source: string): Entity[] {
  if (value === null || value === undefined) return [];
  if (!isMapping(value))
    throw new RegistryError(`${source}: ${section} has to be a mapping, not ${typeName(value)}`);
  const entries = Object.entries(value);
  if (entries.length > MAX_ENTITIES)
    throw new RegistryError(`${source}: ${section} has more than ${MAX_ENTITIES} entities`);
  const seen = new Map<string, string>();
  return entries.map(([key, entry]) => {
    const entity = parseEntity(entry, section, `${source}: ${section} '${key}'`);
    const other = seen.get(entity.id);
    if (other !== undefined)
      throw new RegistryError(
        `${source}: ${section} '${other}' and '${key}' have the same id '${entity.id}'`,
      );
    seen.set(entity.id, key);
    return entity;
  });
}

/** @param name of the entity, for errors */
function parseEntity(value: unknown, section: Section, name: string): Entity {
  if (!isMapping(value)) throw new RegistryError(`${name} has to be a mapping, not ${typeName(value)}`);
  const { defaultType, texts, integers, references } = DEFINITIONS[section];
  const text = (field: string, limit: number): string | null =>
    textOf(value[field], `${name}: ${field}`, limit);
  const required = (field: string): string => {
    const found = text(field, MAX_ID_CHARACTERS);
    if (found === null || found === "") throw new RegistryError(`${name}: ${field} is missing`);
    return found;
  };
  const entity: Entity = { id: required("id"), type: text("type", MAX_TYPE_CHARACTERS) ?? defaultType };
  for (const field of texts) entity[field] = text(field, MAX_TEXT_CHARACTERS);
  for (const field of integers) entity[field] = integerOf(value[field], `${name}: ${field}`);
  for (const [field, { isOptional }] of Object.entries(references))
    entity[field] = isOptional === true ? emptyAsNull(text(field, MAX_ID_CHARACTERS)) : required(field);
  return entity;
}

function textOf(value: unknown, name: string, limit: number): string | null {
  if (value === null || value === undefined) return null;
  // A text such as 8250 is a number to YAML.
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
    throw new RegistryError(`${name} has to be a text, not ${typeName(value)}`);
  const text = String(value);
  if (text.includes("\0")) throw new RegistryError(`${name} has a NUL character`);
  if (text.length > limit) throw new RegistryError(`${name} has more than ${limit} characters`);
  return text;
}

/** Clock speeds may have a fraction, which the table has not. */
function integerOf(value: unknown, name: string): number | null {
  if (value === null || value === undefined) return null;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number))
    throw new RegistryError(`${name} has to be a number`);
  const rounded = Math.round(number);
  if (Math.abs(rounded) > MAX_INTEGER) throw new RegistryError(`${name} is out of range`);
  return rounded;
}

function emptyAsNull(text: string | null): string | null {
  return text === "" ? null : text;
}
