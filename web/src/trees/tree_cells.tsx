/** What the cells of the tree listing show. */
import type { JSX } from "react";
import type { Tree } from "../api/trees.ts";
import { TreeLink } from "./tree_link.tsx";

const HASH_LENGTH = 12;

/** A name on one line, or that there is none. */
export function Name({ value, missing }: { value: string | null; missing: string }): JSX.Element {
  return value === null ? (
    <span className="text-muted italic">{missing}</span>
  ) : (
    <span className="block truncate" title={value}>
      {value}
    </span>
  );
}

/** The tree's name as a link that the whole row is the target of. */
export function TreeName({ tree }: { tree: Tree }): JSX.Element {
  const branch = tree.git_repository_branch ?? "(no branch)";
  return (
    <TreeLink
      tree={tree}
      className="block rounded-sm font-semibold text-accent after:absolute after:inset-0 hover:underline"
    >
      <Name value={tree.tree_name} missing="(no name)" />
      <span className="sr-only">
        {branch}, builds of {tree.git_commit_name ?? "the newest commit"}
      </span>
    </TreeLink>
  );
}

/** The commit's name, and its hash, which lies above the row's link so that it can be selected. */
export function CommitName({ tree }: { tree: Tree }): JSX.Element {
  const { git_commit_name: name, git_commit_hash: hash } = tree;
  return (
    <div className="max-wide:flex max-wide:items-baseline max-wide:gap-2">
      {name !== null && <Name value={name} missing="" />}
      {hash !== null && (
        <code className="relative z-10 font-mono text-xs whitespace-nowrap text-muted" title={hash}>
          {hash.slice(0, HASH_LENGTH)}
        </code>
      )}
      {name === null && hash === null && <Name value={null} missing="(no commit)" />}
    </div>
  );
}
