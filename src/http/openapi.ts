/** The API's description: OpenAPI at `/api/schema/`, Swagger UI and Redoc below it (chapter 03, section 3.13). */
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import { Type } from "typebox";
import { PACKAGE_FOLDER } from "../version.ts";
import { sendNothing } from "./answers.ts";

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

/** Registers the description. To be called before the routes that it describes. */
export async function openApiRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.0.3",
      info: { title: TITLE, version: "0.9.0", description: "API for the KernelCI dashboard" },
    },
    transform: ({ schema, url }) => ({ schema: withOptionalDefaults(schema), url }),
    transformObject: (document) => ("openapiObject" in document ? toOpenApi30(document.openapiObject) : {}),
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/schema/swagger-ui/",
    staticCSP: true,
    theme: { title: TITLE, css: [{ filename: "theme.css", content: ".topbar { display: none }" }] },
    uiConfig: { url: "/api/schema/?format=json" },
    logLevel: "silent",
  });
  const hidden = { schema: { hide: true } };
  app.get("/api/schema/", hidden, (request, reply) => sendDescription(app, request, reply));
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

/** JSON Schema's `null` alternatives as OpenAPI 3.0 has them: `nullable`. */
function toOpenApi30<T>(document: T): T {
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) => {
    if (!hasAlternatives(value)) return value;
    const { anyOf, ...rest } = value;
    const others = anyOf.filter((schema) => schema.type !== "null");
    if (others.length === anyOf.length) return value;
    return others.length === 1
      ? { ...others[0], ...rest, nullable: true }
      : { anyOf: others, ...rest, nullable: true };
  }) as T;
}

function hasAlternatives(value: unknown): value is { anyOf: { type?: unknown }[] } {
  return typeof value === "object" && value !== null && "anyOf" in value && Array.isArray(value.anyOf);
}

/** YAML unless JSON is asked for, by `?format=json` or by `Accept`. */
function sendDescription(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const format = (request.query as Record<string, string[]>).format?.at(-1);
  const accept = request.headers.accept ?? "";
  if (format !== undefined && format !== "json" && format !== "yaml") {
    return sendNothing(reply.code(404), `There is no format '${format.slice(0, 50)}': json and yaml exist`);
  }
  const asJson = format === "json" || (format === undefined && /^application\/json\b/.test(accept));
  const type =
    format === "json"
      ? "application/vnd.oai.openapi+json"
      : asJson
        ? "application/json"
        : "application/vnd.oai.openapi; charset=utf-8";
  return reply
    .header("content-type", type)
    .header("content-disposition", `inline; filename="${TITLE}.${asJson ? "json" : "yaml"}"`)
    .send(Buffer.from(asJson ? JSON.stringify(app.swagger()) : app.swagger({ yaml: true })));
}
