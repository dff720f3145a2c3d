/** The whole report of one window. */
import type { Pool } from "../../database/pool.ts";
import { queryBody } from "../query.ts";
import { buildIncidents } from "./incidents.ts";
import { labs } from "./labs.ts";
import { totals } from "./totals.ts";
import type { Window } from "./window.ts";

/** The report as JSON text, from three statements that run at once. */
export async function metricsBody(pool: Pool, window: Window): Promise<string> {
  const parts = await Promise.all([
    queryBody(pool, "metrics_totals", totals(window)),
    queryBody(pool, "metrics_build_incidents", buildIncidents(window)),
    queryBody(pool, "metrics_labs", labs(window)),
  ]);
  // Each is an object with members of its own.
  return `{${parts.map((part) => part?.trim().slice(1, -1)).join(",")}}`;
}
