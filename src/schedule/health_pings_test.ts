import { pino } from "pino";
import { expect, it } from "vitest";
import { sink } from "../../test/support/sink.ts";
import { loadSettings, type Settings } from "../settings.ts";
import { withHealthPings } from "./health_pings.ts";

const ID = "delete_unused_hardware_status";

function context(baseUrl: string): { settings: Settings; log: pino.Logger; lines: string[] } {
  const lines: string[] = [];
  const { settings } = loadSettings({
    KERNELBOARD_HEALTHCHECK_BASE_URL: `${baseUrl}/`,
    HEALTHCHECK_ID_DELETE_UNUSED_HARDWARE_STATUS: "/secret-path/job",
  });
  return { settings, log: pino({}, { write: (line: string) => lines.push(line) }), lines };
}

it("pings before a command's work and after it, as it went", async () => {
  const service = await sink();
  const own = context(service.url);
  const paths = (): string[] => service.received.splice(0).map(({ method, path }) => `${method} ${path}`);

  const seenAtWork = await withHealthPings(own, ID, () => Promise.resolve(paths()));
  expect(seenAtWork).toEqual(["GET /secret-path/job/start"]);
  expect(paths()).toEqual(["GET /secret-path/job"]);

  await expect(withHealthPings(own, ID, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(paths()).toEqual(["GET /secret-path/job/start", "GET /secret-path/job/fail"]);

  const before = process.exitCode;
  try {
    await withHealthPings(own, ID, () => {
      process.exitCode = 1;
      return Promise.resolve();
    });
  } finally {
    process.exitCode = before;
  }
  expect(paths()).toEqual(["GET /secret-path/job/start", "GET /secret-path/job/fail"]);

  expect(await withHealthPings(own, undefined, () => Promise.resolve(1))).toBe(1);
  expect(await withHealthPings(own, "notifications_new_issues", () => Promise.resolve(2))).toBe(2);
  expect(paths()).toEqual([]);
  expect(own.lines.join()).toContain(
    "No healthcheck URL configured for monitoring_id='notifications_new_issues', skipping start ping.",
  );
});

it("does the work whatever becomes of the pings, and keeps the address to itself", async () => {
  const service = await sink();
  service.answer((response) => response.writeHead(500).end("oh no"));
  const own = context(service.url);
  expect(await withHealthPings(own, ID, () => Promise.resolve(1))).toBe(1);
  expect(own.lines.filter((line) => line.includes("answered with status 500"))).toHaveLength(2);
  service.answer((response) => response.destroy());
  expect(await withHealthPings(own, ID, () => Promise.resolve(2))).toBe(2);
  const nobody = context("http://127.0.0.1:1");
  expect(await withHealthPings(nobody, ID, () => Promise.resolve(3))).toBe(3);
  expect(nobody.lines.join()).toContain("a health ping failed");
  expect([...own.lines, ...nobody.lines].join()).not.toContain("secret-path");
});
