import { expect, it } from "vitest";
import { webAddress } from "./address.ts";

it("takes addresses of the web only", () => {
  expect(webAddress("https://example.org/log.gz")).toBe("https://example.org/log.gz");
  expect(webAddress("http://example.org")).toBe("http://example.org/");
  for (const other of [
    null,
    "",
    "log.gz",
    "/log.gz",
    "//example.org",
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "git://example.org/x",
  ])
    expect(webAddress(other)).toBeUndefined();
});
