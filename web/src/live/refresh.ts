/** Asks the API again for what has changed. */
import type { QueryClient } from "@tanstack/react-query";
import type { ChangedTree, ChangedTrees } from "../api/changes.ts";

/** A commit is often followed by others. */
const GATHER_MS = 1000;
/** On top, so that not all readers ask in the same moment. */
const SPREAD_MS = 500;

export interface Refresher {
  add: (trees: ChangedTrees) => void;
  stop: () => void;
}

/** Gathers changes for about a second, and then until the last refresh is done. */
export function refresher(client: QueryClient): Refresher {
  let gathered: ChangedTree[] | "all" = [];
  let timer: number | undefined;
  let isRefreshing = false;

  const schedule = (): void => {
    if (gathered.length === 0 || timer !== undefined || isRefreshing) return;
    timer = window.setTimeout(() => void refresh(), GATHER_MS + Math.random() * SPREAD_MS);
  };
  const refresh = async (): Promise<void> => {
    const changed = gathered;
    gathered = [];
    timer = undefined;
    isRefreshing = true;
    await client.invalidateQueries({
      predicate: ({ meta }) => {
        if (meta === undefined) return false;
        return changed === "all" || changed.some((tree) => meta.isChangedBy(tree));
      },
    });
    isRefreshing = false;
    schedule();
  };
  return {
    add: (trees) => {
      gathered = trees === "all" || gathered === "all" ? "all" : [...gathered, ...trees];
      schedule();
    },
    stop: () => {
      window.clearTimeout(timer);
      timer = undefined;
      gathered = [];
    },
  };
}
