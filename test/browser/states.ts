import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { expectCount, expectNames, visit, type Site } from "./site.ts";
import { MAINLINE_HASH } from "./trees.ts";

const LISTING = "**/api/tree/?*";

/** Answers requests as a server in trouble does, until it is called. */
async function breakServer(page: Page, addresses: string): Promise<() => Promise<void>> {
  await page.route(addresses, (route) =>
    route.fulfill({ status: 500, contentType: "application/json", body: '{"error":"Internal error"}' }),
  );
  return () => page.unroute(addresses);
}

/** What the page shows where there is nothing, or something went wrong. */
export function stateTests(site: () => Site): void {
  describe("when the server fails", () => {
    it("the tree listing says so, and a retry recovers", async () => {
      let repair: () => Promise<void> = () => Promise.resolve();
      await visit(
        site(),
        "/",
        async (page) => {
          const alert = page.getByRole("alert");
          await alert.waitFor();
          expect(await alert.innerText()).toMatch(
            /^The trees could not be loaded\s+Internal error\s+Try again$/,
          );
          await repair();
          await page.getByRole("button", { name: "Try again" }).click();
          await expectCount(page, "4 trees");
          expect(await alert.count()).toBe(0);
        },
        { hasFailures: true, prepare: async (page) => (repair = await breakServer(page, LISTING)) },
      );
    });

    it("a failed refresh keeps the rows with a notice", async () => {
      await visit(
        site(),
        "/",
        async (page) => {
          await expectCount(page, "4 trees");
          const repair = await breakServer(page, LISTING);
          await page.getByRole("button", { name: "Refresh" }).click();
          await page.getByText(/^Refresh failed, data of \d\d:\d\d:\d\d UTC$/).waitFor();
          await expectNames(page, ["mainline", "next", "(no name)"]);
          await repair();
          await page.getByRole("button", { name: "Retry" }).click();
          await page.getByText(/^Updated/).waitFor();
          await expectCount(page, "4 trees");
        },
        { hasFailures: true },
      );
    });

    it("a commit's page says so, and a retry recovers", async () => {
      let repair: () => Promise<void> = () => Promise.resolve();
      await visit(
        site(),
        `/tree/mainline/master/${MAINLINE_HASH}`,
        async (page) => {
          await page.getByRole("alert").getByText("The builds could not be loaded").waitFor();
          await repair();
          await page.getByRole("button", { name: "Try again" }).click();
          await expectCount(page, "4 builds");
        },
        {
          hasFailures: true,
          prepare: async (page) => (repair = await breakServer(page, "**/builds?*")),
        },
      );
    });

    it("an answer that is not understood is an error, too", async () => {
      await visit(
        site(),
        "/",
        async (page) => {
          await page.getByRole("alert").getByText("The server's answer is not understood: [0].id").waitFor();
        },
        {
          prepare: (page) => page.route(LISTING, (route) => route.fulfill({ json: [{}] })),
        },
      );
    });
  });

  it("without trees in the window the page offers a longer one", async () => {
    await visit(site(), "/?q=stable&days=1&origin=unheard-of", async (page) => {
      await page.getByText("No trees of unheard-of in the last day").waitFor();
      const origin = page.getByRole("combobox", { name: "Origin" });
      expect(await origin.inputValue()).toBe("unheard-of");
      await page.getByRole("button", { name: "Show all time" }).click();
      await page.getByText("There are no trees of unheard-of").waitFor();
    });
  });

  it("the listing is refreshed about every minute", async () => {
    let requests = 0;
    await visit(
      site(),
      "/",
      async (page) => {
        await expectCount(page, "4 trees");
        expect(requests).toBe(1);
        await page.clock.runFor(61_000);
        await expect.poll(() => requests).toBe(2);
        await expectCount(page, "4 trees");
      },
      {
        prepare: async (page) => {
          await page.clock.install();
          page.on("request", (request) => {
            if (request.url().includes("/api/tree/?")) requests++;
          });
        },
      },
    );
  });
}
