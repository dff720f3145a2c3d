import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { ingestFiles, submission } from "../support/spool.ts";
import { expectCount, expectNames, visit, type Site } from "./site.ts";

const HASH = "a".repeat(40);

/** A tree whose newest checkout is as many hours old. */
function checkout(tree: string, hoursAgo: number): object {
  return {
    id: `live:${tree}`,
    origin: "live",
    tree_name: tree,
    git_repository_url: "https://git.example.org/live.git",
    git_repository_branch: "master",
    git_commit_hash: HASH,
    start_time: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(),
  };
}

function build(id: string, tree: string): object {
  return { id: `live:${id}`, checkout_id: `live:${tree}`, origin: "live", config_name: id, status: "PASS" };
}

/** Waits until the page listens to the server's events. @returns the address that it asked */
async function listening(page: Page, action: () => Promise<unknown>): Promise<URL> {
  const [response] = await Promise.all([
    page.waitForResponse((answer) => answer.url().includes("/api/events?")),
    action(),
  ]);
  expect(response.status()).toBe(200);
  return new URL(response.url());
}

/** As a browser does with a tab that is left or shown. */
function setHidden(page: Page, hidden: boolean): Promise<unknown> {
  return page.evaluate(
    `Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
     document.dispatchEvent(new Event("visibilitychange"));`,
  );
}

/** Pages that follow what is ingested. */
export function liveTests(site: () => Site): void {
  const take = async (sections: Record<string, object[]>): Promise<void> => {
    const { reports } = await ingestFiles(site().connection, { "a.json": submission(sections) });
    expect(reports).toEqual({});
  };
  /** Without events a page shows nothing new for a minute, which is longer than these tests wait. */
  const opened = async (page: Page, path: string): Promise<void> => {
    await listening(page, () => page.goto(path));
    await page.evaluate("window.isSamePage = true");
  };

  describe("live pages", () => {
    it("show what is ingested, without being loaded again", async () => {
      await take({ checkouts: [checkout("first", 2)] });
      await visit(site(), "about:blank", async (page) => {
        await opened(page, "/?origin=live");
        await expectCount(page, "1 tree");
        await take({ checkouts: [checkout("second", 1)] });
        await expectCount(page, "2 trees");
        await expectNames(page, ["second", "first"]);

        await take({ builds: [build("defconfig", "first")] });
        await page.getByText("builds: 1 passed, 0 failed, 0 inconclusive").waitFor({ state: "attached" });

        const address = await listening(page, () =>
          page.getByRole("link", { name: "first" }).first().click(),
        );
        expect(address.searchParams.get("tree")).toBe("first");
        expect(address.searchParams.get("last_event_id")).toMatch(/^\d+$/);
        await expectCount(page, "1 build");
        await take({ builds: [build("tinyconfig", "first"), build("allmodconfig", "second")] });
        await expectCount(page, "2 builds");
        expect(await page.evaluate("window.isSamePage")).toBe(true);
      });
    });

    it("listen to nothing while they are hidden, and then show what they missed", async () => {
      await visit(site(), "about:blank", async (page) => {
        await opened(page, "/?origin=live");
        await expectCount(page, "2 trees");
        const left = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/events?"));
        await setHidden(page, true);
        await left;
        await take({ checkouts: [checkout("third", 0.5)] });
        const address = await listening(page, () => setHidden(page, false));
        expect(address.searchParams.get("last_event_id")).toMatch(/^\d+$/);
        await expectCount(page, "3 trees");
        expect(await page.evaluate("window.isSamePage")).toBe(true);
      });
    });
  });
}
