/** Where the program of a thread lies. */
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The compiled program beside a module; where that runs from its source, as in tests, the one of the last build.
 *
 * @param module the module's `import.meta.url`
 * @param name of the compiled file, such as `thread.js`
 */
export function threadProgram(module: string, name: string): string {
  const beside = fileURLToPath(new URL(name, module));
  if (existsSync(beside)) return beside;
  const folder = basename(dirname(beside));
  return fileURLToPath(new URL(`../../dist/server/${folder}/${name}`, module));
}
