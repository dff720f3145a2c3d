import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import { commitNames, type Build, type CommitAddress } from "../api/commits.ts";
import { OutsideLink } from "../parts/outside_link.tsx";
import { PageTitle } from "../parts/page_title.tsx";
import { StatusBar } from "../parts/status_bar.tsx";
import { webAddress } from "../text/address.ts";
import { verdictCounts } from "./build_list.ts";

const HASH_LENGTH = 12;

interface CommitHeaderProps {
  address: CommitAddress;
  /** Undefined while they are loading. */
  builds: readonly Build[] | undefined;
}

/** Which commit the page is about, and how its builds went. */
export function CommitHeader({ address, builds }: CommitHeaderProps): JSX.Element {
  const build = builds?.[0];
  const names = useQuery({
    ...commitNames(address, build?.id),
    enabled: address.by === "tree" || builds !== undefined,
  });
  const tree = address.by === "tree" ? address.tree : (names.data?.tree_name ?? "(no name)");
  const branch = address.branch === "" ? "(no branch)" : address.branch;
  const shortHash = address.hash.slice(0, HASH_LENGTH);
  const name = names.data?.git_commit_name ?? shortHash;
  const repository =
    names.data?.git_repository_url ??
    (address.by === "repository" && address.url !== "" ? address.url : null);

  return (
    <div className="mb-4">
      <nav aria-label="Breadcrumb">
        <ol className="mb-1 flex flex-wrap gap-x-1.5 text-xs text-muted">
          <li>
            <Link to="/" search={{ origin: address.origin }} className="text-accent hover:underline">
              Trees of {address.origin}
            </Link>
          </li>
          <Crumb>{tree}</Crumb>
          <Crumb>{branch}</Crumb>
        </ol>
      </nav>
      <PageTitle title={`${tree} ${branch} ${name}: builds`}>
        {names.data === undefined && !names.isError ? shortHash : name}
      </PageTitle>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 rounded-md border border-line bg-surface p-3 sm:grid-cols-[auto_minmax(0,1fr)_auto_minmax(0,1fr)]">
        <Fact name="Tree">{tree}</Fact>
        <Fact name="Branch">{branch}</Fact>
        <Fact name="Commit">
          <code className="font-mono text-xs">{names.data?.git_commit_hash ?? address.hash}</code>
        </Fact>
        <Fact name="Repository">
          <Repository url={repository} isKnown={names.data !== undefined || repository !== null} />
        </Fact>
        <Fact name="Origin">{address.origin}</Fact>
        <Fact name="Builds">
          <div className="h-7 sm:max-w-48">
            {builds !== undefined && <StatusBar of="builds" counts={verdictCounts(builds)} />}
          </div>
        </Fact>
      </dl>
    </div>
  );
}

function Crumb({ children }: { children: ReactNode }): JSX.Element {
  return <li className="before:mr-1.5 before:content-['/'_/_'']">{children}</li>;
}

function Fact({ name, children }: { name: string; children: ReactNode }): JSX.Element {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function Repository({ url, isKnown }: { url: string | null; isKnown: boolean }): JSX.Element {
  const address = webAddress(url);
  if (url === null) return <span className="text-muted">{isKnown ? "(no repository)" : "…"}</span>;
  const text = <span className="block truncate">{url}</span>;
  return address === undefined ? text : <OutsideLink href={address}>{text}</OutsideLink>;
}
