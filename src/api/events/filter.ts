/** Which part of a change a listener is told. */
import type { Change, ChangeList, ChangedHardware, ChangedIssue, ChangedTree } from "../../changes/change.ts";

/** Names of each kind, one of which has to match; none when the kind is not asked for. */
export interface EventFilter {
  /** By tree_name. */
  trees: ReadonlySet<string>;
  /** By platform, or by one of the compatibles. */
  hardware: ReadonlySet<string>;
  /** Of checkouts for trees, of tests for hardware. */
  origins: ReadonlySet<string>;
}

/** What is left of a change. */
export interface Selection {
  trees: ChangeList<ChangedTree>;
  hardware: ChangeList<ChangedHardware>;
  issues: ChangeList<ChangedIssue>;
}

/**
 * The part of a change that a filter lets through.
 *
 * Without names of trees and of hardware all three lists are asked for. With names of one of these kinds or of both,
 * only these kinds are, narrowed to the names, and the other lists become empty: issues always do. Origins narrow the
 * trees and the hardware that are left; issues have none and stay. A list of everything stays one where its kind is
 * asked for.
 *
 * @returns undefined when nothing is left
 */
export function select(change: Selection, { trees, hardware, origins }: EventFilter): Selection | undefined {
  const isNamed = trees.size > 0 || hardware.size > 0;
  const isOf = (origin: string): boolean => origins.size === 0 || origins.has(origin);
  const selection: Selection = {
    trees:
      isNamed && trees.size === 0
        ? []
        : narrowed(
            change.trees,
            ({ origin, tree_name: name }) =>
              isOf(origin) && (trees.size === 0 || (name !== null && trees.has(name))),
          ),
    hardware:
      isNamed && hardware.size === 0
        ? []
        : narrowed(
            change.hardware,
            ({ origin, platform, compatibles }) =>
              isOf(origin) &&
              (hardware.size === 0 ||
                [platform, ...(compatibles ?? [])].some((name) => name !== null && hardware.has(name))),
          ),
    issues: isNamed ? [] : change.issues,
  };
  return Object.values(selection).every(isEmpty) ? undefined : selection;
}

function narrowed<T>(list: ChangeList<T>, passes: (item: T) => boolean): ChangeList<T> {
  return "all" in list ? list : list.filter(passes);
}

function isEmpty(list: ChangeList<unknown>): boolean {
  return !("all" in list) && list.length === 0;
}

/** The same text for filters that let the same through. */
function filterKey({ trees, hardware, origins }: EventFilter): string {
  return JSON.stringify([trees, hardware, origins].map((names) => [...names].sort()));
}

/** Gives the data of a change's event as a listener is told it, or undefined when it is told nothing. */
export type EventData = (change: Change) => string | undefined;

/** Changes are told to many listeners, most of which ask for the same. */
const known = new WeakMap<Change, Map<string, string | undefined>>();

/** The data of events for one filter. */
export function eventData(filter: EventFilter): EventData {
  const key = filterKey(filter);
  return (change) => {
    const texts = known.get(change) ?? new Map<string, string | undefined>();
    known.set(change, texts);
    if (!texts.has(key)) {
      const selection = select(change, filter);
      texts.set(key, selection && JSON.stringify({ ...selection, changed_at: change.changedAt }));
    }
    return texts.get(key);
  };
}
