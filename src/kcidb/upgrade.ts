/** From version 4 to 5 (chapter 02, section 2.3). Minor upgrades change no object. */
import { isJsonObject, pointerStep, type JsonObject, type Kind } from "./types.ts";
import type { SchemaViolation, Version } from "./schema.ts";

const PATH_OF_5 = /^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$/;

export interface Upgraded {
  /** Undefined when the upgrade is possible; the object was changed in place. */
  impossible?: SchemaViolation;
  /** The test was marked as waived. */
  waived: boolean;
}

/** Changes a valid object of an older version, in place, into one of version 5.3. */
export function upgradeObject(version: Version, kind: Kind, object: JsonObject): Upgraded {
  if (version.major >= 5) return { waived: false };
  let waived = false;
  switch (kind) {
    case "checkouts": {
      delete object.contacts;
      const url = object.git_repository_url;
      if (typeof url === "string" && !url.startsWith("https://")) {
        return impossible("/git_repository_url", "only https:// addresses exist in version 5");
      }
      break;
    }
    case "builds":
      if ("valid" in object) {
        object.status = object.valid === true ? "PASS" : "FAIL";
        delete object.valid;
      }
      break;
    case "tests": {
      const path = object.path;
      if (typeof path === "string" && !PATH_OF_5.test(path)) {
        return impossible("/path", "is no test path in version 5: words joined by single dots");
      }
      waived = object.waived === true;
      delete object.waived;
      break;
    }
    case "issues":
      delete object.build_valid;
      delete object.test_status;
      break;
    case "incidents":
      break;
  }
  const nul = findNul(object, "");
  return nul === undefined
    ? { waived }
    : impossible(nul, "contains a NUL character, which version 5 forbids");
}

function impossible(pointer: string, message: string): Upgraded {
  return { waived: false, impossible: { rule: "upgrade", pointer, message } };
}

/** Where a string outside `misc` contains NUL. The schema has bounded the nesting outside `misc`. */
function findNul(value: unknown, pointer: string): string | undefined {
  if (typeof value === "string") return value.includes("\0") ? pointer : undefined;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = findNul(item, pointer + pointerStep(index));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (key === "misc") continue;
    const found = findNul(item, pointer + pointerStep(key));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The issue that stands for all waived tests of a document. */
export function waivedIssue(): JsonObject {
  return { id: "_:waived", origin: "_", version: 1, comment: "Test waived as unreliable" };
}

/** The incident that marks one test as waived. */
export function waivedIncident(testId: string): JsonObject {
  return {
    id: `_:waived:1:${testId}`,
    origin: "_",
    issue_id: "_:waived",
    issue_version: 1,
    test_id: testId,
    present: true,
  };
}
