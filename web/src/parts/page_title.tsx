import { useEffect, type JSX, type ReactNode } from "react";

/** Where the focus goes when another page is shown. */
export const PAGE_TITLE_ID = "page-title";

interface PageTitleProps {
  /** The name of the document. */
  title: string;
  children: ReactNode;
}

/** The page's heading, which names the document, too. */
export function PageTitle({ title, children }: PageTitleProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Kernelboard`;
  }, [title]);
  return (
    <h1 id={PAGE_TITLE_ID} tabIndex={-1} className="mb-3 text-lg/7 font-semibold outline-none">
      {children}
    </h1>
  );
}
