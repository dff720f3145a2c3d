/** Writes registries into the tables (chapter 05, section 12). */
import type pg from "pg";
import {
  columnsOf,
  DEFINITIONS,
  RegistryError,
  SECTIONS,
  tableOf,
  type Registry,
  type Section,
} from "./registry.ts";

export type SectionCounts = Record<Section, number>;

/**
 * Stores a file's entities in one transaction: new ones are inserted, known ones get all columns of the file.
 *
 * @param source for errors
 * @param dryRun rolls back what would have been done
 * @returns rows inserted or changed
 * @throws RegistryError that names the source and the entity; then nothing of the file is stored
 */
export async function storeRegistry(
  client: pg.ClientBase,
  registry: Registry,
  source: string,
  dryRun: boolean,
): Promise<SectionCounts> {
  const written: SectionCounts = noRows();
  await client.query("begin");
  try {
    for (const section of SECTIONS) {
      const columns = columnsOf(section);
      const others = columns.filter((name) => name !== "id");
      const { rowCount } = await client.query(
        `insert into ${tableOf(section)} (${columns.join(", ")})
         select ${columns.join(", ")} from jsonb_populate_recordset(null::${tableOf(section)}, $1::jsonb)
         order by id collate "C"
         on conflict (id) do update set ${others.map((name) => `${name} = excluded.${name}`).join(", ")}
         where (${others.map((name) => `${tableOf(section)}.${name}`).join(", ")})
           is distinct from (${others.map((name) => `excluded.${name}`).join(", ")})`,
        [JSON.stringify(registry[section])],
      );
      written[section] = rowCount ?? 0;
    }
    for (const section of SECTIONS) await checkReferences(client, registry, section, source);
    await client.query(dryRun ? "rollback" : "commit");
    return written;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

/** The constraints are checked at commit, and name no entity. */
async function checkReferences(
  client: pg.ClientBase,
  registry: Registry,
  section: Section,
  source: string,
): Promise<void> {
  for (const [column, { section: target }] of Object.entries(DEFINITIONS[section].references)) {
    const { rows } = await client.query<{ id: string; named: string }>(
      `select r.id, r.${column} as named from ${tableOf(section)} r
       where r.id = any($1) and r.${column} is not null
         and not exists (select from ${tableOf(target)} o where o.id = r.${column})
       order by r.id limit 1`,
      [registry[section].map(({ id }) => id)],
    );
    for (const { id, named } of rows)
      throw new RegistryError(
        `${source}: ${section} '${id}': ${column} names '${named}', which is not among the ${target}`,
      );
  }
}

/** Ids of entities by section. */
export type EntityIds = Record<Section, string[]>;

/** The stored entities that are in none of some files. */
export async function withdrawnEntities(client: pg.ClientBase, listed: EntityIds): Promise<EntityIds> {
  const withdrawn = {} as EntityIds;
  for (const section of SECTIONS) {
    const { rows } = await client.query<{ id: string }>(
      `select id from ${tableOf(section)} where id <> all($1::text[]) order by id collate "C"`,
      [listed[section]],
    );
    withdrawn[section] = rows.map(({ id }) => id);
  }
  return withdrawn;
}

/** Deletes entities in one transaction, those that refer to others first. @throws RegistryError when one is still referred to */
export async function deleteEntities(client: pg.ClientBase, ids: EntityIds): Promise<SectionCounts> {
  const deleted = noRows();
  await client.query("begin");
  try {
    for (const section of SECTIONS.toReversed()) {
      const { rowCount } = await client.query(`delete from ${tableOf(section)} where id = any($1)`, [
        ids[section],
      ]);
      deleted[section] = rowCount ?? 0;
    }
    await client.query("commit");
    return deleted;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

export function noRows(): SectionCounts {
  return { silicon_vendors: 0, processors: 0, platform_vendors: 0, system_modules: 0, platforms: 0 };
}
