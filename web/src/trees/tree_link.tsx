import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import type { Tree } from "../api/trees.ts";

interface TreeLinkProps {
  tree: Tree;
  className: string;
  children: ReactNode;
}

/** A link to the builds of a tree's newest commit; only text where the commit has no hash. */
export function TreeLink({ tree, className, children }: TreeLinkProps): JSX.Element {
  const { origin, git_commit_hash: hash, git_repository_url: url, tree_name: name } = tree;
  const branch = tree.git_repository_branch;
  if (!isSegment(hash)) return <span>{children}</span>;
  if (isSegment(name) && isSegment(branch)) {
    return (
      <Link
        to="/tree/$tree/$branch/$hash"
        params={{ tree: name, branch, hash }}
        search={{ origin }}
        className={className}
      >
        {children}
      </Link>
    );
  }
  return (
    <Link
      to="/commit/$hash"
      params={{ hash }}
      search={{ origin, url: url ?? "", branch: branch ?? "" }}
      className={className}
    >
      {children}
    </Link>
  );
}

/** Whether a name can be a segment of an address; browsers resolve those of dots. */
function isSegment(name: string | null): name is string {
  return name !== null && !["", ".", ".."].includes(name);
}
