-- What each commit of submissions changed, for browsers and caches: a bounded log, pruned by the writers. Ids are given
-- under the writers' lock, so their order is that of the commits and a reader that has seen one has seen all before it.
create table changes (
  id bigint generated always as identity,
  changed_at timestamptz not null,
  -- {"trees": [{"origin", "tree_name", "git_repository_url", "git_repository_branch", "git_commit_hash"}, ...],
  --  "hardware": [{"origin", "platform", "compatibles"}, ...], "issues": [{"id", "version"}, ...]}
  changed jsonb not null,
  constraint changes_pkey primary key (id)
);
