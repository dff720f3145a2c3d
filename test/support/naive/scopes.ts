/** What a request is about, a commit or a piece of hardware with a selection, and the items that it has unfiltered. */
import { request, type Answer } from "../server.ts";
import { asQuery } from "./arbitrary.ts";
import { KINDS, groupedBy, type Item } from "./items.ts";
import { itemsOfLists, type Lists } from "./lists.ts";
import type { Members } from "./predicate.ts";
import {
  recountedCompatibles,
  recountedHardware,
  recountedOptions,
  sparseCount,
  statusCount,
  type SummaryView,
  type View,
} from "./recount.ts";
import type { CheckoutRow, Tables, TestRow } from "./tables.ts";
import { chosenCheckouts, testsByHardware, treeEntries, type TreeEntry } from "./trees.ts";

export type Endpoint = "builds" | "boots" | "tests" | "summary" | "full";

export interface Scope {
  /** For messages. */
  what: string;
  view: View;
  /** In the order of the lists. */
  items: Item[];
  ask: (endpoint: Endpoint, members: Members) => Promise<Answer>;
  /** The member `filters`, the same for all filters. */
  options: object;
  /** The member `common`, as far as it follows from items. */
  common: (form: SummaryView) => object;
}

/** Packing and unpacking many big answers takes longer than making them. */
const UNCOMPRESSED = { headers: { "accept-encoding": "identity" } };

/** A database behind a server, and its rows. */
export interface Data {
  base: string;
  tables: Tables;
  byHardware: Map<string, TestRow[]>;
}

export function dataOf(base: string, tables: Tables): Data {
  return { base, tables, byHardware: testsByHardware(tables) };
}

async function unfilteredItems(
  ask: (endpoint: Endpoint) => Promise<Answer>,
  tables: Tables,
  through: boolean,
): Promise<Item[]> {
  const bodies = await Promise.all(KINDS.map(async (kind) => (await ask(kind)).body));
  return itemsOfLists(Object.assign({}, ...bodies) as Lists, tables, through);
}

/** One checkout of each commit that has a build. */
export function commitsWithBuilds({ tables }: Data): CheckoutRow[] {
  const built = new Set([...tables.builds.values()].map(({ checkout_id }) => checkout_id));
  const commits = groupedBy(
    tables.checkouts.filter(({ id }) => built.has(id)),
    (checkout) => JSON.stringify({ ...checkout, id: "", time: "" }),
  );
  return [...commits.values()].flatMap((of) => of.slice(0, 1));
}

/** @param byHash whether the commit is asked for without the tree's name, as it must be where there is none */
export async function commitScope(
  { base, tables }: Data,
  commit: CheckoutRow,
  byHash: boolean,
): Promise<Scope> {
  const { origin, tree_name, git_repository_branch: branch, git_repository_url: url } = commit;
  const direct = !byHash && tree_name !== null && branch !== null && branch !== "";
  const place = direct ? `${encodeURIComponent(tree_name)}/${branch}/` : "";
  const path = `/api/tree/${place}${commit.git_commit_hash ?? ""}`;
  const query = new URLSearchParams(
    direct ? { origin } : { origin, git_branch: branch ?? "", git_url: url ?? "" },
  );
  const ask = (endpoint: Endpoint, members: Members): Promise<Answer> =>
    request(`${base}${path}/${endpoint}?${query.toString()}&${asQuery(members).toString()}`, UNCOMPRESSED);
  const items = await unfilteredItems((endpoint) => ask(endpoint, {}), tables, false);
  return {
    what: `${path}?${query.toString()}`,
    view: "tree",
    items,
    options: recountedOptions(items, "tree", tables.issues),
    ask,
    common: () => ({ hardware: recountedHardware(items) }),
  };
}

/** Hardware in a window. */
export interface HardwareWindow {
  hardware: string;
  origin: string;
  /** Unix seconds. */
  start: number;
  end: number;
}

/** With its trees. */
export interface HardwarePlace extends HardwareWindow {
  entries: TreeEntry[];
}

