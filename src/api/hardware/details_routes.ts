/** Details of a piece of hardware: full, summary, builds, boots and tests (chapter 05, sections 7 to 9). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { TSchema } from "typebox";
import { hardwareNamed, lineOf, MOVED_CHECKOUT, REPEATED_ISSUE } from "../../cache/tags.ts";
import type { Pool } from "../../database/pool.ts";
import { FilterError, parseBodyFilters } from "../../filters/parse.ts";
import { sendJson, sendJsonText, sendNothing } from "../../http/answers.ts";
import { parseObjectBody } from "../../http/body.ts";
import { dependsOn } from "../../http/caching.ts";
import type { CachePolicy } from "../../http/cache_policy.ts";
import { parseParameters, type RawQuery } from "../../http/parameters.ts";
import type { RouteContext } from "../../http/server.ts";
import { statementsOf, type Cost } from "../../http/overload.ts";
import { BODY_ERROR_ANSWERS, DEFAULT_ORIGIN, foundOrNot } from "../shapes.ts";
import { EnvironmentQuery } from "../items/shapes.ts";
import { parseWindow, REQUIRED, type Problem } from "./body.ts";
import {
  hardwareBuilds,
  hardwareDetailsSummary,
  hardwareFull,
  hardwareTests,
  type Found,
} from "./details.ts";
import type { HardwareRequest } from "./details_scope.ts";
import {
  HardwareBoots,
  HardwareBuilds,
  HardwareDetailsBody,
  HardwareFull,
  HardwareSummary,
  HardwareTests,
} from "./details_shapes.ts";
import { HardwarePath } from "./shapes.ts";

const NO_TREES = "This hardware isn't associated with any commit";
const NOTHING = {
  summary: "Hardware not found",
  builds: "No builds found for this hardware",
  boots: "No boots found for this hardware",
  tests: "No tests found for this hardware",
};

interface Details extends HardwareRequest {
  fullEnvironment: boolean;
}

interface View {
  /** Below `/api/hardware/{id}`. */
  path: string;
  operationId: string;
  summary: string;
  cost: Cost;
  answer: TSchema;
  hasEnvironment?: boolean;
  respond: (pool: Pool, reply: FastifyReply, details: Details) => Promise<FastifyReply>;
}

const VIEWS: View[] = [
  {
    path: "",
    operationId: "hardware_create",
    summary: "Builds, boots and tests on a piece of hardware, with their summary",
    cost: "expensive",
    answer: HardwareFull,
    respond: sendFull,
  },
  {
    path: "/summary",
    operationId: "hardware_summary_create",
    summary: "Counts of what ran on a piece of hardware",
    cost: "moderate",
    answer: HardwareSummary,
    respond: sendSummary,
  },
  {
    path: "/builds",
    operationId: "hardware_builds_create",
    summary: "Builds that ran on a piece of hardware",
    cost: "moderate",
    answer: HardwareBuilds,
    respond: sendBuilds,
  },
  {
    path: "/boots",
    operationId: "hardware_boots_create",
    summary: "Boots of a piece of hardware",
    cost: "moderate",
    answer: HardwareBoots,
    hasEnvironment: true,
    respond: (pool, reply, details) => sendTests(pool, reply, details, "boots"),
  },
  {
    path: "/tests",
    operationId: "hardware_tests_create",
    summary: "Tests on a piece of hardware that are no boots",
    cost: "expensive",
    answer: HardwareTests,
    hasEnvironment: true,
    respond: (pool, reply, details) => sendTests(pool, reply, details, "tests"),
  },
];

/** Beside these, the lines that the hardware was tested on: a new checkout may be the head of one. `nothing` tells. */
const CACHE: CachePolicy = {
  tags: ({ params, body }) => {
    const { origin } = parseObjectBody(body);
    const name = typeof origin === "string" ? origin : DEFAULT_ORIGIN;
    return [hardwareNamed(name, params.hardware_id ?? ""), MOVED_CHECKOUT, REPEATED_ISSUE];
  },
};

type DetailsRequest = FastifyRequest<{ Querystring: RawQuery; Params: { hardware_id: string } }>;

