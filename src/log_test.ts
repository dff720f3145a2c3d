/** What the program's log writes to standard error, as the built program does it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

const BUILT = new URL("../dist/server/log.js", import.meta.url).href;

/** Messages as the log of a process of its own shows them, which logs those of `lines` and ends. */
async function logged(lines: string): Promise<string[]> {
  const program = `
    const { createLog } = await import(${JSON.stringify(BUILT)});
    const log = createLog("info");
    for (const line of ${lines}) log.info(line);
    process.exit(0);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [written] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return written
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

it("every line, in order, also when the process ends at once", async () => {
  const numbers = await logged("Array.from({ length: 5000 }, (_, number) => String(number))");
  expect(numbers).toEqual(Array.from({ length: 5000 }, (_, number) => String(number)));
});

it("lines of any length and characters", async () => {
  const lengths = [1, 5000, 10_000, 20_000, 40_000, 3, 100_000];
  const lines = await logged(`${JSON.stringify(lengths)}.map((length) => "é€𝄞".repeat(length) + length)`);
  expect(lines).toEqual(lengths.map((length) => "é€𝄞".repeat(length) + String(length)));
});
