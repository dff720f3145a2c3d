-- The five KCIDB tables, the derived tables and the hardware registry, as chapter 01 gives them. Names of tables,
-- columns, constraints and indexes are those of the reference implementation, whose databases are adopted in place
-- (adopt.sql brings them here). No foreign keys: children routinely arrive before their parents, or alone.

create table checkouts (
  _timestamp timestamptz,
  id text not null,
  origin text not null,
  tree_name text,
  git_repository_url text,
  git_commit_hash text,
  git_commit_name text,
  git_repository_branch text,
  patchset_files jsonb,
  patchset_hash text,
  message_id text,
  comment text,
  start_time timestamptz,
  log_url text,
  log_excerpt varchar(16384),
  valid boolean,
  misc jsonb,
  git_commit_message text,
  git_repository_branch_tip boolean,
  git_commit_tags text[],
  origin_builds_finish_time timestamptz,
  origin_tests_finish_time timestamptz,
  constraint checkouts_pkey primary key (id)
);
create index checkouts__timestamp on checkouts (_timestamp);
create index checkouts_commit_hash on checkouts (git_commit_hash);
create index checkouts_commit_tags on checkouts using gin (git_commit_tags);
create index checkouts_git_branch on checkouts (git_repository_branch);
create index checkouts_git_url on checkouts (git_repository_url);
create index checkouts_tree_name on checkouts (tree_name);
create index checkouts_origin on checkouts (origin);
create index checkouts_start_time on checkouts (start_time);
-- "the newest checkout of this tree and branch": our own, for the tree endpoints and the repair of latest_checkout
create index checkouts_tree_head on checkouts
  (origin, git_repository_branch, tree_name, (coalesce(start_time, _timestamp)) desc nulls last);

create table builds (
  _timestamp timestamptz,
  checkout_id text not null,
  id text not null,
  origin text not null,
  comment text,
  start_time timestamptz,
  duration double precision,
  architecture text,
  command text,
  compiler text,
  input_files jsonb,
  output_files jsonb,
  config_name text,
  config_url text,
  log_url text,
  log_excerpt varchar(16384),
  misc jsonb,
  status varchar(10),
  series text generated always as
    (md5(coalesce(config_name, '') || coalesce(compiler, '') || coalesce(architecture, ''))) stored,
  constraint builds_pkey primary key (id)
);
create index builds_checkout_id_e340e47e on builds (checkout_id);
create index builds__timestamp on builds (_timestamp);
create index builds_start_time on builds (start_time);
create index builds_architecture on builds (architecture);
create index builds_compiler on builds (compiler);
create index builds_config_name on builds (config_name);
create index builds_status on builds (status);
create index builds_origin on builds (origin);

create table tests (
  _timestamp timestamptz,
  build_id text not null,
  id text not null,
  origin text not null,
  environment_comment text,
  environment_misc jsonb,
  path text,
  comment text,
  log_url text,
  log_excerpt varchar(16384),
  status varchar(10),
  start_time timestamptz,
  duration double precision,
  output_files jsonb,
  misc jsonb,
  number_value double precision,
  environment_compatible text[],
  number_prefix varchar(10),
  number_unit text,
  input_files jsonb,
  constraint tests_pkey primary key (id)
);
create index tests_build_id_551a24f9 on tests (build_id);
create index tests__timestamp on tests (_timestamp);
create index tests_environment_compatible on tests using gin (environment_compatible);
create index tests_platform_idx on tests ((environment_misc ->> 'platform'));
create index tests_start_time on tests (start_time);
create index tests_origin_time_platform on tests (origin, start_time) where (environment_misc ->> 'platform') is not null;
create index tests_path on tests (path);
create index tests_status on tests (status);
create index tests_origin on tests (origin);

create table issues (
  _timestamp timestamptz,
  id text not null,
  version integer not null,
  origin text not null,
  report_url text,
  report_subject text,
  culprit_code boolean,
  culprit_tool boolean,
  culprit_harness boolean,
  comment text,
  misc jsonb,
  categories text[],
  constraint issues_pkey primary key (id, version)
);
create index issues__timestamp on issues (_timestamp);
create index issues_categories on issues using gin (categories);
create index issues_culprit_code on issues (culprit_code);
create index issues_culprit_tool on issues (culprit_tool);
create index issues_culprit_harness on issues (culprit_harness);
create index issues_origin on issues (origin);

