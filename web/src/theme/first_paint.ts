/** Runs in the head, before the first paint: the page never shows in other colours than the chosen ones. */
import { applyTheme, storedTheme } from "./choice.ts";

applyTheme(storedTheme());
