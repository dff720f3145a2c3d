/** How a notice is written for each receiver (chapter 08, section 9.3). */
import { VERSION } from "../version.ts";

export interface Notice {
  /** Notices of one kind share a budget, so that many of one do not keep others from being sent. */
  kind: string;
  /** What happened, one line. */
  title: string;
  /** Why, as far as it is known. */
  reason: string;
  /** What was sent to us. */
  body?: string;
  /** Names and values that say where. */
  about: readonly (readonly [name: string, value: string])[];
  /** The same, different each time: not part of what makes two notices the same. */
  once?: readonly (readonly [name: string, value: string])[];
  /** Now, when absent. */
  time?: Date;
}

const USERNAME = "KernelCI Dashboard Notifications";
const AVATAR_URL = "https://avatars.githubusercontent.com/u/11725450?s=200&v=4";
/** Discord refuses more. */
const LONGEST_CONTENT = 2000;
const LONGEST_REASON = 500;
const LONGEST_BODY = 500;
const LONGEST_VALUE = 300;
const LONGEST_TITLE = 200;
/** Of the end, which has the time. */
const LONGEST_WEBHOOK_TEXT = 8000;

/** The text that makes two notices the same: all of it before when it happened. */
export function noticeKey({ title, reason, body, about }: Notice): string {
  const lines = [cut(title, LONGEST_TITLE)];
  if (reason !== "")
    lines.push(`Reason (limited to ${LONGEST_REASON} characters):`, fence(cut(reason, LONGEST_REASON)));
  lines.push("");
  for (const [name, value] of about) lines.push(`${name}:`, plain(cut(value, LONGEST_VALUE)));
  if (body !== undefined && body !== "") lines.push("Body:", fence(cut(body, LONGEST_BODY)));
  return lines.join("\n");
}

/** The JSON body for a Discord webhook. */
export function discordBody(notice: Notice, dropped: number): unknown {
  const time = (notice.time ?? new Date()).toISOString().slice(0, 19).replace("T", " ");
  const more =
    dropped > 0 ? [`${dropped} more ${dropped === 1 ? "notice was" : "notices were"} not sent`] : [];
  const once = (notice.once ?? []).map(([name, value]) => `${name}: ${plain(cut(value, LONGEST_VALUE))}`);
  const end = [...once, ...more, `Accessed in: ${time} UTC`, "---"].join("\n");
  return {
    username: USERNAME,
    avatar_url: AVATAR_URL,
    content: `${cut(noticeKey(notice), LONGEST_CONTENT - end.length - 1)}\n${end}`,
    // What strangers write into an address must call nobody.
    allowed_mentions: { parse: [] },
  };
}

/** The JSON body for the operator's webhook. */
export function webhookBody(notice: Notice, dropped: number): unknown {
  return {
    program: "kernelboard",
    version: VERSION,
    kind: notice.kind,
    title: notice.title,
    reason: cut(notice.reason, LONGEST_WEBHOOK_TEXT),
    body: notice.body === undefined ? null : cut(notice.body, LONGEST_WEBHOOK_TEXT),
    ...Object.fromEntries(
      [...notice.about, ...(notice.once ?? [])].map(([name, value]) => [key(name), value]),
    ),
    time: (notice.time ?? new Date()).toISOString(),
    not_sent: dropped,
  };
}

/** `Request id` as `request_id`. */
function key(name: string): string {
  return name.toLowerCase().replaceAll(" ", "_");
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Not in the middle of a character of two halves.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

function fence(text: string): string {
  return `\`\`\`json\n${plain(text)}\`\`\``;
}

/** Fences within a fence would end it. */
function plain(text: string): string {
  return text.replaceAll("```", "'''");
}
