/** Files that are replaced as a whole. */
import { randomBytes } from "node:crypto";
import { open, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file so that readers see the old text or the new one, also after a crash. Its mode stays.
 *
 * @throws the system's error; the old file is untouched then
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const mode = await stat(path).then(
    (status) => status.mode & 0o777,
    () => 0o644,
  );
  const temporary = `${path}.${randomBytes(6).toString("hex")}.temp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
