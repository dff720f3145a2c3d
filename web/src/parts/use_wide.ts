import { useSyncExternalStore } from "react";

/** The breakpoint `wide` of the styles. */
const wide = window.matchMedia("(width >= 68rem)");

function subscribe(listener: () => void): () => void {
  wide.addEventListener("change", listener);
  return () => {
    wide.removeEventListener("change", listener);
  };
}

/** Whether tables have room for all their columns side by side. */
export function useWide(): boolean {
  return useSyncExternalStore(subscribe, () => wide.matches);
}
