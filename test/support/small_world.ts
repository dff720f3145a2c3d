/** A small submission in which every derived table has rows of every kind, for tests that look at derived tables. */
import type { Connection } from "../../src/database/pool.ts";
import { ingestFiles, submission } from "./spool.ts";

const TREES = [
  { tree_name: "mainline", git_repository_branch: "master" },
  { tree_name: "next", git_repository_branch: "main" },
  { git_repository_branch: "main" },
  {},
];
const STATUSES = ["PASS", "FAIL", "SKIP", undefined];

/** Checkouts of some trees and commits: a commit has two, one has no hash, one tree no name, one no branch either. */
function checkouts(): object[] {
  return TREES.flatMap((tree, index) =>
    ["a".repeat(40), "a".repeat(40), "b".repeat(40), undefined].map((hash, number) => ({
      id: `o:c${index}${number}`,
      origin: "o",
      git_repository_url: `https://example.org/${index}.git`,
      git_commit_hash: hash,
      git_commit_tags: number === 2 ? ["v6.1"] : undefined,
      start_time: `2026-01-0${number + 1}T00:00:00Z`,
      ...tree,
    })),
  );
}

/** Two builds for a checkout, one of them a dummy at times, and one whose checkout is missing. */
function builds(checkoutIds: string[]): { id: string; [name: string]: unknown }[] {
  return checkoutIds.flatMap((checkout_id, index) =>
    [0, 1].map((number) => ({
      id: index === 3 && number === 1 ? "maestro:dummy_1" : `o:b${index}_${number}`,
      checkout_id,
      origin: "o",
      architecture: "arm64",
      config_name: number === 0 ? "defconfig" : undefined,
      status: STATUSES[(index + number) % 4],
    })),
  );
}

function testsOf(buildId: string, index: number): object[] {
  return ["boot", "boot.nfs", "ltp.mm", undefined].map((path, number) => ({
    id: `o:t${index}_${number}`,
    build_id: buildId,
    origin: number === 3 ? "p" : "o",
    path,
    status: STATUSES[(index + number) % 4],
    environment: {
      compatible: number % 2 === 0 ? ["v,board", "v,soc"] : undefined,
      misc: { platform: `platform-${(index + number) % 3}` },
    },
  }));
}

/** The submission. @param part makes ids of its own, so that several can be ingested */
export function smallWorld(part = ""): object {
  const own = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('"o:', `"o:${part}`)) as T;
  const stored = checkouts();
  const made = builds([...stored.map((checkout) => (checkout as { id: string }).id), "o:missing"]);
  const tests = [...made.map(({ id }) => id), "o:absent"].flatMap(testsOf);
  const incidents = [0, 1, 2].map((number) => ({
    id: `o:i${number}`,
    origin: "o",
    issue_id: "o:issue",
    issue_version: 1,
    test_id: `o:t${number}_${number}`,
    present: true,
  }));
  return submission(own({ checkouts: stored, builds: made, tests, incidents }));
}

/** Ingests it. */
export async function ingestSmallWorld(connection: Connection, part = ""): Promise<void> {
  const { failed } = await ingestFiles(connection, { "world.json": smallWorld(part) });
  if (failed.length > 0) throw new Error("the small world was refused");
}
