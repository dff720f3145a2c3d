/** The real server with the real page on a database of its own, and visits to it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import { expect, vi } from "vitest";
import type { Connection } from "../../src/database/pool.ts";
import { createServer } from "../../src/http/server.ts";
import { loadSettings } from "../../src/settings.ts";
import { testDatabase } from "../support/database.ts";
import { insertTrees } from "./trees.ts";

export interface Site {
  browser: Browser;
  /** Scheme, host and port. */
  address: string;
  /** Of its database. */
  connection: Connection;
  close: () => Promise<void>;
}

/** Builds the page and serves it. */
export async function startSite(browser: Browser): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "kernelboard-page-"));
  await buildPage(folder);
  const { connection, pool, rows } = await testDatabase();
  await insertTrees(rows);
  const { settings } = loadSettings({});
  const app = await createServer({
    pool,
    connection,
    settings,
    log: pino({ level: "silent" }),
    pageFolder: folder,
  });
  const address = await app.listen({ port: 0, host: "127.0.0.1" });
  return {
    browser,
    address,
    connection,
    close: async () => {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function buildPage(outDir: string): Promise<void> {
  // What readers get, not the slower one with checks that the test runner's environment would give.
  vi.stubEnv("NODE_ENV", "production");
  const root = join(import.meta.dirname, "../../web");
  await build({
    root,
    configFile: join(root, "vite.config.ts"),
    build: { outDir, emptyOutDir: true },
    logLevel: "error",
  });
  vi.unstubAllEnvs();
}

export interface VisitOptions extends BrowserContextOptions {
  /** Called before the page is opened. */
  prepare?: (page: Page) => Promise<unknown>;
  /** Requests of this visit fail on purpose. */
  hasFailures?: boolean;
}

/** Adds up how far content moved on its own, which `layoutShift` reads. */
const WATCH_LAYOUT = `
  window.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
`;

/**
 * Opens an address in a browser that knows nothing yet, and looks at it. Afterwards the browser must not have
 * complained: about errors, failed requests, or violations of the content policy.
 */
export async function visit(
  site: Site,
  path: string,
  look: (page: Page) => Promise<void>,
  { prepare, hasFailures = false, ...options }: VisitOptions = {},
): Promise<void> {
  const context = await site.browser.newContext({
    baseURL: site.address,
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  try {
    const page = await context.newPage();
    const complaints = listen(page);
    await page.addInitScript(WATCH_LAYOUT);
    await prepare?.(page);
    await page.goto(path);
    await look(page);
    expect(complaints.filter((text) => !hasFailures || !text.includes("Failed to load resource"))).toEqual(
      [],
    );
  } finally {
    await context.close();
  }
}

/** The complaints about a page, as they come. */
export function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

/** How far content has moved on its own, in the measure of browsers. */
export function layoutShift(page: Page): Promise<number> {
  return page.evaluate<number>("window.layoutShift");
}

/** Texts of the first column, from top to bottom. */
export function names(page: Page): Promise<string[]> {
  return page.locator("tbody tr:not([aria-hidden]) td:first-child a > span:first-child").allInnerTexts();
}

/** Waits until these are the texts of the first column. */
export function expectNames(page: Page, expected: readonly string[]): Promise<void> {
  return expect.poll(() => names(page)).toEqual(expected);
}

/** Waits until the document has a title, apart from the site's name. */
export function expectTitle(page: Page, expected: string): Promise<void> {
  return expect.poll(() => page.title()).toBe(`${expected} · Kernelboard`);
}

/** Waits for a text in the line that says how many rows are shown. */
export async function expectCount(page: Page, text: string): Promise<void> {
  await page.getByRole("status").getByText(text, { exact: true }).waitFor();
}

/** The search parameters of the page's address. */
export function searchOf(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.url()).searchParams);
}
