/** The commits of each stream: three weeks back from a given time, on the stream's beat. */
import type { Dice } from "./dice.ts";
import { DAY, HOUR, MINUTE } from "./objects.ts";
import { STREAMS, type Stream } from "./streams.ts";
import { describedName, describeMainline, describeStable, nextTag, type Describe } from "./versions.ts";

/** How far back the data goes. */
const HISTORY_DAYS = 21;

export interface Commit {
  /** What it is told apart by here: the same for every stream that checks it out. */
  key: string;
  /** 0 is the newest of its stream. */
  ordinal: number;
  /** When the stream checked it out, in milliseconds since 1970. */
  at: number;
  hash: string;
  name: string;
  tags: string[];
  message: string;
}

/** The commits of all streams, each newest first. */
export function commitsByStream(dice: Dice, now: number): Map<Stream, Commit[]> {
  const commits = new Map<Stream, Commit[]>();
  for (const stream of STREAMS) {
    const { schedule } = stream;
    if (!("follows" in schedule)) {
      commits.set(stream, ownCommits(dice, stream, now));
      continue;
    }
    const leader = STREAMS.find(({ name }) => name === schedule.follows);
    const followed = (leader && commits.get(leader)) ?? [];
    commits.set(stream, followers(followed, schedule.every, schedule.hoursLater * HOUR, now));
  }
  return commits;
}

/** Every nth commit of another stream, checked out somewhat later. */
function followers(followed: readonly Commit[], every: number, later: number, now: number): Commit[] {
  return followed
    .filter(({ ordinal, at }) => ordinal % every === 0 && at + later < now)
    .map((commit, ordinal) => ({ ...commit, ordinal, at: commit.at + later }));
}

function ownCommits(dice: Dice, stream: Stream, now: number): Commit[] {
  const times = checkoutTimes(dice, stream, now);
  return times.map((at, ordinal) => {
    const key = `${stream.name} ${ordinal}`;
    const hash = dice.hex(40, `commit ${releasedTag(stream, at) ?? key}`);
    const { name, tags } = nameOf(stream, at, times[ordinal + 1], hash);
    return { key, ordinal, at, hash, name, tags, message: message(dice, stream, at, key) };
  });
}

/** Newest first. */
function checkoutTimes(dice: Dice, { name, schedule }: Stream, now: number): number[] {
  if ("follows" in schedule) return [];
  const { everyHours, newestMinutesAgo, weekdaysOnly } = schedule;
  const step = everyHours * HOUR;
  const newest = now - newestMinutesAgo * MINUTE;
  const times: number[] = [];
  for (let nth = 0; nth * step < HISTORY_DAYS * DAY; nth++) {
    const shift = nth === 0 ? 0 : dice.between(-0.25, 0.25, `shift ${name} ${nth}`);
    const at = Math.round(newest - (nth + shift) * step);
    const weekday = new Date(at).getUTCDay();
    if (!weekdaysOnly || (weekday !== 0 && weekday !== 6)) times.push(at);
  }
  return times;
}

/** The tag of a stream that only has releases: one commit, however often it is checked out. */
function releasedTag({ naming }: Stream, at: number): string | undefined {
  return typeof naming === "object" && "stable" in naming && naming.released
    ? describeStable(naming.stable, at).tag
    : undefined;
}

/** @param before when the commit before it was checked out: the first one behind a tag is the tagged one */
function nameOf(
  { naming }: Stream,
  at: number,
  before: number | undefined,
  hash: string,
): Pick<Commit, "name" | "tags"> {
  const tagged = (tag: string): Pick<Commit, "name" | "tags"> => ({ name: tag, tags: [tag] });
  const described = (describe: Describe): Pick<Commit, "name" | "tags"> => ({
    name: describedName(describe, hash),
    tags: [],
  });
  if (naming === "next") return tagged(nextTag(at));
  if (naming === "onMainline") return described(describeMainline(at));
  if (naming === "mainline") {
    const here = describeMainline(at);
    const isFirst = before !== undefined && describeMainline(before).tag !== here.tag;
    return isFirst ? tagged(here.tag) : described(here);
  }
  if ("stable" in naming) {
    const here = describeStable(naming.stable, at);
    return naming.released ? tagged(here.tag) : described(here);
  }
  const month = new Date(at).toISOString().slice(0, 7);
  return described({ tag: `${naming.prefix}_${month}`, ahead: 1 + (Math.floor(at / HOUR) % 900) });
}

const MERGED = [
  "sound",
  "drm",
  "net",
  "arm64",
  "gpio",
  "pm",
  "usb",
  "rtc",
  "xfs",
  "block",
  "clk",
  "rust",
  "mmc",
];
const SUBJECTS = [
  "regulator: core: Drop the supply lock before notifying consumers",
  "net: phy: Read the link status twice after a reset",
  "arm64: mm: Flush the walk cache after splitting a block mapping",
  "media: rkvdec: Check the capture format before starting the decoder",
  "platform/chrome: cros_ec: Report the suspend failure of the EC",
  "ASoC: codecs: Keep the clock running while the mixer is muted",
  "clk: Hold the prepare lock while a provider goes away",
  "ANDROID: GKI: Update the symbol list of the reference board",
];

function message(dice: Dice, { naming }: Stream, at: number, key: string): string {
  if (naming === "next") return `Add linux-next specific files for ${nextTag(at).slice("next-".length)}\n`;
  if (typeof naming === "object" && "stable" in naming) {
    const version = describeStable(naming.stable, at).tag.slice(1);
    return `Linux ${version}${naming.released ? "" : "-rc1"}\n`;
  }
  if (naming !== "mainline" || dice.chance(0.3, `merge ${key}`))
    return `${dice.pick(SUBJECTS, `subject ${key}`)}\n`;
  const subsystem = dice.pick(MERGED, `merged ${key}`);
  const base = describeMainline(at).tag.slice(1);
  return `Merge tag '${subsystem}-fixes-${base}'\n\nPull ${subsystem} fixes.\n`;
}
