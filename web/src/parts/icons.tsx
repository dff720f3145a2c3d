/** Small drawings in the colour of the text around them. They say nothing that is not said in words, too. */
import type { JSX } from "react";

const SHAPES = {
  pass: "m3 8.5 3.2 3.2L13 4.8",
  fail: "m4 4 8 8M12 4l-8 8",
  open: "M5.6 6a2.4 2.4 0 1 1 3.7 2c-.8.5-1.3 1-1.3 1.9M8 12.6v.1",
  up: "m4 10 4-4 4 4",
  down: "m4 6 4 4 4-4",
  upDown: "m5 6 3-3 3 3M5 10l3 3 3-3",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  system: "M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5",
  warning: "M8 2.5 14 13H2zM8 6.5v3M8 11.4v.1",
  external: "M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13 3 7.5 8.5",
} as const;

export type IconName = keyof typeof SHAPES;

/** An icon of the size of the text, unless the classes say otherwise. */
export function Icon({ name, className = "size-4" }: { name: IconName; className?: string }): JSX.Element {
  return (
    <svg
      viewBox="0 0 16 16"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}
