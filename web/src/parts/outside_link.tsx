import type { JSX, ReactNode } from "react";

interface OutsideLinkProps {
  href: string;
  className?: string;
  children: ReactNode;
}

/** A link to somewhere else, which does not learn where the reader came from. */
export function OutsideLink({ href, className = "", children }: OutsideLinkProps): JSX.Element {
  return (
    <a href={href} rel="noreferrer" className={`text-accent hover:underline ${className}`}>
      {children}
    </a>
  );
}
