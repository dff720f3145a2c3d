/** The hardware registry over HTTP (chapter 05, sections 12 and 17). */
import type { FastifyInstance } from "fastify";
import { sendJsonText, sendNothing } from "../../http/answers.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { ERROR_ANSWERS, foundOrNot } from "../shapes.ts";
import { hardwareInfo, hardwareRegistry } from "./registry.ts";
import {
  HardwareInfo,
  HardwareInfoQuery,
  HardwareRegistry,
  HardwareRegistryQuery,
} from "./registry_shapes.ts";
import { HardwarePath } from "./shapes.ts";

const NOT_REGISTERED = "This hardware isn't in the hardware registry";

export function hardwareRegistryRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  app.get<{ Querystring: RawQuery }>(
    "/api/hardware/registry/",
    {
      schema: {
        operationId: "hardware_registry_retrieve",
        tags: ["hardware"],
        summary: "The hardware registry: vendors, processors, system modules and platforms",
        querystring: HardwareRegistryQuery,
        response: { 200: HardwareRegistry, ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const query = parseParameters(HardwareRegistryQuery, request.query);
      return sendJsonText(reply, await hardwareRegistry(pool, query));
    },
  );

  app.get<{ Querystring: RawQuery; Params: { hardware_id: string } }>(
    "/api/hardware/:hardware_id/info",
    {
      schema: {
        operationId: "hardware_info_retrieve",
        tags: ["hardware"],
        summary: "What the hardware registry knows of a piece of hardware",
        params: HardwarePath,
        querystring: HardwareInfoQuery,
        response: { 200: foundOrNot(HardwareInfo), ...ERROR_ANSWERS },
      },
    },
    async (request, reply) => {
      const { origin } = parseParameters(HardwareInfoQuery, request.query);
      const body = await hardwareInfo(pool, request.params.hardware_id, origin);
      return body === undefined ? sendNothing(reply, NOT_REGISTERED) : sendJsonText(reply, body);
    },
  );
}
