/** The browser that tests look at the page with. */
import chromium from "@sparticuz/chromium";
import { chromium as playwright, type Browser } from "playwright-core";

/** For machines where a headless browser has no graphics, no sandbox of its own and no network but the loopback. */
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Of the packaged browser's own arguments: one process for everything falls over when a page is closed. */
const UNWANTED = ["--single-process", "--disable-web-security"];

export type StartedBrowser =
  { browser: Browser; problem?: undefined } | { browser?: undefined; problem: string };

/**
 * Starts the browser: that of `TEST_BROWSER`, else the packaged one, which is for Linux on x64 only.
 *
 * @returns why there is none, where the packaged one does not start on this machine
 */
export async function startBrowser(): Promise<StartedBrowser> {
  const own = process.env.TEST_BROWSER;
  try {
    const packaged = chromium.args.filter((argument) => !UNWANTED.includes(argument));
    const browser = await playwright.launch({
      executablePath: own ?? (await chromium.executablePath()),
      args: own === undefined ? [...packaged, ...ARGUMENTS] : ["--headless"],
    });
    return { browser };
  } catch (error) {
    if (own !== undefined) throw error;
    return { problem: `no browser starts here: ${error instanceof Error ? error.message : String(error)}` };
  }
}
