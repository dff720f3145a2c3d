/** The pages of commits, one for each form of address. */
import { getRouteApi } from "@tanstack/react-router";
import type { JSX } from "react";
import { repositoryAddress, treeAddress } from "./commit_address.ts";
import { CommitPage } from "./commit_page.tsx";

const byTree = getRouteApi("/tree/$tree/$branch/$hash");
const byRepository = getRouteApi("/commit/$hash");

/** A commit in a tree's branch. */
export function TreeCommitPage(): JSX.Element {
  const search = byTree.useSearch();
  const navigate = byTree.useNavigate();
  return (
    <CommitPage
      address={treeAddress(byTree.useParams(), search)}
      search={search}
      onChange={(part, continues) => {
        void navigate({ search: (last) => ({ ...last, ...part }), replace: continues, resetScroll: false });
      }}
    />
  );
}

/** A commit in a repository's branch. */
export function RepositoryCommitPage(): JSX.Element {
  const search = byRepository.useSearch();
  const navigate = byRepository.useNavigate();
  return (
    <CommitPage
      address={repositoryAddress(byRepository.useParams(), search)}
      search={search}
      onChange={(part, continues) => {
        void navigate({ search: (last) => ({ ...last, ...part }), replace: continues, resetScroll: false });
      }}
    />
  );
}