/** With a commit chosen for each of the trees. */
export interface HardwareItems extends HardwarePlace {
  chosen: string[];
  /** Of all entries, and by entry. */
  items: Item[];
  itemsOfEntry: Item[][];
}

function sortableTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("T", " ").replace("Z", "000");
}

export function entriesOf(
  { tables, byHardware }: Data,
  { hardware, origin, start, end }: HardwareWindow,
): TreeEntry[] {
  const window = { start: sortableTime(start), end: sortableTime(end) };
  return treeEntries({ hardware, origin, ...window }, tables, byHardware);
}

type Selection = Record<string, string>;

function askHardware(
  { base }: Data,
  { hardware, origin, start, end }: HardwareWindow,
  selectedCommits: Selection,
): Scope["ask"] {
  const path = `/api/hardware/${encodeURIComponent(hardware)}`;
  return (endpoint, members) =>
    request(`${base}${path}${endpoint === "full" ? "" : `/${endpoint}`}`, {
      ...UNCOMPRESSED,
      method: "POST",
      body: JSON.stringify({
        origin,
        startTimestampInSeconds: start,
        endTimestampInSeconds: String(end),
        selectedCommits,
        filter: members,
      }),
    });
}

/** Fetches the items of all trees of the hardware, each with its chosen commit: `head`, nothing, or a hash. */
export async function hardwareItems(
  data: Data,
  place: HardwarePlace,
  chosen: string[],
): Promise<HardwareItems> {
  const ask = askHardware(data, place, Object.fromEntries(chosen.entries()));
  const { tables } = data;
  const items = await unfilteredItems((endpoint) => ask(endpoint, {}), tables, true);
  const itemsOfEntry = place.entries.map((entry, index) => {
    const checkouts = chosenCheckouts(entry, chosen[index] ?? "");
    return items.filter(({ buildId }) => checkouts.has(tables.builds.get(buildId)?.checkout_id ?? ""));
  });
  return { ...place, chosen, items, itemsOfEntry };
}

/**
 * @param heads the items with all heads chosen, which trees that are not selected show
 * @param chosen those of the selected trees, or undefined for an empty selection, which selects all heads
 */
export function hardwareScope(
  data: Data,
  heads: HardwareItems,
  chosen?: { of: HardwareItems; indexes: number[] },
): Scope {
  const { hardware, origin, start, end, entries } = heads;
  const selection: Selection = Object.fromEntries(
    (chosen?.indexes ?? []).map((index) => [String(index), chosen?.of.chosen[index] ?? "head"]),
  );
  const ofEntry = entries.map((_, index) =>
    chosen?.indexes.includes(index) === true
      ? (chosen.of.itemsOfEntry[index] ?? [])
      : (heads.itemsOfEntry[index] ?? []),
  );
  const chosenItems = new Set(chosen?.indexes.flatMap((index) => chosen.of.itemsOfEntry[index] ?? []));
  const items = chosen === undefined ? heads.items : chosen.of.items.filter((item) => chosenItems.has(item));
  return {
    what: `hardware ${JSON.stringify({ hardware, origin, start, end, selection })}`,
    view: "hardware",
    items,
    options: recountedOptions(items, "hardware", data.tables.issues),
    ask: askHardware(data, heads, selection),
    common: (form) => ({
      trees: entries.map(({ tree_name, git_repository_branch, git_repository_url, head }, index) => ({
        index: String(index),
        tree_name,
        git_repository_branch,
        git_repository_url,
        head_git_commit_hash: head,
        selected_commit_status: treeCounts(ofEntry[index] ?? [], form),
        is_selected: null,
      })),
      compatibles: recountedCompatibles(ofEntry.flat(), hardware),
    }),
  };
}

/** `full` says only what there is. */
function treeCounts(items: Item[], form: SummaryView): object | null {
  if (form === "hardware full" && items.length === 0) return null;
  const count = form === "hardware full" ? sparseCount : statusCount;
  return Object.fromEntries(KINDS.map((kind) => [kind, count(items.filter((item) => item.kind === kind))]));
}
