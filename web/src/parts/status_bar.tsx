import type { JSX } from "react";
import type { StatusCounts } from "../api/trees.ts";
import { formatCount, formatShortCount } from "../text/count.ts";
import { Icon } from "./icons.tsx";

const PARTS = [
  { status: "PASS", word: "passed", icon: "pass", colour: "text-pass", fill: "bg-pass-fill" },
  { status: "FAIL", word: "failed", icon: "fail", colour: "text-fail", fill: "bg-fail-fill" },
  { status: "INCONCLUSIVE", word: "inconclusive", icon: "open", colour: "text-open", fill: "fill-open" },
] as const;

interface StatusBarProps {
  /** What is counted, as in "builds". */
  of: string;
  counts: StatusCounts;
}

/** Counts by verdict: three numbers, and a bar of their proportions below. */
export function StatusBar({ of, counts }: StatusBarProps): JSX.Element {
  const shown = PARTS.filter(({ status }) => counts[status] > 0);
  return (
    <div className="w-full">
      <span className="sr-only">{describe(of, counts)}</span>
      <div aria-hidden="true" className="max-sm:flex max-sm:items-center max-sm:gap-2">
        <div className="grid grid-cols-[10fr_9fr_8fr] text-xs leading-4 whitespace-nowrap max-sm:w-42 max-sm:shrink-0">
          {PARTS.map(({ status, icon, colour, word }) => (
            <span
              key={status}
              title={`${formatCount(counts[status])} ${word}`}
              className={`flex items-center gap-0.5 ${counts[status] > 0 ? `${colour} font-medium` : "text-muted"}`}
            >
              <Icon name={icon} className="size-3" />
              {formatShortCount(counts[status])}
            </span>
          ))}
        </div>
        <div className="flex h-1.5 gap-px overflow-hidden rounded-full bg-track max-sm:flex-1 sm:mt-1">
          {shown.map(({ status, fill }) => (
            <span key={status} className={`min-w-1 basis-0 ${fill}`} style={{ flexGrow: counts[status] }} />
          ))}
        </div>
      </div>
    </div>
  );
}

function describe(of: string, counts: StatusCounts): string {
  if (PARTS.every(({ status }) => counts[status] === 0)) return `no ${of}`;
  return `${of}: ${PARTS.map(({ status, word }) => `${formatCount(counts[status])} ${word}`).join(", ")}`;
}
