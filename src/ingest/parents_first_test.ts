import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { submission, temporaryDirectory, writeSubmissions } from "../../test/support/spool.ts";
import { parentsFirst } from "./parents_first.ts";

it("puts files with checkouts first, and those with builds before all others, each in their order", async () => {
  const directory = await temporaryDirectory();
  const filler = Array.from({ length: 1000 }, (_, index) => ({ id: `o:${index}`, build_id: "o:b" }));
  const files = {
    "a.json": submission({ checkouts: [], builds: [], tests: [{ id: "o:1" }] }),
    "b.json": submission({ builds: [{ id: "o:b" }] }),
    "c.json": JSON.stringify({ version: {}, builds: [{ id: "o:c" }], checkouts: [{ id: "o:c" }] }, null, 4),
    "d.json": "",
    "e.json": JSON.stringify({ tests: filler, checkouts: [{ id: "o:too-far-behind" }] }),
    "f.json": submission({ checkouts: [{ id: "o:f" }] }),
    "g.json": Buffer.from([0xff, 0x00, 0x22]),
    "h.json": submission({ builds: [{ id: "o:h" }], tests: filler }),
  };
  await writeSubmissions(directory, files);
  await symlink(join(directory, "nothing"), join(directory, "i.json"));
  expect(await parentsFirst(directory, [...Object.keys(files), "gone.json", "i.json"])).toEqual(
    ["c", "f", "b", "h", "a", "d", "e", "g", "gone", "i"].map((name) => `${name}.json`),
  );
});
