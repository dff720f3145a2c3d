import type { JSX, ReactNode } from "react";
import { formatUtcClock } from "../text/age.ts";
import { Icon } from "./icons.tsx";

interface RefreshLineProps {
  /** How much is shown; read out when it changes. */
  children: ReactNode;
  /** When the shown data came, in milliseconds; 0 for never. */
  updatedAt: number;
  isFetching: boolean;
  /** Why the last refresh failed, while older data is shown. */
  error: Error | null;
  onRefresh: () => void;
}

/** The line above a table: how much it shows, how fresh that is, and whether the last refresh failed. */
export function RefreshLine(props: RefreshLineProps): JSX.Element {
  const { children, updatedAt, isFetching, error, onRefresh } = props;
  const failed = error !== null && updatedAt > 0;
  return (
    <div className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 sm:min-h-9">
      <p role="status" className="font-medium">
        {children}
      </p>
      <div className="flex min-w-0 items-center gap-2 text-xs text-muted">
        <p role="status" className="text-fail" title={failed ? error.message : undefined}>
          {failed && `Refresh failed, data of ${formatUtcClock(updatedAt)}`}
        </p>
        {updatedAt > 0 && !failed && (
          <span>
            <span className="max-sm:sr-only">Updated </span>
            {formatUtcClock(updatedAt)}
          </span>
        )}
        <button
          type="button"
          onClick={onRefresh}
          aria-disabled={isFetching}
          className="inline-flex h-7 shrink-0 items-center gap-1 rounded-md border border-control bg-surface px-2 font-medium text-ink hover:bg-hover"
        >
          <Icon name="refresh" className={`size-3.5 ${isFetching ? "animate-spin" : ""}`} />
          {failed ? "Retry" : "Refresh"}
        </button>
      </div>
    </div>
  );
}
