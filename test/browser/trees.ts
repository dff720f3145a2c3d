/** Trees, commits and builds that the page is looked at with. */
import type { TestDatabase } from "../support/database.ts";

export const MAINLINE_HASH = "1111111111111111111111111111111111111111";
export const NEXT_HASH = "2222222222222222222222222222222222222222";
export const NAMELESS_HASH = "3333333333333333333333333333333333333333";

/** Trees of the origin `many`: more than the page has in its document at once. */
export const MANY = 150;

type Counts = readonly [pass: number, fail: number, inconclusive: number];

interface TreeRow {
  id: string;
  origin?: string;
  tree: string | null;
  branch: string | null;
  hash: string | null;
  name: string | null;
  hoursAgo: number;
  builds: Counts;
  boots?: Counts;
  tests?: Counts;
}

const HOURS_OF_A_DAY = 24;

const TREES: readonly TreeRow[] = [
  {
    id: "maestro:mainline",
    tree: "mainline",
    branch: "master",
    hash: MAINLINE_HASH,
    name: "v6.18-rc5",
    hoursAgo: 3.5,
    builds: [2, 1, 1],
    boots: [12, 0, 3],
    tests: [12_345, 67, 8],
  },
  {
    id: "maestro:next",
    tree: "next",
    branch: "for-next/testing",
    hash: NEXT_HASH,
    name: "next-20261101",
    hoursAgo: 25,
    builds: [7, 0, 0],
  },
  {
    id: "maestro:nameless",
    tree: null,
    branch: "pending",
    hash: NAMELESS_HASH,
    name: "v6.17.9-3-g333333333333",
    hoursAgo: 40,
    builds: [1, 3, 0],
  },
  {
    id: "maestro:media",
    tree: "media",
    branch: null,
    hash: null,
    name: null,
    hoursAgo: 50,
    builds: [0, 0, 0],
  },
  {
    id: "maestro:stable",
    tree: "stable",
    branch: "linux-6.12.y",
    hash: "4444444444444444444444444444444444444444",
    name: "v6.12.58",
    hoursAgo: 20 * HOURS_OF_A_DAY,
    builds: [5, 2, 0],
  },
  {
    id: "redhat:ark",
    origin: "redhat",
    tree: "ark",
    branch: "os-build",
    hash: "5555555555555555555555555555555555555555",
    name: "v6.18-rc4-9-g555555555555",
    hoursAgo: 5,
    builds: [9, 0, 0],
  },
  ...Array.from({ length: MANY }, (_, index) => ({
    id: `many:${index}`,
    origin: "many",
    tree: `tree-${index}`,
    branch: "master",
    hash: index.toString(16).padStart(40, "0"),
    name: `v6.${index}`,
    hoursAgo: 1 + index / 10,
    builds: [index, 0, 0] as const,
  })),
];

const BUILDS = [
  {
    id: "pass",
    config: "defconfig",
    compiler: "gcc-14",
    status: "PASS",
    log: "https://logs.example.org/1.gz",
  },
  { id: "fail", config: "allmodconfig", compiler: "clang-21", status: "FAIL", log: "javascript:alert(1)" },
  { id: "miss", config: "tinyconfig", compiler: "gcc-14", status: "MISS", log: null },
  { id: "pass2", config: "multi_v7_defconfig", compiler: "gcc-12", status: "PASS", log: null },
];

type Rows = TestDatabase["rows"];

/** Inserts all of them, with the derived rows that the listing reads. */
export async function insertTrees(rows: Rows): Promise<void> {
  for (const tree of TREES) await insertTree(rows, tree);
  for (const { id, ...build } of BUILDS) {
    await insertBuild(rows, {
      id: `maestro:${id}`,
      checkout: "maestro:mainline",
      architecture: "arm64",
      ...build,
    });
  }
  await insertBuild(rows, {
    id: "maestro:nameless",
    checkout: "maestro:nameless",
    architecture: "riscv",
    config: "rv64_defconfig",
    compiler: "gcc-14",
    status: "PASS",
    log: null,
  });
}

async function insertTree(rows: Rows, row: TreeRow): Promise<void> {
  const { id, origin = "maestro", tree, branch, hash, name, hoursAgo, builds, boots, tests } = row;
  const url = `https://git.example.org/${tree ?? "some"}.git`;
  const start = new Date(Date.now() - hoursAgo * 3_600_000);
  await rows(
    `insert into checkouts
       (_timestamp, id, origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash, git_commit_name,
        start_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $1)`,
    [start, id, origin, tree, branch, url, hash, name],
  );
  await rows(
    `insert into latest_checkout
       (start_time, checkout_id, origin, tree_name, git_repository_branch, git_repository_url)
     values ($1, $2, $3, $4, $5, $6)`,
    [start, id, origin, tree, branch, url],
  );
  await rows(
    `insert into tree_listing
       (start_time, checkout_id, origin, tree_name, git_repository_branch, git_repository_url, git_commit_hash,
        git_commit_name, build_pass, build_failed, build_inc, boot_pass, boot_failed, boot_inc, test_pass, test_failed,
        test_inc)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      start,
      id,
      origin,
      tree,
      branch,
      url,
      hash,
      name,
      ...builds,
      ...(boots ?? [0, 0, 0]),
      ...(tests ?? [0, 0, 0]),
    ],
  );
}

interface BuildRow {
  id: string;
  checkout: string;
  architecture: string;
  config: string;
  compiler: string;
  status: string;
  log: string | null;
}

async function insertBuild(rows: Rows, build: BuildRow): Promise<void> {
  await rows(
    `insert into builds
       (_timestamp, id, checkout_id, origin, start_time, duration, architecture, config_name, compiler, status, log_url)
     values (now(), $1, $2, 'maestro', now() - interval '2 hours', 252, $3, $4, $5, $6, $7)`,
    [build.id, build.checkout, build.architecture, build.config, build.compiler, build.status, build.log],
  );
}
