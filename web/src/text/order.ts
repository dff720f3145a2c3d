const BY_LETTERS_AND_NUMBERS = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Orders texts as readers expect, with v6.9 before v6.12. */
export function compareTexts(a: string | null, b: string | null): number {
  return BY_LETTERS_AND_NUMBERS.compare(a ?? "", b ?? "");
}
