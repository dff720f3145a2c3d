import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { PageTitle } from "../parts/page_title.tsx";

/** In place of a page that there is none of. */
export function NotFound(): JSX.Element {
  return (
    <>
      <PageTitle title="Page not found">Page not found</PageTitle>
      <p>
        Nothing is at this address.{" "}
        <Link to="/" className="text-accent underline">
          All trees
        </Link>
      </p>
    </>
  );
}
