/** Submissions that something is wrong with: bytes changed, fields gone, of another type, huge, or nested deeply. */
import type { Chance } from "./chance.ts";

type Parent = Record<string, unknown> | unknown[];

/** A place within a document. */
interface Spot {
  parent: Parent;
  key: string | number;
}

/** Text that stands in a document where JSON.stringify would write something else. */
class RawTexts {
  readonly #texts: string[] = [];

  /** A value that becomes this text. */
  value(text: string): string {
    this.#texts.push(text);
    return `raw text ${this.#texts.length - 1}.`;
  }

  stringify(document: unknown): string {
    return JSON.stringify(document).replace(
      /"raw text (\d+)\."/g,
      (_, number) => this.#texts[Number(number)] ?? "",
    );
  }
}

type Change = (spot: Spot, chance: Chance, raw: RawTexts) => void;

const put =
  (value: (chance: Chance, raw: RawTexts) => unknown): Change =>
  ({ parent, key }, chance, raw) => {
    set(parent, key, value(chance, raw));
  };
const DEPTH = 600;

const CHANGES: readonly [Change, ...Change[]] = [
  ({ parent, key }) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else Reflect.deleteProperty(parent, key);
  },
  put(() => null),
  ({ parent, key }) => {
    set(parent, key, ofAnotherType(get(parent, key)));
  },
  put((_, raw) => raw.value("1e400")),
  put((_, raw) => raw.value(`-1e-400`)),
  put((_, raw) => raw.value(`1${"0".repeat(400)}`)),
  put((_, raw) => raw.value(`0.${"1".repeat(20_000)}`)),
  put((chance) => chance.pick([-1, 0.5, 2 ** 31, 2 ** 53 + 2, 1e308])),
  put((chance) => chance.pick(["", " ", "x:", "o:\n", "null", "🐧", "\u{202e}", "%00", "\\", "\t\\N"])),
  put((chance) => chance.pick(["x", "é", "🐧"]).repeat(5000)),
  put((chance) => `o:${"y".repeat(chance.pick([400, 1000, 1100, 3000, 16_385]))}`),
  put(() => "before\0after"),
  put((chance) => chance.pick(["\ud800", "a\udc00b", "\ud83d"])),
  put((chance) =>
    chance.pick([
      "2026-13-01T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "9999-12-31T23:59:59-15:00",
      "2026-06-30T23:59:60Z",
    ]),
  ),
  put((chance) => chance.pick(["https://x/\u{7f}", "ftp://x", "https://[", "a b"])),
  put((_, raw) => raw.value("[".repeat(DEPTH) + "]".repeat(DEPTH))),
  put((_, raw) => raw.value('{"a":'.repeat(DEPTH) + "1" + "}".repeat(DEPTH))),
  put((_, raw) => raw.value('{"a":1,"a":[2],"b":"c","a":{"a":3}}')),
  put((chance) => Array.from({ length: 1000 }, () => chance.below(10))),
  ({ parent }, chance) => {
    const name = chance.pick([
      "unknown",
      "__proto__",
      "constructor",
      "",
      "a\0b",
      "\ud800",
      "_timestamp",
      "x".repeat(5000),
    ]);
    if (!Array.isArray(parent))
      Object.defineProperty(parent, name, { value: 1, enumerable: true, configurable: true, writable: true });
  },
  ({ parent, key }) => {
    if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
    else if (typeof parent[key] === "string") parent[`${key} `] = parent[key];
  },
  ({ parent, key }, _, raw) => {
    // The key comes twice, and the second one counts.
    if (!Array.isArray(parent))
      parent[key] = raw.value(`${JSON.stringify(parent[key] ?? null)},${JSON.stringify(key)}:7`);
  },
];

const VERSIONS: readonly [unknown, ...unknown[]] = [
  { major: 4, minor: 0 },
  { major: 4, minor: 2 },
  { major: 5, minor: 0 },
  { major: 5 },
  { major: 5, minor: 4 },
  { major: 3, minor: 0 },
  { major: "5", minor: 3 },
  { major: 5, minor: 3, patch: 1 },
  { major: 5.5, minor: 3 },
  null,
  "5.3",
  [5, 3],
];

/** A submission with one to three changes, some of which may do no harm. */
export function mutated(chance: Chance, submission: object): Buffer {
  if (chance.hits(0.25)) return changedBytes(chance, Buffer.from(JSON.stringify(submission)));
  const document = structuredClone(submission) as Record<string, unknown>;
  const raw = new RawTexts();
  for (let changes = chance.pick([1, 1, 2, 3]); changes > 0; changes--) {
    if (chance.hits(0.04)) document.version = chance.pick(VERSIONS);
    else chance.pick(CHANGES)(anySpot(chance, document), chance, raw);
  }
  return Buffer.from(raw.stringify(document));
}

function changedBytes(chance: Chance, bytes: Buffer): Buffer {
  let changed = bytes;
  for (let changes = 1 + chance.below(3); changes > 0; changes--) {
    const at = chance.below(changed.length);
    const to = at + chance.below(40);
    const before = changed.subarray(0, at);
    switch (chance.below(6)) {
      case 0:
        changed = Buffer.from(changed);
        changed[at] = (changed[at] ?? 0) ^ (1 << chance.below(8));
        break;
      case 1:
        changed = Buffer.from(before);
        break;
      case 2:
        changed = Buffer.concat([
          before,
          Buffer.from([chance.below(256), chance.below(256)]),
          changed.subarray(at),
        ]);
        break;
      case 3:
        changed = Buffer.concat([before, changed.subarray(to)]);
        break;
      case 4:
        changed = Buffer.concat([changed.subarray(0, to), changed.subarray(at)]);
        break;
      default:
        changed = Buffer.concat([
          before,
          Buffer.from(chance.pick(['"', "{", "}", "[", "]", ",", "\\", "\ufeff"])),
          changed.subarray(at),
        ]);
    }
    if (changed.length === 0) break;
  }
  return changed;
}

/** A step down ends at a whole section seldom, at an object now and then, else at a field or what is in it. */
const ENDS = [0.03, 0.08, 0.15];

function anySpot(chance: Chance, document: Parent): Spot {
  let parent = document;
  for (let level = 0; ; level++) {
    const keys = Array.isArray(parent)
      ? [...parent.keys()]
      : Object.keys(parent).filter((key) => level > 0 || key !== "version");
    // What is in a misc may be anything, so that much of it is to be stored.
    const key =
      level === 2 && "misc" in parent && chance.hits(0.4) ? "misc" : keys[chance.below(keys.length)];
    if (key === undefined) return { parent, key: Array.isArray(parent) ? 0 : "new" };
    const value = get(parent, key);
    if (!isParent(value) || chance.hits(ENDS[Math.min(level, 2)] ?? 0)) return { parent, key };
    parent = value;
  }
}

function isParent(value: unknown): value is Parent {
  return typeof value === "object" && value !== null;
}

function get(parent: Parent, key: string | number): unknown {
  return Array.isArray(parent) ? parent[Number(key)] : parent[key];
}

function set(parent: Parent, key: string | number, value: unknown): void {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function ofAnotherType(value: unknown): unknown {
  if (typeof value === "string") return value.length;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? 1 : "false";
  if (Array.isArray(value)) return Object.fromEntries(value.entries());
  return [value];
}
