/** The thread that has the spool's files in hand, when it ends by itself. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/support/spool.ts";
import { fileNameOf } from "./places.ts";
import { FilesError, SpoolFiles } from "./spool_files.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

describe("the thread of the spool's files", () => {
  it("is started again, and nothing that it had begun becomes a submission", async () => {
    const folder = await temporaryDirectory();
    const files = new SpoolFiles(folder);
    const begun = { file: files.newNumber(), temporaryName: "begun.temp" };
    await files.write({ type: "write", ...begun, bytes: bytes("the first half") });
    const ended = files.close();
    // It is never performed, and not waited for for ever.
    await expect(files.find("a")).rejects.toThrow(FilesError);
    await ended;
    await expect(
      files.publish({ type: "publish", ...begun, bytes: bytes("the second"), id: "begun" }),
    ).rejects.toMatchObject({ name: "FilesError", code: "EEXIST" });
    const other = { file: files.newNumber(), temporaryName: "other.temp" };
    expect(await files.publish({ type: "publish", ...other, bytes: bytes("{}"), id: "other" })).toBe(true);
    expect(await files.find("other")).toEqual({ place: "inbox", path: join(folder, fileNameOf("other")) });
    expect((await readdir(folder)).sort()).toEqual(["begun.temp", fileNameOf("other")]);
    expect(await readFile(join(folder, fileNameOf("other")), "utf8")).toBe("{}");
    await files.close();
  });
});
