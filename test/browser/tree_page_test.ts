/** The page in a real browser, on a real server and database. */
import { afterAll, beforeAll, describe } from "vitest";
import { appearanceTests } from "./appearance.ts";
import { startBrowser } from "./browser.ts";
import { commitTests } from "./commits.ts";
import { filterTests } from "./filters.ts";
import { keyboardTests } from "./keyboard.ts";
import { listingTests } from "./listing.ts";
import { liveTests } from "./live.ts";
import { startSite, type Site } from "./site.ts";
import { stateTests } from "./states.ts";

const { browser, problem } = await startBrowser();
if (problem !== undefined) console.warn(`The page is not tested, ${problem}`);

describe.skipIf(browser === undefined)(
  `the page${problem === undefined ? "" : ` (skipped, ${problem})`}`,
  () => {
    let started: Site | undefined;
    const site = (): Site => {
      if (started === undefined) throw new Error("the site is not started");
      return started;
    };

    beforeAll(async () => {
      if (browser !== undefined) started = await startSite(browser);
    });
    afterAll(async () => {
      await browser?.close();
      await started?.close();
    });

    listingTests(site);
    filterTests(site);
    commitTests(site);
    keyboardTests(site);
    stateTests(site);
    appearanceTests(site);
    // Last, because it adds trees.
    liveTests(site);
  },
);
