/** What tests use of scenarios.mjs. */
import type { Open } from "./clients.mjs";

export interface World {
  interval: string;
  origins: string[];
  trees: object[];
  window: Record<string, string>;
}

export const SCENARIOS: Record<string, (open: Open, world: World) => Promise<void>>;

export function discover(
  ask: (path: string) => Promise<unknown>,
  options?: { days?: number; now?: number },
): Promise<World>;
