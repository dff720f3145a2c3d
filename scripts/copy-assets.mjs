// Copies what the compiler leaves out to where the built program looks for it.
import { cpSync, rmSync } from "node:fs";

// Without those of a build before that are not there any more.
rmSync("dist/server/database/migrations", { recursive: true, force: true });
cpSync("src/database/migrations", "dist/server/database/migrations", { recursive: true });
cpSync("node_modules/redoc/bundles/redoc.standalone.js", "dist/redoc.standalone.js");
