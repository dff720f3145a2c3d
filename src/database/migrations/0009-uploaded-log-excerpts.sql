-- Log excerpts that lie in the storage already, so that no node uploads one twice (chapter 02, section 7).
create table uploaded_log_excerpts (
  -- SHA-256 of the excerpt's UTF-8 text
  hash bytea not null,
  url text not null,
  uploaded_at timestamptz not null default now(),
  constraint uploaded_log_excerpts_pkey primary key (hash)
);
create index uploaded_log_excerpts_uploaded_at on uploaded_log_excerpts (uploaded_at);
