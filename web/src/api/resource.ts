import type { ChangedTree } from "./changes.ts";

/** Which changes concern something that is cached. */
export interface ChangeMeta extends Record<string, unknown> {
  isChangedBy: (tree: ChangedTree) => boolean;
}

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: ChangeMeta;
  }
}

/** Something that the API has, as the query cache wants it: its key, how to get it, and when to get it again. */
export interface Resource<T> {
  queryKey: readonly string[];
  queryFn: (context: { signal: AbortSignal }) => Promise<T>;
  /** Absent for what does not follow changes. */
  meta?: ChangeMeta;
}
