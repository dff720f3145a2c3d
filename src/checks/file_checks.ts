/** Checks of the directories that the program writes into: the spool and the volume (chapter 08, section 5). */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { LoadedSettings } from "../settings.ts";
import { directoryState, type DirectoryState } from "./directory.ts";
import { error, warning, type Finding } from "./finding.ts";

/** Folders of the spool that files are moved into; each is made by the first process that ingests. */
const SPOOL_FOLDERS = ["archive", "failed", "pending_retry", "claimed"];
const PREFIX = ".kernelboard-check-";

const PROBLEMS: Record<Exclude<DirectoryState["kind"], "usable">, string> = {
  missing: "does not exist",
  "not a directory": "is not a directory",
  "not writable": "is not writable",
  unknown: "cannot be examined",
};

function problem(path: string, state: Exclude<DirectoryState, { kind: "usable" }>): string {
  return `${path} ${PROBLEMS[state.kind]}${state.kind === "unknown" ? `: ${state.reason}` : ""}.`;
}

export async function fileChecks({ settings, sources }: LoadedSettings): Promise<Finding[]> {
  const { spoolDir, minFreeBytes } = settings.submissions;
  const isVolumeGiven = sources.find(({ name }) => name === "BACKEND_VOLUME_DIR")?.from !== "default";
  return [
    ...(spoolDir === undefined ? [] : await spoolChecks(spoolDir, minFreeBytes)),
    ...(await volumeCheck(settings.volumeDir, isVolumeGiven)),
  ];
}

async function spoolChecks(spoolDir: string, minFreeBytes: number): Promise<Finding[]> {
  const spool = await directoryState(spoolDir, PREFIX);
  if (spool.kind !== "usable")
    return [
      error(
        "kernelboard.E010",
        `The spool directory ${problem(spoolDir, spool)}`,
        "Make the directory of KERNELBOARD_SPOOL_DIR, owned by the user that kernelboard runs as.",
      ),
    ];
  const found: Finding[] = [];
  for (const name of SPOOL_FOLDERS) {
    const path = join(spoolDir, name);
    const folder = await directoryState(path, PREFIX);
    if (folder.kind === "missing") continue;
    if (folder.kind !== "usable")
      found.push(
        error(
          "kernelboard.E011",
          `The spool's folder ${problem(path, folder)}`,
          `Let the user that kernelboard runs as own it, or remove it when it is empty.`,
        ),
      );
    else if (folder.device !== spool.device)
      found.push(
        error(
          "kernelboard.E012",
          `The spool's folder ${path} is on another file system: a file cannot be moved there in one step.`,
          "Put the whole spool directory on one file system.",
        ),
      );
  }
  const { bavail, bsize } = await statfs(spoolDir);
  if (bavail * bsize < minFreeBytes)
    found.push(
      error(
        "kernelboard.E013",
        `The spool's file system has ${bavail * bsize} bytes free, less than KERNELBOARD_SPOOL_MIN_FREE_BYTES (${minFreeBytes}): submissions over HTTP are put off.`,
        "Make room on that file system, or lower the limit.",
      ),
    );
  return found;
}

/** Nothing needs the volume that the reference implementation has by default: only one that is there or asked for counts. */
async function volumeCheck(path: string, isGiven: boolean): Promise<Finding[]> {
  const state = await directoryState(path, PREFIX);
  if (state.kind === "usable" || (state.kind === "missing" && !isGiven)) return [];
  return [
    warning(
      "kernelboard.W010",
      `The volume directory ${problem(path, state)}`,
      "Make the directory of BACKEND_VOLUME_DIR, owned by the user that kernelboard runs as; the file of tree names is kept there.",
    ),
  ];
}
