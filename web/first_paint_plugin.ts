/** A script that runs before anything is painted. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";

/**
 * Adds a module to the head of the page as a script that blocks painting. Module scripts never block, and the server's
 * content policy forbids scripts inside of the page, so it becomes a file of its own with a hash in its name.
 *
 * @param entry path of the module below the root; what it imports is bundled into it
 */
export function firstPaintScript(entry: string): Plugin {
  let root = "";
  let serving = false;
  let address = "";
  return {
    name: "first-paint-script",
    configResolved(config) {
      root = config.root;
      serving = config.command === "serve";
    },
    async buildStart() {
      if (serving) return;
      const source = await bundle(root, entry);
      const fileName = `assets/first-paint-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.js`;
      this.emitFile({ type: "asset", fileName, source });
      address = `/${fileName}`;
    },
    transformIndexHtml: {
      // Before the page's styles and scripts are added, so that the script does not wait for them.
      order: "pre",
      handler: async () => [
        serving
          ? { tag: "script", children: await bundle(root, entry), injectTo: "head" }
          : { tag: "script", attrs: { src: address, "vite-ignore": true }, injectTo: "head" },
      ],
    },
  };
}

async function bundle(root: string, entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: "error",
    build: {
      write: false,
      lib: { entry: join(root, entry), formats: ["iife"], name: "firstPaint" },
    },
  });
  const outputs: Rolldown.RolldownOutput[] = Array.isArray(result)
    ? result
    : "output" in result
      ? [result]
      : [];
  const code = outputs[0]?.output[0].code;
  if (code === undefined) throw new Error(`${entry} gave no script`);
  return code;
}
