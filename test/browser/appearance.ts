import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { expectCount, layoutShift, listen, visit, type Site } from "./site.ts";
import { MAINLINE_HASH } from "./trees.ts";

const COMMIT = `/tree/mainline/master/${MAINLINE_HASH}`;
/** Both routes, and how one knows that they are complete. */
const ROUTES = [
  { path: "/", count: "4 trees" },
  { path: COMMIT, count: "4 builds" },
] as const;
const THEMES = ["light", "dark"] as const;
const MAX_LAYOUT_SHIFT = 0.05;
/** Longer than browsers put a movement down to the reader. */
const DELAY_MS = 700;

function background(page: Page): Promise<string> {
  return page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    `axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ": " + nodes.map((node) => node.html + " " + node.failureSummary).join("; ")))`,
  );
}

/** Colours, movement, and whether everybody can read the page. */
export function appearanceTests(site: () => Site): void {
  describe("the theme", () => {
    it("follows the system, until one is chosen", async () => {
      await visit(
        site(),
        "/",
        async (page) => {
          const dark = await background(page);
          await page.emulateMedia({ colorScheme: "light" });
          const light = await background(page);
          expect(light).not.toBe(dark);

          await page.getByTitle("Dark theme").click();
          expect(await background(page)).toBe(dark);
          await page.emulateMedia({ colorScheme: "dark" });
          await page.getByTitle("Light theme").click();
          expect(await background(page)).toBe(light);
          await page.getByTitle("Theme of the system").click();
          expect(await background(page)).toBe(dark);
        },
        { colorScheme: "dark" },
      );
    });

    it("is right from the first paint on, before the page's script has run", async () => {
      await visit(
        site(),
        "/",
        async (page) => {
          await expectCount(page, "4 trees");
          await page.getByTitle("Light theme").click();
          const light = await background(page);
          await page.getByTitle("Dark theme").click();
          const dark = await background(page);
          await page.getByTitle("Light theme").click();

          let release: () => void = () => undefined;
          const held = new Promise<void>((resolve) => (release = resolve));
          await page.route("**/assets/index-*.js", async (route) => {
            await held;
            await route.continue();
          });
          await page.reload({ waitUntil: "commit" });
          await expect.poll(() => page.evaluate("performance.getEntriesByType('paint').length")).not.toBe(0);
          expect(await page.evaluate("document.getElementById('root').childElementCount")).toBe(0);
          expect(await background(page)).toBe(light);
          expect(light).not.toBe(dark);
          release();
          await expectCount(page, "4 trees");
          expect(await background(page)).toBe(light);
          expect(await page.getByRole("radio", { name: "Light theme" }).isChecked()).toBe(true);
        },
        { colorScheme: "dark" },
      );
    });
  });

  describe("nothing moves on its own", () => {
    it.each(ROUTES)("while $path is loading", async ({ path, count }) => {
      for (const width of [1280, 360]) {
        await visit(
          site(),
          path,
          async (page) => {
            await expectCount(page, count);
            await page.waitForTimeout(100);
            expect(await layoutShift(page)).toBeLessThan(MAX_LAYOUT_SHIFT);
          },
          {
            viewport: { width, height: 800 },
            prepare: async (page) => {
              await page.route("**/api/**", async (route) => {
                await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
                await route.continue();
              });
            },
          },
        );
      }
    });

    it("where readers want no motion", async () => {
      await visit(
        site(),
        "/",
        async (page) => {
          await page.locator("tr[aria-hidden]").first().waitFor();
          expect(await page.evaluate("document.getAnimations().length")).toBe(0);
        },
        {
          reducedMotion: "reduce",
          prepare: (page) => page.route("**/api/tree/?*", () => undefined),
        },
      );
    });
  });

  describe.each(THEMES)("in the %s theme", (colorScheme) => {
    it.each(ROUTES)("$path is accessible", async ({ path, count }) => {
      for (const width of [1280, 360]) {
        await visit(
          site(),
          path,
          async (page) => {
            await expectCount(page, count);
            expect(await violations(page)).toEqual([]);
          },
          { colorScheme, viewport: { width, height: 800 } },
        );
      }
    });

    it("loading, errors and empty lists are accessible", async () => {
      const breakListing = async (page: Page): Promise<void> => {
        await page.route("**/api/tree/?*", (route) =>
          route.fulfill({ status: 500, json: { error: "Internal error" } }),
        );
      };
      await visit(
        site(),
        "/",
        async (page) => {
          await page.locator("tr[aria-hidden]").first().waitFor();
          expect(await violations(page)).toEqual([]);
          await page.getByRole("alert").waitFor();
          expect(await violations(page)).toEqual([]);
        },
        { colorScheme, hasFailures: true, prepare: breakListing },
      );
      await visit(
        site(),
        "/?q=nothing",
        async (page) => {
          await expectCount(page, "0 of 4 trees");
          expect(await violations(page)).toEqual([]);
        },
        { colorScheme },
      );
    });
  });

  it("fits into 360 pixels", async () => {
    for (const { path, count } of ROUTES) {
      await visit(
        site(),
        path,
        async (page) => {
          await expectCount(page, count);
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
          expect(
            await page
              .getByText("12,345", { exact: true })
              .or(page.getByText("defconfig").first())
              .first()
              .isVisible(),
          ).toBe(true);
        },
        { viewport: { width: 360, height: 740 } },
      );
    }
  });

  it("the server's content policy holds, so that visits would notice violations of it", async () => {
    await visit(site(), "/", async (page) => {
      await expectCount(page, "4 trees");
      const other = await page.context().newPage();
      const complaints = listen(other);
      await other.goto("/");
      await expectCount(other, "4 trees");
      expect(complaints).toEqual([]);
      await other.evaluate(`
        const script = document.createElement("script");
        script.textContent = "window.intruded = true";
        document.head.append(script);
      `);
      await expect.poll(() => complaints.join()).toMatch(/Content Security Policy/);
      expect(await other.evaluate("window.intruded")).toBeUndefined();
    });
  });
}
