import { Link, Outlet, useRouter } from "@tanstack/react-router";
import { useEffect, type JSX } from "react";
import { PAGE_TITLE_ID } from "../parts/page_title.tsx";
import { ThemeSwitch } from "../theme/theme_switch.tsx";

/** What is around every page. */
export function Frame(): JSX.Element {
  useFocusOfNewPages();
  return (
    <>
      <a
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
        className="sr-only rounded bg-accent text-surface focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:px-3 focus:py-1.5"
      >
        Skip to the content
      </a>
      <header className="border-b border-line">
        <div className="mx-auto flex h-12 max-w-400 items-center gap-5 px-3 sm:px-5">
          <Link to="/" className="flex items-center gap-2 rounded font-semibold">
            <Logo />
            Kernelboard
          </Link>
          <nav aria-label="Main" className="flex-1">
            <Link
              to="/"
              className="rounded px-2 py-1 text-muted hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
              activeOptions={{ exact: true, includeSearch: false }}
            >
              Trees
            </Link>
          </nav>
          <ThemeSwitch />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-400 px-3 pt-4 pb-10 outline-none sm:px-5">
        <Outlet />
      </main>
    </>
  );
}

/** The failing and the passing part of a board. */
function Logo(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" className="size-6" aria-hidden="true">
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path d="M6 8h20v4H6zM6 14h14v4H6zM6 20h17v4H6z" className="fill-surface" />
    </svg>
  );
}

/** Tells those who cannot see it that another page is shown: the focus goes to its heading. */
function useFocusOfNewPages(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
        if (fromLocation === undefined || !pathChanged) return;
        document.getElementById(PAGE_TITLE_ID)?.focus({ preventScroll: true });
      }),
    [router],
  );
}
