-- Of what `inc` counts, how much there is of each status; the rest is NULL. Our own columns: NULL in adopted rows,
-- where it is not known.
alter table tree_listing
  add column build_error integer, add column build_skip integer, add column build_miss integer, add column build_done integer,
  add column boot_error integer, add column boot_skip integer, add column boot_miss integer, add column boot_done integer,
  add column test_error integer, add column test_skip integer, add column test_miss integer, add column test_done integer;
-- "what is known of this commit", whatever its tree
create index tree_listing_commit_hash on tree_listing (git_commit_hash);
