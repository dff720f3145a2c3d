// Copies what the compiler leaves out to where the built program looks for it.
import { cpSync } from "node:fs";

cpSync("src/database/migrations", "dist/server/database/migrations", { recursive: true });
cpSync("node_modules/redoc/bundles/redoc.standalone.js", "dist/redoc.standalone.js");