export function hardwareDetailsRoutes(app: FastifyInstance, { pool }: RouteContext): void {
  for (const view of VIEWS) {
    app.post<{ Querystring: RawQuery; Params: { hardware_id: string } }>(
      `/api/hardware/:hardware_id${view.path}`,
      {
        config: { cost: view.cost, cache: CACHE },
        schema: {
          operationId: view.operationId,
          tags: ["hardware"],
          summary: view.summary,
          params: HardwarePath,
          ...(view.hasEnvironment === true ? { querystring: EnvironmentQuery } : {}),
          body: HardwareDetailsBody,
          response: { 200: foundOrNot(view.answer), ...BODY_ERROR_ANSWERS },
        },
      },
      (request, reply) =>
        view.respond(statementsOf(request, pool), reply, detailsOf(request, view.hasEnvironment ?? false)),
    );
  }
}

/** @throws ApiError, FilterError */
function detailsOf(request: DetailsRequest, hasEnvironment: boolean): Details {
  const fullEnvironment =
    hasEnvironment && parseParameters(EnvironmentQuery, request.query).full_environment_misc;
  const body = parseObjectBody(request.body);
  const problems: Problem[] = [];
  const selectedCommits = body.selectedCommits;
  if (!isTextMap(selectedCommits)) {
    problems.push([
      "selectedCommits",
      selectedCommits === undefined ? REQUIRED : "must be an object of tree indexes and commits",
    ]);
  }
  const filter = body.filter ?? undefined;
  if (filter !== undefined && (typeof filter !== "object" || Array.isArray(filter)))
    problems.push(["filter", "must be an object"]);
  const { origin, ...window } = parseWindow(body, problems);
  return {
    hardware: request.params.hardware_id,
    origin,
    window,
    selectedCommits: isTextMap(selectedCommits) ? selectedCommits : {},
    filters: parseBodyFilters(filter),
    fullEnvironment,
  };
}

function isTextMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string")
  );
}

/** The error text where there is nothing to show, whatever is filtered: without a selection there would be something. */
function nothing(
  { request }: FastifyReply,
  found: Found,
  { selectedCommits }: Details,
  what: keyof typeof NOTHING,
): string | undefined {
  dependsOn(request, found.lines.map(lineOf));
  if (!found.hasTrees) return NO_TREES;
  return found.hasRows || Object.keys(selectedCommits).length > 0 ? undefined : NOTHING[what];
}

async function sendFull(pool: Pool, reply: FastifyReply, details: Details): Promise<FastifyReply> {
  const full = await hardwareFull(pool, details);
  const error = nothing(reply, full, details, "summary");
  if (error !== undefined) return sendNothing(reply, error);
  const { builds, boots, tests } = full;
  const summary = JSON.stringify(full.summary).slice(0, -1);
  return sendJsonText(reply, `${summary},"builds":${builds},"boots":${boots},"tests":${tests}}`);
}

/** Only here a status that does not exist is an error: the page of older servers relied on it. */
async function sendSummary(pool: Pool, reply: FastifyReply, details: Details): Promise<FastifyReply> {
  const [unknown] = details.filters.unknownStatuses;
  if (unknown !== undefined)
    throw new FilterError(`Invalid filter key or value: '${unknown}' must be one of the seven statuses`);
  const counted = await hardwareDetailsSummary(pool, details);
  const error = nothing(reply, counted, details, "summary");
  return error === undefined ? sendJson(reply, counted.summary) : sendNothing(reply, error);
}

async function sendBuilds(pool: Pool, reply: FastifyReply, details: Details): Promise<FastifyReply> {
  const { builds, ...found } = await hardwareBuilds(pool, details);
  const error = nothing(reply, found, details, "builds");
  return error === undefined ? sendJsonText(reply, `{"builds":${builds}}`) : sendNothing(reply, error);
}

async function sendTests(
  pool: Pool,
  reply: FastifyReply,
  details: Details,
  kind: "boots" | "tests",
): Promise<FastifyReply> {
  const lists = await hardwareTests(pool, details, details.fullEnvironment);
  const error = nothing(reply, lists, details, kind);
  return error === undefined ? sendJsonText(reply, `{"${kind}":${lists[kind]}}`) : sendNothing(reply, error);
}