create table incidents (
  _timestamp timestamptz,
  id text not null,
  origin text not null,
  issue_id text not null,
  issue_version integer not null,
  build_id text,
  test_id text,
  present boolean,
  comment text,
  misc jsonb,
  constraint incidents_pkey primary key (id)
);
create index incidents_issue_id_5ef3a289 on incidents (issue_id);
create index incidents_build_id_dfa49727 on incidents (build_id);
create index incidents_test_id_5d40ff84 on incidents (test_id);
-- the incident that decides a test's issue: our own, asked for every test that is counted
create index incidents_first_of_test on incidents (test_id, _timestamp, id collate "C") where present is not false;
create index incidents_issue_version on incidents (issue_version);
create index incidents__timestamp on incidents (_timestamp);
create index incidents_origin on incidents (origin);

create table latest_checkout (
  id integer generated by default as identity,
  checkout_id text not null,
  start_time timestamptz not null,
  origin text not null,
  tree_name text,
  git_repository_url text,
  git_repository_branch text,
  constraint latest_checkout_pkey primary key (id),
  constraint latest_checkout_unique
    unique nulls not distinct (origin, tree_name, git_repository_url, git_repository_branch)
);
create index latest_checkout_checkout_id on latest_checkout (checkout_id);

create table tree_listing (
  id integer generated by default as identity,
  checkout_id text not null,
  origin text not null,
  tree_name text,
  git_repository_url text,
  git_repository_branch text,
  git_commit_hash text,
  git_commit_name text,
  git_commit_tags text[],
  start_time timestamptz,
  build_pass integer not null,
  build_failed integer not null,
  build_inc integer not null,
  boot_pass integer not null,
  boot_failed integer not null,
  boot_inc integer not null,
  test_pass integer not null,
  test_failed integer not null,
  test_inc integer not null,
  constraint tree_listing_pkey primary key (id),
  constraint tree_listing_tree_unique
    unique nulls not distinct (origin, tree_name, git_repository_url, git_repository_branch, git_commit_hash)
);
create index tree_listing_start_time on tree_listing (start_time);
create index tree_listing_checkout_id on tree_listing (checkout_id);

create table hardware_status (
  checkout_id text not null,
  test_origin text not null,
  platform text not null,
  -- the list of the test with the smallest id; which test that is has to be known when another one arrives, or
  -- every batch would have to read all tests of the row again (our own column: NULL in adopted rows, unknown)
  compatibles text[],
  compatibles_test_id text,
  start_time timestamptz not null,
  build_pass integer not null,
  build_failed integer not null,
  build_inc integer not null,
  boot_pass integer not null,
  boot_failed integer not null,
  boot_inc integer not null,
  test_pass integer not null,
  test_failed integer not null,
  test_inc integer not null,
  constraint hardware_status_pkey primary key (test_origin, platform, checkout_id)
);
create index hw_status_origin_time on hardware_status (test_origin, start_time);
create index hw_status_checkout_id on hardware_status (checkout_id);

