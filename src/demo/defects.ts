/** What can be broken in the demonstration data, and how it is found out what is (see `known_defects.ts`). */
import { DAY, type Status } from "./objects.ts";
import type { Platform } from "./platforms.ts";
import type { StreamName } from "./streams.ts";
import type { VariantName } from "./variants.ts";

/** Commits of streams within a time that have the defect. */
export interface DefectWindow {
  streams: readonly StreamName[];
  fromDaysAgo: number;
  /** 0 for a defect that is still there. */
  toDaysAgo: number;
}

export interface IssueVersion {
  version: number;
  /** When it was written; incidents name the version that is current then. */
  daysAgo: number;
  comment: string;
  reportUrl?: string;
  reportSubject?: string;
}

export interface Defect {
  key: string;
  origin: string;
  culprit: "code" | "tool" | "harness";
  categories?: string[];
  /** Of a log parser's finding. */
  logspec?: { parser: string; errorType: string };
  ticketUrl?: string;
  /** Oldest first. */
  versions: readonly [IssueVersion, ...IssueVersion[]];
  windows: readonly DefectWindow[];
  /** What it shows in. */
  breaks:
    | { variants: readonly VariantName[] }
    | { platform: (platform: Platform) => boolean; path: (path: string) => boolean };
  status: Status;
  /** How often it shows where it is there. */
  rate: number;
  /** How much of what it breaks gets an incident. */
  reported: number;
  /** How many of the incidents somebody looked at and took back. */
  retracted?: number;
  log: string;
  errorMessage?: string;
}

/** Whether a stream's commit of a time has the defect. */
export function hasDefect(defect: Defect, stream: StreamName, committedAt: number, now: number): boolean {
  const daysAgo = (now - committedAt) / DAY;
  return defect.windows.some(
    ({ streams, fromDaysAgo, toDaysAgo }) =>
      streams.includes(stream) && daysAgo <= fromDaysAgo && daysAgo >= toDaysAgo,
  );
}

/** The version of a defect's issue that was current at a time. */
export function versionAt({ versions }: Defect, at: number, now: number): IssueVersion {
  return versions.findLast(({ daysAgo }) => now - daysAgo * DAY <= at) ?? versions[0];
}
