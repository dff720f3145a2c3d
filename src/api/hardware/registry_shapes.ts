/** What the hardware registry tells (chapter 05, sections 12 and 17). */
import { Type } from "typebox";
import { DEFAULT_ORIGIN, Nullable, NullableString } from "../shapes.ts";

const NullableInteger = Nullable(Type.Integer());

const common = { id: Type.String(), type: Type.String(), url: NullableString, details: NullableString };
const processor = {
  ...common,
  architecture: NullableString,
  cores: NullableInteger,
  max_clock_speed_mhz: NullableInteger,
};
const board = { ...common, form_factor: NullableString };

export const RegistryVendor = Type.Object(common);
const vendorId = { vendor_id: Type.String() };
const processorId = { processor_id: Type.String() };

export const HardwareRegistryQuery = Type.Object({
  name: Type.Optional(
    Type.String({
      description: "only entities whose id has this in it, in either case",
      examples: ["rk3588"],
    }),
  ),
  vendor: Type.Optional(
    Type.String({ description: "only this vendor, and what is of it, by id", examples: ["rockchip"] }),
  ),
  limit: Type.Integer({
    minimum: 1,
    maximum: 5000,
    default: 1000,
    description: "entities of each list, at most; the first by id",
  }),
});

export const HardwareRegistry = Type.Object({
  silicon_vendors: Type.Array(RegistryVendor),
  platform_vendors: Type.Array(RegistryVendor),
  processors: Type.Array(Type.Object({ ...processor, ...vendorId })),
  system_modules: Type.Array(Type.Object({ ...board, ...vendorId, ...processorId })),
  platforms: Type.Array(
    Type.Object({ ...board, ...vendorId, ...processorId, system_module_id: NullableString }),
  ),
});

const vendor = { vendor: RegistryVendor };
export const RegistryProcessor = Type.Object({ ...processor, ...vendor });
export const RegistryModule = Type.Object({ ...board, ...vendor, processor: RegistryProcessor });
export const RegistryPlatform = Type.Object({
  ...board,
  ...vendor,
  processor: RegistryProcessor,
  system_module: Nullable(RegistryModule),
});

export const HardwareInfoQuery = Type.Object({
  origin: Type.String({
    default: DEFAULT_ORIGIN,
    description: "CI system whose tests tell the compatibles of a platform",
  }),
});

export const HardwareInfo = Type.Object({
  hardware: Type.String({ description: "as it was asked for" }),
  names: Type.Array(Type.String(), {
    description:
      "what was looked for: the name itself and, of a platform, the compatibles that its newest tests told",
  }),
  platforms: Type.Array(RegistryPlatform, { description: "the best match first" }),
  system_modules: Type.Array(RegistryModule),
  processors: Type.Array(RegistryProcessor, {
    description: "those that one of the names is of; a platform has its own beside these",
  }),
});
