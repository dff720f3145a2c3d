-- What became of each submission: one row a file, written in the transaction that holds the last of its objects so far,
-- so that it can be neither ahead of the data nor behind it (chapter 02, sections 4 and 14).
create table submissions (
  -- the receiver's id for a file `submission-<id>.json`, else the file's name without `.json`
  id text not null,
  file_name text not null,
  -- inode, size and time of change: tells a file from another one of the same name
  fingerprint text not null,
  -- how often the file was taken in, from its start: more than once when an operator put it back
  run integer not null,
  -- partial: some objects are stored, the rest follows; committed: all are, the file lies in the spool; done: it was moved
  state text not null,
  -- elements of the file that are accounted for, in its order: a new start reads on behind them
  elements_done integer not null,
  bytes bigint not null,
  -- objects in = stored + merged + refused; the upgrade of an old submission may add some. A file refused whole is one
  objects integer not null,
  stored integer not null,
  merged integer not null,
  refused integer not null,
  -- by kind: {"stored": {"tests": 3, ...}, "merged": {...}}
  counts jsonb not null,
  -- the first ones: [{"kind", "id", "pointer", "rule", "message"}, ...]
  refusals jsonb not null,
  -- when the file was written into the spool
  received_at timestamptz not null,
  -- when its last objects so far were committed
  stored_at timestamptz not null,
  constraint submissions_pkey primary key (id),
  constraint submissions_state check (state in ('partial', 'committed', 'done')),
  constraint submissions_sum check (objects = stored + merged + refused)
);
create index submissions_stored_at on submissions (stored_at);
-- files to be moved after a crash
create index submissions_committed on submissions (id) where state = 'committed';
