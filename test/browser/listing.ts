import { describe, expect, it } from "vitest";
import { expectCount, expectNames, expectTitle, names, searchOf, visit, type Site } from "./site.ts";
import { MANY } from "./trees.ts";

/** What the tree listing shows, and in which order. */
export function listingTests(site: () => Site): void {
  describe("the tree listing", () => {
    it("shows each tree with its newest commit and counts", async () => {
      await visit(site(), "/", async (page) => {
        await expectCount(page, "4 trees");
        await expectTitle(page, "Trees of maestro");
        await expectNames(page, ["mainline", "next", "(no name)"]);

        const row = page.getByRole("row").filter({ hasText: "mainline" });
        expect(await row.getByRole("cell").nth(1).innerText()).toBe("master");
        expect(await row.getByRole("cell").nth(2).innerText()).toMatch(/^v6\.18-rc5\s+111111111111$/);
        expect(await row.locator("time").innerText()).toBe("3 h ago");
        expect(await row.locator("time").getAttribute("title")).toMatch(
          /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
        );
        expect(await row.getByText("builds: 2 passed, 1 failed, 1 inconclusive").count()).toBe(1);
        expect(await row.getByText("boots: 12 passed, 0 failed, 3 inconclusive").count()).toBe(1);
        expect(await row.getByText("tests: 12,345 passed, 67 failed, 8 inconclusive").count()).toBe(1);
        for (const visible of ["12,345", "67", "8"])
          expect(await row.getByText(visible, { exact: true }).isVisible()).toBe(true);

        const bare = page.getByRole("row").filter({ hasText: "media" });
        expect(await bare.innerText()).toMatch(/\(no branch\)[^]*\(no commit\)/);
        expect(await bare.getByText("no builds").count()).toBe(1);
        expect(await bare.getByRole("link").count()).toBe(0);
      });
    });

    it("is sorted by its header", async () => {
      await visit(site(), "/", async (page) => {
        const header = (name: string): ReturnType<typeof page.getByRole> =>
          page.getByRole("columnheader", { name });
        expect(await header("Age").getAttribute("aria-sort")).toBe("ascending");

        await header("Builds").getByRole("button").click();
        await page.waitForURL("**/?sort=-builds");
        await expectNames(page, ["(no name)", "mainline", "next"]);
        expect(await header("Builds").getAttribute("aria-sort")).toBe("descending");
        expect(await header("Age").getAttribute("aria-sort")).toBe("none");

        await header("Tree").getByRole("button").click();
        await page.waitForURL("**/?sort=tree");
        // Trees without a name are last in either direction.
        await expectNames(page, ["mainline", "next", "(no name)"]);
        await header("Tree").getByRole("button").click();
        await page.waitForURL("**/?sort=-tree");
        await expectNames(page, ["next", "mainline", "(no name)"]);

        await page.reload();
        await expectCount(page, "4 trees");
        await expectNames(page, ["next", "mainline", "(no name)"]);
        await page.goBack();
        await page.goBack();
        expect(searchOf(page)).toEqual({ sort: "-builds" });
        await expectCount(page, "4 trees");
        await expectNames(page, ["(no name)", "mainline", "next"]);
      });
    });

    it("has only rows near the visible ones in the document when there are many", async () => {
      await visit(site(), "/?origin=many", async (page) => {
        await expectCount(page, `${MANY} trees`);
        expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe(String(MANY + 1));
        expect((await names(page)).length).toBeLessThan(60);
        expect(await page.getByRole("link", { name: "tree-0 " }).isVisible()).toBe(true);
        // Rows that were not measured yet change the height, so that one step may fall short of the end.
        const last = page.getByRole("link", { name: `tree-${MANY - 1} ` });
        await expect
          .poll(async () => {
            await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)");
            return last.isVisible();
          })
          .toBe(true);
        expect((await names(page)).length).toBeLessThan(60);
        const row = page.getByRole("row").filter({ has: last });
        expect(await row.getAttribute("aria-rowindex")).toBe(String(MANY + 1));

        await last.click();
        await page.getByRole("heading", { name: `v6.${MANY - 1}` }).waitFor();
        await page.goBack();
        await last.waitFor();
      });
    });
  });
}
