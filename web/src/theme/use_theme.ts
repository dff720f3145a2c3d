import { useSyncExternalStore } from "react";
import { applyTheme, storeTheme, storedTheme, type Theme } from "./choice.ts";

let current: Theme = storedTheme();
const listeners = new Set<() => void>();

function show(theme: Theme): void {
  current = theme;
  applyTheme(theme);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  // Other tabs of this browser tell of their choice by a storage event.
  const follow = (): void => {
    show(storedTheme());
  };
  listeners.add(listener);
  window.addEventListener("storage", follow);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", follow);
  };
}

/** The chosen theme, the same in all tabs, and a function that chooses another one. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(subscribe, () => current);
  return [
    theme,
    (chosen) => {
      storeTheme(chosen);
      show(chosen);
    },
  ];
}
