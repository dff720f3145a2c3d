/** The hardware registry: all of it, and what it knows of one piece of hardware (chapter 05, sections 12 and 17). */
import type { Pool } from "../../database/pool.ts";
import { raw, sql, type SqlFragment, type Statement } from "../../database/sql.ts";
import { queryBody } from "../query.ts";

export interface RegistryRequest {
  name?: string;
  vendor?: string;
  limit: number;
}

const COMMON = "id, type, url, details";

/** A list of entities as JSON. The tables hold some hundred rows each and are read whole. */
function list(
  table: string,
  columns: string,
  vendorColumn: string,
  { name, vendor, limit }: RegistryRequest,
): Statement {
  return sql`(
    select coalesce(json_agg(to_json(e) order by e.id collate "C"), '[]')
    from (
      select ${raw(columns)} from ${raw(`hardware_registry_${table}`)}
      where (${name ?? null}::text is null or strpos(lower(id), lower(${name ?? null}::text)) > 0)
        and (${vendor ?? null}::text is null or ${raw(vendorColumn)} = ${vendor ?? null}::text)
      order by id collate "C"
      limit ${limit}
    ) e
  )`;
}

/** The lists, as JSON text. */
export async function hardwareRegistry(pool: Pool, request: RegistryRequest): Promise<string> {
  const body = await queryBody(
    pool,
    "hardware_registry",
    sql`select json_build_object(
      'silicon_vendors', ${list("silicon_vendors", COMMON, "id", request)},
      'platform_vendors', ${list("platform_vendors", COMMON, "id", request)},
      'processors', ${list("processors", `${COMMON}, architecture, cores, max_clock_speed_mhz, vendor_id`, "vendor_id", request)},
      'system_modules', ${list("system_modules", `${COMMON}, form_factor, vendor_id, processor_id`, "vendor_id", request)},
      'platforms', ${list("platforms", `${COMMON}, form_factor, vendor_id, processor_id, system_module_id`, "vendor_id", request)}
    )::text as body`,
  );
  return body ?? "";
}

/** Names are compared in lower case, with hyphens for underscores: registries write ids so, compatibles as they like. */
function comparable(text: string): string {
  return `replace(lower(${text}), '_', '-')`;
}

const VENDOR = (table: string, owner: string): string =>
  `(select to_json(v) from (select ${COMMON} from hardware_registry_${table} where id = ${owner}.vendor_id) v)`;

const PROCESSOR = (alias: string): string => `json_build_object(
  'id', ${alias}.id, 'type', ${alias}.type, 'url', ${alias}.url, 'details', ${alias}.details,
  'architecture', ${alias}.architecture, 'cores', ${alias}.cores, 'max_clock_speed_mhz', ${alias}.max_clock_speed_mhz,
  'vendor', ${VENDOR("silicon_vendors", alias)})`;

const PROCESSOR_OF = (owner: string): string =>
  `(select ${PROCESSOR("c")} from hardware_registry_processors c where c.id = ${owner}.processor_id)`;

const BOARD = (alias: string): string => `
  'id', ${alias}.id, 'type', ${alias}.type, 'url', ${alias}.url, 'details', ${alias}.details,
  'form_factor', ${alias}.form_factor, 'vendor', ${VENDOR("platform_vendors", alias)},
  'processor', ${PROCESSOR_OF(alias)}`;

const MODULE = (alias: string): string => `json_build_object(${BOARD(alias)})`;

const PLATFORM = `json_build_object(${BOARD("p")},
  'system_module', (select ${MODULE("m")} from hardware_registry_system_modules m where m.id = p.system_module_id))`;

/** The entities of a table that a key names, the best match first. */
function named(table: string, alias: string, entity: string): SqlFragment {
  return raw(`
    select coalesce(json_agg(${entity} order by k.place, ${alias}.id collate "C"), '[]') as list
    from keys k join hardware_registry_${table} ${alias} on ${comparable(`${alias}.id`)} = k.key`);
}

/**
 * What the registry knows of a platform or a compatible, as JSON text. An entity is found by its id: that is the name
 * itself, or what follows the comma of a compatible (`ti,am335x-bone-black`). A platform, which labs name as they like, is found by
 * the compatibles of its newest tests too.
 *
 * @returns undefined when it knows nothing
 */
export function hardwareInfo(pool: Pool, hardware: string, origin: string): Promise<string | undefined> {
  return queryBody(
    pool,
    "hardware_info",
    sql`
    with compatibles as (
      -- index hardware_status_pkey
      select h.compatibles from hardware_status h
      where h.test_origin = ${origin} and h.platform = ${hardware} and h.compatibles is not null
      order by h.start_time desc, h.checkout_id collate "C"
      limit 1
    ), names as (
      select 0 as place, ${hardware}::text as name
      union all
      select l.place::integer, l.name from compatibles, unnest(compatibles) with ordinality l (name, place)
    ), keys as (
      select min(place) as place, key
      from (
        select place, ${raw(comparable("name"))} as key from names
        union all
        select place, ${raw(comparable("substr(name, strpos(name, ',') + 1)"))} from names where strpos(name, ',') > 0
      ) k
      group by key
    )
    select json_build_object(
      'hardware', ${hardware}::text,
      'names', (select json_agg(name order by place) from names where name is not null),
      'platforms', platforms.list, 'system_modules', modules.list, 'processors', processors.list
    )::text as body
    from (${named("platforms", "p", PLATFORM)}) platforms,
      (${named("system_modules", "m", MODULE("m"))}) modules,
      (${named("processors", "c", PROCESSOR("c"))}) processors
    where json_array_length(platforms.list) + json_array_length(modules.list) + json_array_length(processors.list) > 0`,
  );
}
