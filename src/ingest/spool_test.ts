import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory, writeSubmissions } from "../../test/support/spool.ts";
import { claimFiles, openSpool } from "./spool.ts";

it("claims what it can, and fails when nothing can be claimed", async () => {
  const directory = await temporaryDirectory();
  const spool = await openSpool(directory);
  const folder = join(spool.claimed, "owner");
  // A file cannot take the place of a folder.
  await mkdir(join(folder, "b.json"), { recursive: true });
  await writeSubmissions(directory, { "a.json": "a", "b.json": "b", "c.json": "c" });

  expect(await claimFiles(spool, folder, ["gone.json", "a.json", "b.json", "c.json"])).toEqual(["a.json"]);
  expect(await readdir(folder)).toEqual(["a.json", "b.json"]);
  await expect(claimFiles(spool, folder, ["b.json", "c.json"])).rejects.toThrow("EISDIR");
  expect(await claimFiles(spool, folder, ["c.json"])).toEqual(["c.json"]);
  expect(await claimFiles(spool, folder, ["c.json", "gone.json"])).toEqual([]);
});
