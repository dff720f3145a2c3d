import { describe, expect, it } from "vitest";
import { expectCount, expectNames, expectTitle, searchOf, visit, type Site } from "./site.ts";

/** The filters of the tree listing, which live in its address. */
export function filterTests(site: () => Site): void {
  describe("a filter", () => {
    it("by text narrows the list to matches in tree, branch, commit name and hash", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        const box = page.getByRole("searchbox", { name: "Filter" });
        for (const [text, found] of [
          ["MAINLINE", "mainline"],
          ["for-next/testing", "next"],
          ["v6.17 pending", "(no name)"],
          ["3333333", "(no name)"],
        ] as const) {
          await box.fill(text);
          await expectNames(page, [found]);
          await expectCount(page, "1 of 4 trees");
          await expect.poll(() => searchOf(page)).toEqual({ q: text });
        }
        await box.fill("no such tree");
        await page.getByText("No tree matches “no such tree”").waitFor();
        await page.getByRole("button", { name: "Clear the filter" }).click();
        await expectCount(page, "4 trees");
        expect(await box.inputValue()).toBe("");
        expect(searchOf(page)).toEqual({});
      });
    });

    it("by text is one step in the browser's history, and survives a reload", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        const box = page.getByRole("searchbox", { name: "Filter" });
        await box.pressSequentially("mainl", { delay: 60 });
        await expectCount(page, "1 of 4 trees");
        await box.pressSequentially("ine", { delay: 200 });
        await page.waitForURL("**/?q=mainline");
        await page.reload();
        await expectCount(page, "1 of 4 trees");
        expect(await box.inputValue()).toBe("mainline");

        await page.goBack();
        await expectCount(page, "4 trees");
        expect(await box.inputValue()).toBe("");
        await page.goForward();
        await expectCount(page, "1 of 4 trees");
        expect(await box.inputValue()).toBe("mainline");
      });
    });

    it("by text loses nothing that is typed fast", async () => {
      await visit(site(), "/", async (page) => {
        const box = page.getByRole("searchbox", { name: "Filter" });
        const text = "a quick text that is typed with pauses as long as those that are waited for";
        await box.pressSequentially(text, { delay: 20 });
        await page.waitForTimeout(160);
        await box.pressSequentially(" and on", { delay: 150 });
        expect(await box.inputValue()).toBe(`${text} and on`);
        await expect.poll(() => searchOf(page).q).toBe(`${text} and on`);
      });
    });

    it("by origin shows another origin's trees", async () => {
      await visit(site(), "/", async (page) => {
        const origin = page.getByRole("combobox", { name: "Origin" });
        await expectCount(page, "4 trees");
        expect(await origin.getByRole("option").allInnerTexts()).toEqual(["maestro", "many", "redhat"]);
        await origin.selectOption("redhat");
        await expectCount(page, "1 tree");
        await expectNames(page, ["ark"]);
        expect(searchOf(page)).toEqual({ origin: "redhat" });
        await expectTitle(page, "Trees of redhat");
        await page.reload();
        await expectCount(page, "1 tree");
        expect(await origin.inputValue()).toBe("redhat");
        await page.goBack();
        await expectCount(page, "4 trees");
        expect(await origin.inputValue()).toBe("maestro");
      });
    });

    it("by window shows older or only younger trees", async () => {
      await visit(site(), "/", async (page) => {
        const window = page.getByRole("combobox", { name: "Window" });
        expect(await window.getByRole("option").allInnerTexts()).toEqual([
          "Last day",
          "Last 3 days",
          "Last 7 days",
          "Last 14 days",
          "Last 30 days",
          "Last 90 days",
          "All time",
        ]);
        await window.selectOption("Last day");
        await expectCount(page, "1 tree");
        expect(searchOf(page)).toEqual({ days: "1" });
        await window.selectOption("All time");
        await expectCount(page, "5 trees");
        await expectNames(page, ["mainline", "next", "(no name)", "stable"]);
        expect(searchOf(page)).toEqual({ days: "all" });
        await page.goBack();
        await expectCount(page, "1 tree");
        expect(await window.inputValue()).toBe("1");
      });
    });

    it("keeps the old rows while another window is loading", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        let release: () => void = () => undefined;
        const held = new Promise<void>((resolve) => (release = resolve));
        await page.route("**/api/tree/?*", async (route) => {
          await held;
          await route.continue();
        });
        await page.getByRole("combobox", { name: "Window" }).selectOption("Last 30 days");
        await expectCount(page, "Loading trees…");
        await expectNames(page, ["mainline", "next", "(no name)"]);
        expect(await page.getByRole("table").getAttribute("aria-busy")).toBe("true");
        release();
        await expectCount(page, "5 trees");
        expect(await page.getByRole("table").getAttribute("aria-busy")).toBe("false");
      });
    });

    it("is taken from a link, and what is wrong in the link is ignored", async () => {
      await visit(site(), "/?origin=maestro&days=30&q=stable&sort=-tree", async (page) => {
        await expectCount(page, "1 of 5 trees");
        await expectNames(page, ["stable"]);
      });
      await visit(site(), "/?origin=&days=8&sort=colour", async (page) => {
        await expectCount(page, "4 trees");
        expect(searchOf(page)).toEqual({});
      });
    });
  });
}
