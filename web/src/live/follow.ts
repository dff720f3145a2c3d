/** Follows the server's events while the page is visible. */
import { changesPath, decodeChange, type ChangedTrees, type ChangeFilter } from "../api/changes.ts";

/** After a refusal, which browsers take for final: the server has no room, or starts. */
const REFUSED_RETRY_MS = 30_000;

/** Id of the last event that any page has seen, so that the next one misses nothing in between. */
let lastId: string | undefined;

/**
 * Calls with the trees of each change. A hidden page listens to nothing, since browsers have few connections for each
 * server; once it is visible it is told what it missed.
 *
 * @returns stops it
 */
export function followChanges(filter: ChangeFilter, onChange: (trees: ChangedTrees) => void): () => void {
  let source: EventSource | undefined;
  let retry: number | undefined;

  const close = (): void => {
    window.clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    close();
    const opened = new EventSource(changesPath(filter, lastId));
    source = opened;
    const on = (name: string, treesOf: (data: string) => ChangedTrees): void => {
      opened.addEventListener(name, (event: MessageEvent<string>) => {
        lastId = event.lastEventId;
        onChange(treesOf(event.data));
      });
    };
    on("hello", () => []);
    on("reset", () => "all");
    on("change", (data) => decodeChange(JSON.parse(data), "").trees);
    opened.addEventListener("error", () => {
      // Otherwise the browser connects again by itself.
      if (opened.readyState === EventSource.CLOSED) retry = window.setTimeout(open, REFUSED_RETRY_MS);
    });
  };
  const follow = (): void => {
    if (document.hidden) close();
    else open();
  };

  document.addEventListener("visibilitychange", follow);
  follow();
  return () => {
    document.removeEventListener("visibilitychange", follow);
    close();
  };
}
