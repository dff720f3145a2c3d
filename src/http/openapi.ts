/** The API's description: OpenAPI at `/api/schema/`, Swagger UI and Redoc below it (chapter 03, section 3.13). */
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import { Type } from "typebox";
import { COMPONENTS } from "../api/components.ts";
import { ERROR_ANSWERS, errorAnswer } from "../api/shapes.ts";
import { PACKAGE_FOLDER } from "../version.ts";
import { sendNothing } from "./answers.ts";
import { ApiError } from "./errors.ts";
import { toOpenApi30 } from "./openapi_document.ts";
import type { RawQuery } from "./parameters.ts";

const TITLE = "KernelCI Dashboard API";
/** Copied here by the build, so that the running server needs nothing of the package. */
const REDOC_SCRIPT = join(PACKAGE_FOLDER, "dist", "redoc.standalone.js");

const REDOC_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${TITLE}</title>
  </head>
  <body>
    <redoc spec-url="/api/schema/?format=json"></redoc>
    <script src="/api/schema/redoc/redoc.standalone.js"></script>
  </body>
</html>
`;
const REDOC_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; font-src 'self' data:; connect-src 'self'";

const DESCRIPTION = { schema: { type: "string" } };

const DESCRIPTION_SCHEMA = {
  operationId: "schema_retrieve",
  tags: ["schema"],
  summary: "This description",
  description: "YAML, unless JSON is asked for by `format` or by `Accept`.",
  querystring: Type.Object({
    format: Type.Optional(Type.Enum(["json", "yaml"], { description: "goes before `Accept`" })),
  }),
  response: {
    200: {
      description: "An OpenAPI document",
      content: {
        "application/vnd.oai.openapi": DESCRIPTION,
        "application/yaml": DESCRIPTION,
        "application/vnd.oai.openapi+json": { schema: { type: "object", additionalProperties: true } },
        "application/json": { schema: { type: "object", additionalProperties: true } },
      },
    },
    ...ERROR_ANSWERS,
    404: errorAnswer("There is no such format"),
    406: errorAnswer("`Accept` names none of the media types"),
  },
};

/** Registers the description. To be called before the routes that it describes. */
export async function openApiRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.0.3",
      info: { title: TITLE, version: "0.9.0", description: "API for the KernelCI dashboard" },
    },
    transform: ({ schema, url }) => ({ schema: withOptionalDefaults(schema), url }),
    transformObject: (document) =>
      "openapiObject" in document ? toOpenApi30(document.openapiObject, COMPONENTS) : {},
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/schema/swagger-ui/",
    staticCSP: true,
    theme: { title: TITLE, css: [{ filename: "theme.css", content: ".topbar { display: none }" }] },
    uiConfig: { url: "/api/schema/?format=json" },
    logLevel: "silent",
  });
  const hidden = { schema: { hide: true } };
  app.get<{ Querystring: RawQuery }>("/api/schema/", { schema: DESCRIPTION_SCHEMA }, (request, reply) =>
    sendDescription(app, request, reply),
  );
  app.get("/api/schema/redoc/", hidden, (_request, reply) =>
    reply.type("text/html; charset=utf-8").header("content-security-policy", REDOC_POLICY).send(REDOC_PAGE),
  );
  app.get("/api/schema/redoc/redoc.standalone.js", hidden, (_request, reply) => {
    if (!existsSync(REDOC_SCRIPT))
      return sendNothing(reply.code(404), "Redoc is part of the build: run `npm run build`");
    return reply.type("text/javascript; charset=utf-8").send(createReadStream(REDOC_SCRIPT));
  });
}

/** A parameter with a default may be left out. */
function withOptionalDefaults(schema: FastifySchema): FastifySchema {
  const { querystring } = schema;
  if (!Type.IsObject(querystring)) return schema;
  const required = Object.entries(querystring.properties).filter(
    ([, property]) => !Type.IsOptional(property) && !("default" in property),
  );
  return { ...schema, querystring: { ...querystring, required: required.map(([name]) => name) } };
}

/** The forms of the description and their media types, the preferred one first. */
const FORMS = {
  "application/vnd.oai.openapi": { format: "yaml", sent: "application/vnd.oai.openapi; charset=utf-8" },
  "application/yaml": { format: "yaml", sent: "application/yaml; charset=utf-8" },
  "application/vnd.oai.openapi+json": { format: "json", sent: "application/vnd.oai.openapi+json" },
  "application/json": { format: "json", sent: "application/json" },
} as const;
type Form = (typeof FORMS)[keyof typeof FORMS];

/** YAML unless JSON is asked for, by `?format=json` or by `Accept`. */
function sendDescription(
  app: FastifyInstance,
  request: FastifyRequest<{ Querystring: RawQuery }>,
  reply: FastifyReply,
): FastifyReply {
  const asked = request.query.format?.at(-1);
  if (asked !== undefined && asked !== "json" && asked !== "yaml")
    throw new ApiError(404, `There is no format '${asked.slice(0, 50)}': json and yaml exist`);
  const form =
    asked === undefined
      ? acceptedForm(request.headers.accept ?? "*/*")
      : FORMS[asked === "json" ? "application/vnd.oai.openapi+json" : "application/vnd.oai.openapi"];
  if (form === undefined)
    throw new ApiError(406, `The description is sent as one of ${Object.keys(FORMS).join(", ")}`);
  const text = form.format === "json" ? JSON.stringify(app.swagger()) : app.swagger({ yaml: true });
  return reply
    .header("content-type", form.sent)
    .header("content-disposition", `inline; filename="${TITLE}.${form.format}"`)
    .send(Buffer.from(text));
}

/** The first form that an `Accept` header names; weights are not looked at, but what is excluded is. */
function acceptedForm(accept: string): Form | undefined {
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) continue;
    if (type === "*/*" || type === "application/*") return FORMS["application/vnd.oai.openapi"];
    if (Object.hasOwn(FORMS, type)) return FORMS[type as keyof typeof FORMS];
  }
  return undefined;
}
