import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { followChanges } from "./follow.ts";
import { refresher } from "./refresh.ts";

/**
 * Keeps what a page shows up to date: what the server says has changed is asked for again.
 *
 * @param tree by its name; all trees of the origin when undefined
 */
export function useLive(origin: string, tree?: string): void {
  const client = useQueryClient();
  useEffect(() => {
    const { add, stop } = refresher(client);
    const leave = followChanges({ origin, tree }, add);
    return () => {
      leave();
      stop();
    };
  }, [client, origin, tree]);
}