create table tree_tests_rollup (
  id bigint generated by default as identity,
  origin text not null,
  tree_name text,
  git_repository_branch text,
  git_repository_url text,
  git_commit_hash text,
  path_group text not null,
  build_config_name text not null,
  build_architecture text not null,
  build_compiler text not null,
  hardware_key text not null,
  test_platform text,
  test_lab text,
  test_origin text,
  issue_id text,
  issue_version integer,
  issue_uncategorized boolean not null,
  is_boot boolean not null,
  pass_tests integer not null,
  fail_tests integer not null,
  skip_tests integer not null,
  error_tests integer not null,
  miss_tests integer not null,
  done_tests integer not null,
  null_tests integer not null,
  total_tests integer not null,
  constraint tree_tests_rollup_pkey primary key (id),
  -- The columns of the reference's constraint. Its order starts with the tree, which is the same for all buckets of
  -- a commit; with the telling columns first an upsert takes a quarter less, and lookups by commit use the first one
  -- (so the reference's tree_tests_rollup_scope is not needed). Adopted databases keep their order.
  constraint tree_tests_rollup_unique unique nulls not distinct (
    git_commit_hash, hardware_key, path_group, build_config_name, build_architecture, build_compiler, test_platform,
    test_lab, issue_id, issue_version, issue_uncategorized, test_origin, origin, tree_name, git_repository_branch,
    git_repository_url)
);

create table pending_test (
  test_id text not null,
  origin text not null,
  platform text,
  compatible text[],
  build_id text not null,
  status varchar(1),
  is_boot boolean not null,
  path text,
  start_time timestamptz,
  lab text,
  full_status varchar(10),
  constraint pending_test_pkey primary key (test_id)
);

create table pending_builds (
  build_id text not null,
  origin text not null,
  checkout_id text not null,
  status varchar(1),
  constraint pending_builds_pkey primary key (build_id)
);

-- The ledger of the reference implementation. Counters here follow from the rows alone, so nothing writes to it.
create table processed_listing_items (
  listing_item_key bytea not null,
  checkout_id text not null,
  status varchar(1),
  constraint processed_hardware_status_pkey primary key (listing_item_key)
);
create index phs_checkout_id on processed_listing_items (checkout_id);

create table hardware_registry_silicon_vendors (
  id text not null,
  url text,
  details text,
  type varchar(64) not null,
  constraint hardware_registry_silicon_vendors_pkey primary key (id)
);

create table hardware_registry_platform_vendors (
  id text not null,
  url text,
  details text,
  type varchar(64) not null,
  constraint hardware_registry_platform_vendors_pkey primary key (id)
);

create table hardware_registry_processors (
  id text not null,
  url text,
  details text,
  type varchar(64) not null,
  architecture text,
  cores integer,
  max_clock_speed_mhz integer,
  vendor_id text not null,
  constraint hardware_registry_processors_pkey primary key (id),
  constraint hardware_registry_pr_vendor_id_62538521_fk_hardware_
    foreign key (vendor_id) references hardware_registry_silicon_vendors (id) deferrable initially deferred
);
create index hardware_registry_processors_vendor_id_62538521 on hardware_registry_processors (vendor_id);

create table hardware_registry_system_modules (
  id text not null,
  url text,
  details text,
  type varchar(64) not null,
  form_factor text,
  processor_id text not null,
  vendor_id text not null,
  constraint hardware_registry_system_modules_pkey primary key (id),
  constraint hardware_registry_sy_processor_id_2aa5b86f_fk_hardware_
    foreign key (processor_id) references hardware_registry_processors (id) deferrable initially deferred,
  constraint hardware_registry_sy_vendor_id_2718cd8d_fk_hardware_
    foreign key (vendor_id) references hardware_registry_platform_vendors (id) deferrable initially deferred
);
create index hardware_registry_system_modules_processor_id_2aa5b86f on hardware_registry_system_modules (processor_id);
create index hardware_registry_system_modules_vendor_id_2718cd8d on hardware_registry_system_modules (vendor_id);

create table hardware_registry_platforms (
  id text not null,
  url text,
  details text,
  type varchar(64) not null,
  form_factor text,
  vendor_id text not null,
  processor_id text not null,
  system_module_id text,
  constraint hardware_registry_platforms_pkey primary key (id),
  constraint hardware_registry_pl_vendor_id_b10e3096_fk_hardware_
    foreign key (vendor_id) references hardware_registry_platform_vendors (id) deferrable initially deferred,
  constraint hardware_registry_pl_processor_id_9488dd60_fk_hardware_
    foreign key (processor_id) references hardware_registry_processors (id) deferrable initially deferred,
  constraint hardware_registry_pl_system_module_id_51decb23_fk_hardware_
    foreign key (system_module_id) references hardware_registry_system_modules (id) deferrable initially deferred
);
create index hardware_registry_platforms_vendor_id_b10e3096 on hardware_registry_platforms (vendor_id);
create index hardware_registry_platforms_processor_id_9488dd60 on hardware_registry_platforms (processor_id);
create index hardware_registry_platforms_system_module_id_51decb23 on hardware_registry_platforms (system_module_id);
