import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { expectCount, expectNames, searchOf, visit, type Site } from "./site.ts";
import { MAINLINE_HASH } from "./trees.ts";

/** Presses Tab until a control has the focus. */
async function tabTo(
  page: Page,
  role: "button" | "combobox" | "link" | "searchbox",
  name: string,
): Promise<void> {
  const control = page.getByRole(role, { name }).first();
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if ((await control.and(page.locator(":focus")).count()) === 1) return;
  }
  throw new Error(`Tab does not reach ${role} ${name}`);
}

/** Everything without a mouse. */
export function keyboardTests(site: () => Site): void {
  describe("with the keyboard alone", () => {
    it("the content is one step away", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        await page.keyboard.press("Tab");
        const skip = page.getByRole("link", { name: "Skip to the content" });
        expect(await skip.isVisible()).toBe(true);
        await page.keyboard.press("Enter");
        expect(await page.evaluate<string>("document.activeElement.id")).toBe("main");
        await page.keyboard.press("Tab");
        expect(await page.evaluate<string>("document.activeElement.type")).toBe("search");
      });
    });

    it("trees are filtered, sorted and opened", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        await tabTo(page, "searchbox", "Filter");
        await page.keyboard.type("m");
        await expectCount(page, "2 of 4 trees");
        await tabTo(page, "combobox", "Origin");
        await page.keyboard.press("End");
        await expectCount(page, "0 of 1 tree");
        await page.keyboard.press("Home");
        await expectCount(page, "2 of 4 trees");
        await tabTo(page, "combobox", "Window");
        await page.keyboard.press("End");
        await expectCount(page, "2 of 5 trees");
        await tabTo(page, "button", "Tree");
        await page.keyboard.press("Enter");
        await page.waitForURL("**/*sort=tree");
        await page.keyboard.press("Space");
        await page.waitForURL("**/*sort=-tree");
        expect(searchOf(page)).toEqual({ q: "m", days: "all", sort: "-tree" });
        await expectNames(page, ["mainline"]);
        await tabTo(page, "link", "mainline");
        await page.keyboard.press("Enter");
        await page.waitForURL(`**/tree/mainline/master/${MAINLINE_HASH}`);
        await expectCount(page, "4 builds");
      });
    });

    it("the focus is visible on every control", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        for (let presses = 0; presses < 18; presses++) {
          await page.keyboard.press("Tab");
          const outline = await page.evaluate<string>(`(() => {
            const focused = document.activeElement;
            const shown = focused.type === "radio" ? focused.parentElement : focused;
            const { outlineStyle, outlineWidth } = getComputedStyle(shown);
            return focused.tagName + " " + outlineStyle + " " + outlineWidth;
          })()`);
          expect(outline).toMatch(/ solid 2px$/);
        }
      });
    });
  });
}
