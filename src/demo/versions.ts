/** What a commit of a day is called: releases of the kernel follow a calendar, near enough. */
import { DAY } from "./objects.ts";

/** v6.12 was released on this day, and every nine weeks another version is. */
const FIRST_RELEASE = Date.UTC(2024, 10, 17, 21);
const FIRST_MINOR = 12;
const CYCLE_DAYS = 63;
/** After a release, changes are merged for two weeks; then comes a candidate each week. */
const MERGE_DAYS = 14;
/** Version 6 ended with 6.19. */
const MINORS_PER_MAJOR = 20;
/** Days between the releases of a stable branch. */
const STABLE_DAYS = 6.2;

/** The newest tag of a branch at a time, and how many commits the branch was ahead of it. */
export interface Describe {
  tag: string;
  ahead: number;
}

/** Branches that take fixes for a released version. */
export interface StableBranch {
  version: string;
  releasedAt: number;
}

function versionName(cycle: number): string {
  const minor = FIRST_MINOR + cycle;
  return `v${6 + Math.floor(minor / MINORS_PER_MAJOR)}.${minor % MINORS_PER_MAJOR}`;
}

/** Mainline at a time. */
export function describeMainline(at: number): Describe {
  const days = (at - FIRST_RELEASE) / DAY;
  const cycle = Math.max(0, Math.floor(days / CYCLE_DAYS));
  const day = Math.max(0, days - cycle * CYCLE_DAYS);
  if (day < MERGE_DAYS) return { tag: versionName(cycle), ahead: 1 + Math.floor(day * 820) };
  const week = Math.floor((day - MERGE_DAYS) / 7);
  const dayOfWeek = day - MERGE_DAYS - week * 7;
  return { tag: `${versionName(cycle + 1)}-rc${week + 1}`, ahead: 1 + Math.floor(dayOfWeek * 43) };
}

/** A stable branch at a time. */
export function describeStable({ version, releasedAt }: StableBranch, at: number): Describe {
  const releases = Math.max(1, (at - releasedAt) / (STABLE_DAYS * DAY));
  const number = Math.floor(releases);
  return { tag: `v${version}.${number}`, ahead: 1 + Math.floor((releases - number) * 260) };
}

/** The tag of linux-next of a day. */
export function nextTag(at: number): string {
  return `next-${new Date(at).toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/** A commit's name as `git describe` prints it. */
export function describedName({ tag, ahead }: Describe, commitHash: string): string {
  return `${tag}-${ahead}-g${commitHash.slice(0, 12)}`;
}
