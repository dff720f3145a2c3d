/** A hardware registry for the demonstration data: some boards of its platforms. */
import type pg from "pg";
import { parseRegistry } from "../registry/parse.ts";
import { storeRegistry } from "../registry/store.ts";

const REGISTRY = `
silicon_vendors:
  rockchip: {id: rockchip, type: silicon_vendor, url: "https://www.rock-chips.com"}
  mediatek: {id: mediatek, type: silicon_vendor, url: "https://www.mediatek.com"}
platform_vendors:
  radxa: {id: radxa, url: "https://radxa.com"}
  mediatek: {id: mediatek, url: "https://www.mediatek.com"}
processors:
  rk3588: {id: rk3588, vendor_id: rockchip, architecture: arm64, cores: 8, max_clock_speed_mhz: 2400}
  rk3399: {id: rk3399, vendor_id: rockchip, architecture: arm64, cores: 6, max_clock_speed_mhz: 1800}
  mt8188: {id: mt8188, vendor_id: mediatek, architecture: arm64, cores: 8, max_clock_speed_mhz: 2200}
system_modules:
platforms:
  rock-5b: {id: rock-5b, type: single_board_computer, vendor_id: radxa, processor_id: rk3588, form_factor: board}
  rockpi4b: {id: rockpi4b, type: single_board_computer, vendor_id: radxa, processor_id: rk3399, form_factor: board}
  mt8390-evk: {id: mt8390-evk, type: evaluation_kit, vendor_id: mediatek, processor_id: mt8188, form_factor: board}
`;

/** Stores it; again it changes nothing. */
export async function storeDemoRegistry(client: pg.ClientBase): Promise<void> {
  await storeRegistry(
    client,
    parseRegistry(REGISTRY, "the demo's registry").registry,
    "the demo's registry",
    false,
  );
}
