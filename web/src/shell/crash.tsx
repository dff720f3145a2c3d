import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import type { JSX } from "react";
import { Failure } from "../parts/message.tsx";
import { PageTitle } from "../parts/page_title.tsx";

/** In place of a page that could not be shown. */
export function Crash({ error, reset }: ErrorComponentProps): JSX.Element {
  const router = useRouter();
  return (
    <>
      <PageTitle title="Error">Error</PageTitle>
      <Failure
        title="This page could not be shown"
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </>
  );
}
