/** What is made uniform before an object is stored: labs and tree names (chapter 02, sections 6.4 and 6.7). */
import { ExactNumber } from "./exact_json.ts";
import { isJsonObject, type JsonObject, type Kind } from "./types.ts";

/** The key of `misc` that names the lab, for the kinds that have one. */
export const LAB_KEY: Partial<Record<Kind, string>> = { builds: "lab", tests: "runtime" };

/** Values that a lab's own scheduler makes up: a shell, a Kubernetes cluster. */
const AUTOMATIC_LAB = /^(shell|k8s[^\n]*)$/;

/**
 * Gives a build or test a lab, in place: a missing, empty or automatic one becomes the object's origin, and an
 * automatic one is kept as `automatic_lab`. Another value than a string stays as it is.
 */
export function standardiseLab(kind: Kind, object: JsonObject): void {
  const key = LAB_KEY[kind];
  if (key === undefined) return;
  const misc = isJsonObject(object.misc) ? object.misc : {};
  const lab = misc[key];
  if (typeof lab === "string" && AUTOMATIC_LAB.test(lab)) {
    misc.automatic_lab = lab;
    misc[key] = object.origin;
  } else if (isEmpty(lab)) {
    misc[key] = object.origin;
  }
  object.misc = misc;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (value instanceof ExactNumber)
    return Number(value.digits) === 0 && !/[1-9]/.test(value.digits.replace(/[eE].*/, ""));
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

/** Names a checkout's tree by its repository, in place, when the operator's file knows the repository. */
export function standardiseTreeName(object: JsonObject, treeNames: ReadonlyMap<string, string>): void {
  const url = object.git_repository_url;
  const name = typeof url === "string" ? treeNames.get(url) : undefined;
  if (name !== undefined) object.tree_name = name;
}
