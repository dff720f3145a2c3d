import type { JSX } from "react";
import { formatAge, formatUtc, timeOf } from "../text/age.ts";
import { useNow } from "./use_now.ts";

/** How long ago something was, with the exact time where one points. */
export function Age({ time: iso, className = "" }: { time: string | null; className?: string }): JSX.Element {
  const now = useNow();
  const time = timeOf(iso);
  if (iso === null) return <Unknown className={className} />;
  // A time that browsers cannot read, as of the year 12000, is shown as it came.
  if (time === undefined) return <span className={className}>{iso}</span>;
  return (
    <time dateTime={new Date(time).toISOString()} title={formatUtc(time)} className={className}>
      {formatAge(time, now)}
    </time>
  );
}

/** In place of a value that is not known. */
export function Unknown({ className = "" }: { className?: string }): JSX.Element {
  return (
    <span className={`text-muted ${className}`}>
      <span aria-hidden="true">—</span>
      <span className="sr-only">unknown</span>
    </span>
  );
}
