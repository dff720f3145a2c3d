/** The trees that a piece of hardware was tested on, as chapter 05, section 8, finds them: one row after the other. */
import { byCodePoint } from "./recount.ts";
import { groupedBy } from "./items.ts";
import type { CheckoutRow, Tables, TestRow } from "./tables.ts";

/** Times are texts that sort as the times do. */
export interface HardwareRequest {
  hardware: string;
  origin: string;
  start: string;
  end: string;
}

/** One tree, of all origins whose head is the same. */
export interface TreeEntry {
  tree_name: string | null;
  git_repository_branch: string | null;
  git_repository_url: string | null;
  head: string | null;
  /** All checkouts of its lines, whatever the commit. */
  checkouts: CheckoutRow[];
  /** Those of the head commit. */
  heads: CheckoutRow[];
}

/** Tests by each of their compatibles and their platform. */
export function testsByHardware(tables: Tables): Map<string, TestRow[]> {
  const byName = new Map<string, TestRow[]>();
  for (const test of tables.tests.values()) {
    const environment: unknown = JSON.parse(test.environment_misc ?? "null");
    const platform = (environment as { platform?: unknown } | null)?.platform;
    for (const name of new Set([...(test.environment_compatible ?? []), platform])) {
      if (typeof name !== "string") continue;
      const tests = byName.get(name) ?? [];
      tests.push(test);
      byName.set(name, tests);
    }
  }
  return byName;
}

const TREE_OF = ({ tree_name, git_repository_branch, git_repository_url }: CheckoutRow): string =>
  JSON.stringify([tree_name, git_repository_branch, git_repository_url]);

/** All tree entries, in the order that their indexes number. */
export function treeEntries(
  { hardware, origin, start, end }: HardwareRequest,
  tables: Tables,
  byHardware: Map<string, TestRow[]>,
): TreeEntry[] {
  const checkoutById = new Map(tables.checkouts.map((checkout) => [checkout.id, checkout]));
  /** Checkouts that have a test of this hardware since the window's start. */
  const tested = new Set(
    (byHardware.get(hardware) ?? []).flatMap((test) => {
      const checkout = checkoutById.get(tables.builds.get(test.build_id)?.checkout_id ?? "");
      if (checkout === undefined || test.origin !== origin) return [];
      return (test.start_time ?? checkout.time) >= start ? [checkout.id] : [];
    }),
  );
  const lines = groupedBy(tables.checkouts, (checkout) => `${TREE_OF(checkout)} ${checkout.origin}`).values();
  const ofHardware = [...lines].flatMap((checkouts) => {
    const head = checkouts
      .filter(({ time }) => time >= start && time <= end)
      .sort((a, b) => byCodePoint(b.time, a.time) || byCodePoint(a.id, b.id))[0];
    if (head === undefined) return [];
    // A checkout without a hash is a commit of its own.
    const heads = checkouts.filter(({ id, git_commit_hash }) =>
      head.git_commit_hash === null ? id === head.id : git_commit_hash === head.git_commit_hash,
    );
    return heads.some(({ id }) => tested.has(id)) ? [{ head, heads, checkouts }] : [];
  });
  return [...groupedBy(ofHardware, ({ head }) => `${TREE_OF(head)} ${head.git_commit_hash ?? ""}`).values()]
    .map((merged) => {
      const {
        tree_name = null,
        git_repository_branch = null,
        git_repository_url = null,
      } = merged[0]?.head ?? {};
      return {
        tree_name,
        git_repository_branch,
        git_repository_url,
        head: merged[0]?.head.git_commit_hash ?? null,
        checkouts: merged.flatMap(({ checkouts }) => checkouts),
        heads: merged.flatMap(({ heads }) => heads),
      };
    })
    .sort(
      (a, b) =>
        byCodePoint(a.tree_name ?? "", b.tree_name ?? "") ||
        byCodePoint(a.git_repository_branch ?? "", b.git_repository_branch ?? "") ||
        byCodePoint(a.git_repository_url ?? "", b.git_repository_url ?? "") ||
        byCodePoint(a.head ?? "", b.head ?? ""),
    );
}

/** The ids of the checkouts of an entry's chosen commit. */
export function chosenCheckouts(entry: TreeEntry, chosen: string): Set<string> {
  const of =
    chosen === "head" || chosen === ""
      ? entry.heads
      : entry.checkouts.filter(({ git_commit_hash }) => git_commit_hash === chosen);
  return new Set(of.map(({ id }) => id));
}
