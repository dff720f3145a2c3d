import type { JSX, ReactNode } from "react";
import { Icon } from "./icons.tsx";

interface MessageProps {
  title: string;
  children?: ReactNode;
}

/** In place of content that there is none of. */
export function Empty({ title, children }: MessageProps): JSX.Element {
  return (
    <div className="rounded-md border border-line bg-surface px-4 py-12 text-center">
      <p className="text-base font-medium">{title}</p>
      <div className="mt-2 flex flex-wrap items-center justify-center gap-2 text-muted">{children}</div>
    </div>
  );
}

/** In place of content that could not be loaded. */
export function Failure({
  title,
  error,
  onRetry,
}: {
  title: string;
  error: Error;
  onRetry: () => void;
}): JSX.Element {
  return (
    <div role="alert" className="rounded-md border border-fail bg-surface px-4 py-12 text-center">
      <p className="flex items-center justify-center gap-2 text-base font-medium text-fail">
        <Icon name="warning" className="size-5" />
        {title}
      </p>
      <p className="mx-auto mt-2 mb-4 max-w-2xl text-muted">{error.message}</p>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** A plain button. */
export function Button({ onClick, children }: { onClick: () => void; children: ReactNode }): JSX.Element {
  return (
    <button
      type="button"
      onClick={onClick}
      className="control inline-flex items-center gap-1.5 font-medium hover:bg-hover"
    >
      {children}
    </button>
  );
}
