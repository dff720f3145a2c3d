/** What the hardware registry holds: vendors, processors, modules and platforms (chapter 05, section 12). */

/** In the order in which they are stored. */
export const SECTIONS = [
  "silicon_vendors",
  "processors",
  "platform_vendors",
  "system_modules",
  "platforms",
] as const;
export type Section = (typeof SECTIONS)[number];

interface SectionDefinition {
  defaultType: string;
  texts: readonly string[];
  integers: readonly string[];
  /** Columns that name an entity of another section. */
  references: Readonly<Record<string, { section: Section; isOptional?: boolean }>>;
}

const COMMON = ["url", "details"];
export const DEFINITIONS: Record<Section, SectionDefinition> = {
  silicon_vendors: { defaultType: "", texts: COMMON, integers: [], references: {} },
  processors: {
    defaultType: "soc",
    texts: [...COMMON, "architecture"],
    integers: ["cores", "max_clock_speed_mhz"],
    references: { vendor_id: { section: "silicon_vendors" } },
  },
  platform_vendors: { defaultType: "platform_vendor", texts: COMMON, integers: [], references: {} },
  system_modules: {
    defaultType: "",
    texts: [...COMMON, "form_factor"],
    integers: [],
    references: { vendor_id: { section: "platform_vendors" }, processor_id: { section: "processors" } },
  },
  platforms: {
    defaultType: "",
    texts: [...COMMON, "form_factor"],
    integers: [],
    references: {
      vendor_id: { section: "platform_vendors" },
      processor_id: { section: "processors" },
      system_module_id: { section: "system_modules", isOptional: true },
    },
  },
};

/** A row of a section's table. */
export interface Entity {
  id: string;
  type: string;
  [column: string]: string | number | null;
}

export type Registry = Record<Section, Entity[]>;

/** The table of a section. */
export function tableOf(section: Section): string {
  return `hardware_registry_${section}`;
}

/** All columns of a section's table. */
export function columnsOf(section: Section): string[] {
  const { texts, integers, references } = DEFINITIONS[section];
  return ["id", "type", ...texts, ...integers, ...Object.keys(references)];
}

/** A registry that cannot be taken in; the message is one line that names the source, and the entity where it is one's fault. */
export class RegistryError extends Error {
  override name = "RegistryError";
}
