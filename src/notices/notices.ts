/**
 * Errors out (chapter 08, sections 9.3 and 16 D8): tells a Discord webhook and a webhook of the operator's what went
 * wrong. Nobody waits for it and nothing fails by it: notices are queued, few at a time are kept, the same one is sent
 * once in ten minutes, and each kind not more often than now and then.
 */
import { createHash } from "node:crypto";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";
import { discordBody, noticeKey, webhookBody, type Notice } from "./formats.ts";
import { createRedactor } from "./redact.ts";

export type { Notice } from "./formats.ts";

export interface Notices {
  /** Returns at once and never throws. */
  report(notice: Notice): void;
  /** Sends what is queued for at most so long, then drops the rest. */
  close(milliseconds: number): Promise<void>;
}

/** How notices are sent; production's own unless a test says otherwise. */
export interface NoticePace {
  /** The same notice is not sent again within this time after it was. */
  coolDownMs: number;
  /** Notices of one kind that may be sent at once, and the time after which there is one more. */
  burst: number;
  refillMs: number;
  timeoutMs: number;
}

const PACE: NoticePace = { coolDownMs: 600_000, burst: 5, refillMs: 30_000, timeoutMs: 10_000 };
const MOST_QUEUED = 50;
const MOST_REMEMBERED = 1000;
const MOST_KINDS = 100;
/** As long as a receiver may ask us to leave it alone. */
const LONGEST_REST_MS = 60_000;

const NOBODY: Notices = { report: () => undefined, close: () => Promise.resolve() };

/** Notices to whom the settings name; does nothing when they name nobody. */
export function createNotices(settings: Settings, log: Log, pace: NoticePace = PACE): Notices {
  const { discordUrl, webhookUrl } = settings.notices;
  const redact = createRedactor(settings);
  const sinks: Sink[] = [];
  if (discordUrl !== undefined)
    sinks.push(
      new Sink(
        "DISCORD_WEBHOOK_URL",
        discordUrl,
        (notice, dropped) => discordBody(notice, dropped),
        log,
        pace,
      ),
    );
  if (webhookUrl !== undefined)
    sinks.push(new Sink("KERNELBOARD_ERROR_WEBHOOK_URL", webhookUrl, webhookBody, log, pace));
  if (sinks.length === 0) return NOBODY;
  return {
    report: (notice) => {
      try {
        const clean = redacted(notice, redact);
        for (const sink of sinks) sink.offer(clean);
      } catch (error) {
        log.warn({ error: errorMessage(error) }, "a notice could not be made");
      }
    },
    close: async (milliseconds) => {
      await Promise.all(sinks.map((sink) => sink.close(milliseconds)));
    },
  };
}

function redacted(notice: Notice, redact: (text: string) => string): Notice {
  return {
    ...notice,
    title: redact(notice.title),
    reason: redact(notice.reason),
    ...(notice.body === undefined ? {} : { body: redact(notice.body) }),
    about: notice.about.map(([name, value]) => [name, redact(value)]),
    ...(notice.once === undefined
      ? {}
      : { once: notice.once.map(([name, value]) => [name, redact(value)] as const) }),
    time: notice.time ?? new Date(),
  };
}

/** Without the address, which fetch names in some of its errors. */
function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return error.message === "fetch failed" && typeof code === "string"
    ? code
    : error.name === "TypeError"
      ? "fetch failed"
      : error.message;
}

type MakeBody = (notice: Notice, dropped: number) => unknown;

/** One receiver of notices, with its queue. */
class Sink {
  readonly #name: string;
  readonly #url: string;
  readonly #body: MakeBody;
  readonly #log: Log;
  readonly #pace: NoticePace;
  readonly #stop = new AbortController();
  readonly #queue: { key: string; notice: Notice }[] = [];
  /** When the notice of a key was sent; those that wait are under way. */
  readonly #sentAt = new Map<string, number>();
  readonly #underWay = new Set<string>();
  readonly #budgets = new Map<string, { left: number; at: number }>();
  #dropped = 0;
  #restUntil = 0;
  #sending: Promise<void> | undefined;

  constructor(name: string, url: string, body: MakeBody, log: Log, pace: NoticePace) {
    this.#name = name;
    this.#url = url;
    this.#body = body;
    this.#log = log;
    this.#pace = pace;
  }

  offer(notice: Notice): void {
    if (this.#stop.signal.aborted) return;
    const key = createHash("sha256").update(noticeKey(notice)).digest("base64");
    const now = Date.now();
    if (this.#underWay.has(key) || now - (this.#sentAt.get(key) ?? -Infinity) < this.#pace.coolDownMs) return;
    if (this.#queue.length >= MOST_QUEUED || now < this.#restUntil || !this.#spend(notice.kind, now)) {
      this.#dropped++;
      return;
    }
    this.#underWay.add(key);
    this.#queue.push({ key, notice });
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async close(milliseconds: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#stop.abort();
    }, milliseconds);
    await this.#sending;
    clearTimeout(timer);
    this.#stop.abort();
  }

  /** Sends what is queued, one after the other. Never throws. */
  async #send(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { key, notice } = next;
      const dropped = this.#dropped;
      if (this.#stop.signal.aborted) continue;
      try {
        await this.#post(this.#body(notice, dropped));
        this.#dropped -= dropped;
        this.#remember(key);
      } catch (error) {
        this.#log.warn({ to: this.#name, error: errorMessage(error) }, "a notice could not be sent");
      } finally {
        this.#underWay.delete(key);
      }
    }
  }

  async #post(body: unknown): Promise<void> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#pace.timeoutMs)]),
    });
    await response.body?.cancel();
    if (response.ok) return;
    if (response.status === 429) {
      const seconds = Number(response.headers.get("retry-after") ?? 1);
      this.#restUntil = Date.now() + Math.min((seconds > 0 ? seconds : 1) * 1000, LONGEST_REST_MS);
    }
    throw new Error(`answered with status ${response.status}`);
  }

  /** @returns whether there may be one more of the kind */
  #spend(kind: string, now: number): boolean {
    const { burst, refillMs } = this.#pace;
    const name = this.#budgets.has(kind) || this.#budgets.size < MOST_KINDS ? kind : "other";
    const budget = this.#budgets.get(name) ?? { left: burst, at: now };
    const left = Math.min(burst, budget.left + (now - budget.at) / refillMs);
    this.#budgets.set(name, { left: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }

  #remember(key: string): void {
    this.#sentAt.delete(key);
    this.#sentAt.set(key, Date.now());
    for (const oldest of this.#sentAt.keys()) {
      if (this.#sentAt.size <= MOST_REMEMBERED) break;
      this.#sentAt.delete(oldest);
    }
  }
}
