/** The web page: the built files of `web/`, and its start page for every address that the page routes itself. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { PACKAGE_FOLDER } from "../version.ts";

/** Where the build puts the page. */
export const BUILT_PAGE_FOLDER = join(PACKAGE_FOLDER, "dist", "page");
/** First segments of addresses that the page routes itself. */
const PAGE_ADDRESSES = ["/", "/tree/*", "/commit/*"];

/** Registers the page, if it is built. Files with a hash in their name never change. */
export async function pageRoutes(app: FastifyInstance, folder: string): Promise<void> {
  const hidden = { schema: { hide: true } };
  if (!existsSync(join(folder, "index.html"))) {
    app.get("/", hidden, (_request, reply) =>
      reply.code(503).type("text/plain").send("The page is not built: run `npm run build`\n"),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: join(folder, "assets"),
    prefix: "/assets/",
    immutable: true,
    maxAge: "365d",
    index: false,
  });
  for (const address of PAGE_ADDRESSES) {
    app.get(address, hidden, (_request, reply) =>
      reply.header("cache-control", "no-cache").sendFile("index.html", folder, { cacheControl: false }),
    );
  }
}
