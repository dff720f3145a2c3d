import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

/** The folders of src, each with those that it may import from beside itself. */
const MAY_IMPORT = {
  kcidb: [],
  database: [],
  rollups: ["database"],
  changes: ["database", "rollups"],
  cache: ["changes", "database"],
  excerpts: ["database", "kcidb"],
  ingest: ["database", "excerpts", "kcidb", "rollups"],
  metrics: ["cache", "database", "excerpts", "http", "ingest", "kcidb", "rollups", "schedule"],
  tracing: ["database", "http", "ingest", "kcidb"],
  filters: ["database"],
  fetch: [],
  api: ["cache", "changes", "database", "fetch", "filters", "http"],
  http: ["api", "cache", "changes", "database", "fetch", "filters", "notices", "submit"],
  submit: ["database", "http", "ingest", "kcidb"],
  demo: ["database", "ingest", "kcidb", "registry", "rollups"],
  upkeep: ["database", "rollups"],
  registry: ["database"],
  processes: [],
  mail: [],
  checks: ["database", "mail"],
  notices: ["demo"],
  schedule: ["database", "notices", "processes"],
};

const boundaries = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  target: `./src/${folder}`,
  from: "./src",
  except: [
    ...[folder, ...allowed].map((name) => `./${name}`),
    "./log.ts",
    "./settings.ts",
    "./settings_database.ts",
    "./version.ts",
  ],
  message: `src/${folder} may import from ${allowed.length > 0 ? allowed.join(", ") : "no other folder"}; see docs/architecture.md`,
}));

export default tseslint.config(
  { ignores: ["dist", "data", "node_modules"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".tsx", ".js"] })] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones: boundaries }],
      "import-x/no-cycle": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/explicit-function-return-type": ["error", { allowExpressions: true }],
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "Only src/settings.ts reads the environment." },
      ],
    },
  },
  {
    files: [
      "src/settings.ts",
      "src/database/embedded_programs.ts",
      "test/**/*.ts",
      "**/*_test.ts",
      "*.config.ts",
    ],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["**/*_test.ts"],
    rules: { "import-x/no-restricted-paths": "off" },
  },
  {
    files: ["web/**/*.ts", "web/**/*.tsx"],
    languageOptions: { globals: globals.browser },
    plugins: { "react-hooks": reactHooks },
    rules: { ...reactHooks.configs.recommended.rules },
  },
  {
    files: ["**/*.js", "**/*.mjs", "bin/kernelboard"],
    languageOptions: { globals: globals.node },
  },
  prettier,
);
