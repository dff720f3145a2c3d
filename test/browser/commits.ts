import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { expectCount, expectTitle, searchOf, visit, type Site } from "./site.ts";
import { MAINLINE_HASH, NAMELESS_HASH, NEXT_HASH } from "./trees.ts";

/** Waits until these are the configurations of the shown builds, from top to bottom. */
function expectConfigs(page: Page, expected: readonly string[]): Promise<void> {
  const cells = page.locator("tbody tr:not([aria-hidden]) td:nth-child(2)");
  return expect.poll(() => cells.allInnerTexts()).toEqual(expected);
}

/** The page of a commit, where rows of the tree listing lead to. */
export function commitTests(site: () => Site): void {
  describe("a commit's page", () => {
    it("is where a tree's row leads, and shows the builds", async () => {
      await visit(site(), "/", async (page) => {
        await page.getByRole("link", { name: "mainline" }).click();
        await page.waitForURL(`**/tree/mainline/master/${MAINLINE_HASH}`);
        const heading = page.getByRole("heading", { name: "v6.18-rc5" });
        await heading.waitFor();
        await expectCount(page, "4 builds");
        await expectTitle(page, "mainline master v6.18-rc5: builds");
        await heading.and(page.locator(":focus")).waitFor();
        expect(await page.getByText("builds: 2 passed, 1 failed, 1 inconclusive").count()).toBe(1);
        expect(await page.getByText(MAINLINE_HASH).isVisible()).toBe(true);
        // Failures first, then the newest.
        await expectConfigs(page, ["allmodconfig", "tinyconfig", "multi_v7_defconfig", "defconfig"]);
        const row = page.getByRole("row").filter({ hasText: "tinyconfig" });
        expect(await row.innerText()).toMatch(
          /MISS[^]*tinyconfig[^]*arm64[^]*gcc-14[^]*4 min 12 s[^]*2 h ago/,
        );

        await page.goBack();
        await expectCount(page, "4 trees");
        await expectTitle(page, "Trees of maestro");
      });
    });

    it("links to logs that are addresses of the web", async () => {
      await visit(site(), `/tree/mainline/master/${MAINLINE_HASH}`, async (page) => {
        await expectCount(page, "4 builds");
        const links = page.getByRole("link", { name: /^Log/ });
        expect(await links.count()).toBe(1);
        expect(await links.getAttribute("href")).toBe("https://logs.example.org/1.gz");
        expect(await links.innerText()).toContain("Log");
      });
    });

    it("filters and sorts the builds by its address", async () => {
      await visit(site(), `/tree/mainline/master/${MAINLINE_HASH}`, async (page) => {
        await expectCount(page, "4 builds");
        const status = page.getByRole("combobox", { name: "Status" });
        expect(await status.getByRole("option").allInnerTexts()).toEqual([
          "All (4)",
          "FAIL (1)",
          "MISS (1)",
          "PASS (2)",
        ]);
        await status.selectOption("PASS (2)");
        await expectCount(page, "2 of 4 builds");
        await page.getByRole("searchbox", { name: "Filter" }).fill("gcc-12");
        await expectCount(page, "1 of 4 builds");
        await expectConfigs(page, ["multi_v7_defconfig"]);
        expect(searchOf(page)).toEqual({ status: "PASS", q: "gcc-12" });
        await page.reload();
        await expectCount(page, "1 of 4 builds");
        await page.goBack();
        await expectCount(page, "2 of 4 builds");
        await page.goBack();
        await expectCount(page, "4 builds");

        await page.getByRole("button", { name: "Config" }).click();
        await page.waitForURL("**/*?sort=config");
        await expectConfigs(page, ["allmodconfig", "defconfig", "multi_v7_defconfig", "tinyconfig"]);
        await status.selectOption("FAIL (1)");
        await page.getByRole("searchbox", { name: "Filter" }).fill("gcc");
        await page.getByRole("button", { name: "Clear the filters" }).click();
        await expectCount(page, "4 builds");
      });
    });

    it("has a branch with slashes as one segment of its address", async () => {
      await visit(site(), "/", async (page) => {
        await page.getByRole("link", { name: /^next/ }).click();
        await page.waitForURL(`**/tree/next/for-next%2Ftesting/${NEXT_HASH}`);
        await page.getByText("No builds available for this tree/branch/commit").waitFor();
        await page.getByRole("heading", { name: "next-20261101" }).waitFor();
        await page.reload();
        await page.getByRole("heading", { name: "next-20261101" }).waitFor();
        expect(await page.getByRole("definition").nth(1).innerText()).toBe("for-next/testing");
      });
    });

    it("is addressed by repository where the tree has no name", async () => {
      await visit(site(), "/", async (page) => {
        await page.getByRole("link", { name: /^\(no name\)/ }).click();
        await page.waitForURL(`**/commit/${NAMELESS_HASH}?*`);
        const search = { url: "https://git.example.org/some.git", branch: "pending" };
        expect(searchOf(page)).toEqual(search);
        await page.getByRole("heading", { name: "v6.17.9-3-g333333333333" }).waitFor();
        await expectCount(page, "1 build");
        await expectConfigs(page, ["rv64_defconfig"]);
        await page.reload();
        await expectCount(page, "1 build");
        expect(searchOf(page)).toEqual(search);
      });
    });

    it("says when the commit is unknown", async () => {
      await visit(site(), "/tree/mainline/master/0123456789abcdef?origin=redhat", async (page) => {
        await page.getByText("No results available for this tree/branch/commit").waitFor();
        expect(await page.getByRole("heading").innerText()).toBe("0123456789ab");
        await page.getByRole("link", { name: "Trees of redhat" }).click();
        await expectCount(page, "1 tree");
      });
    });
  });

  it("an address that there is no page for says so", async () => {
    await visit(site(), "/tree/nothing", async (page) => {
      await page.getByRole("heading", { name: "Page not found" }).waitFor();
      await expectTitle(page, "Page not found");
      await page.getByRole("link", { name: "All trees" }).click();
      await expectCount(page, "4 trees");
    });
  });
}
