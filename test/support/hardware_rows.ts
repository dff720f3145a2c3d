/** What ran on a board, in trees of several origins, and how the tests of its details ask for it. */
import { beforeAll, expect } from "vitest";
import { testDatabase, type TestDatabase } from "./database.ts";
import { fillDerivedTables } from "./derived.ts";
import { build, checkout, hoursAgo, incident, insertRows, issue, test, type Row } from "./report_rows.ts";
import { request, testServer, type Answer } from "./server.ts";

/** Whole seconds. */
export const unix = (hours: number): number => Math.floor(Date.parse(hoursAgo(hours)) / 1000);

const on = (id: string, buildId: string, hours: number | null, more: Row = {}): Row =>
  test(id, buildId, hours, "PASS", { path: "ltp", environment_misc: { platform: "board" }, ...more });
const tree = (name: string | null, more: Row = {}): Row => ({ tree_name: name, ...more });

async function insertBoardRows({ pool, connection }: TestDatabase): Promise<void> {
  await insertRows(pool, "checkouts", [
    // one commit, in two checkouts of one origin and in one of another, which is the newest
    checkout("m1", "h1", 10, tree("main")),
    checkout("m1-again", "h1", 30, tree("main")),
    checkout("m1-redhat", "h1", 5, {
      ...tree("main"),
      origin: "redhat",
      git_commit_name: "one",
      git_commit_tags: ["v1"],
    }),
    // its commits before, also another tree's with the same hash
    checkout("m0", "h0", 40, tree("main")),
    checkout("m-old", "h-old", 900, tree("main")),
    checkout("fork0", "h0", 6, tree("fork")),
    checkout("redhat0", "h0", 41, { ...tree("main"), origin: "redhat" }),
    // the newest commit of this line was not run on the board
    checkout("stale", "h-stale", 12, tree("stale")),
    checkout("stale-newer", "h-newer", 11, tree("stale")),
    // order: a missing name is as an empty one; capitals first
    checkout("nameless", "h-nameless", 9, tree(null)),
    checkout("branch-a", "hb", 9, { ...tree("Zoo"), git_repository_branch: "a" }),
    checkout("branch-B", "hb", 9, { ...tree("Zoo"), git_repository_branch: "B" }),
    checkout("branchless", "hb", 9, {
      ...tree("Zoo"),
      git_repository_branch: null,
      git_repository_url: null,
    }),
    // of equal times the smaller id is the head
    checkout("tie-1", "tie-1", 9, tree("tie")),
    checkout("tie-2", "tie-2", 9, tree("tie")),
    checkout("hashless", null, 9, tree("without hash")),
    checkout("hashless-before", null, 19, tree("without hash")),
    // other hardware
    checkout("later", "later", -2, tree("later")),
  ]);
  await insertRows(pool, "builds", [
    build("b1", "m1", 9, { misc: { lab: "k8s" }, compiler: "['gcc-12']" }),
    build("b1-again", "m1-again", 29, { status: "FAIL", misc: [1], config_name: "tiny" }),
    build("b1-redhat", "m1-redhat", null, { origin: "redhat", status: null, config_name: null }),
    build("b1-elsewhere", "m1", 9, { architecture: "never on the board" }),
    build("maestro:dummy_1", "m1", 9, { status: "FAIL", architecture: "of a dummy" }),
    build("b0", "m0", 39, { architecture: "x86_64" }),
    build("b0-redhat", "redhat0", 39),
    build("b-old", "m-old", 899),
    build("fork-b0", "fork0", 6),
    build("stale-b", "stale", 11),
    build("nameless-b", "nameless", 9),
    build("zoo-a", "branch-a", 9),
    build("zoo-B", "branch-B", 9),
    build("zoo-none", "branchless", 9),
    build("tie-1-b", "tie-1", 9),
    build("tie-2-b", "tie-2", 9),
    build("hashless-b", "hashless", 9),
    build("hashless-before-b", "hashless-before", 9),
    build("later-b", "later", 1),
  ]);
  await insertRows(pool, "tests", [
    on("boot", "b1", 8, {
      path: "boot",
      environment_compatible: ["vendor,board", "vendor,soc"],
      misc: { runtime: "lab-1" },
    }),
    on("boot-fail", "b1", 7, {
      path: "boot.nfs",
      status: "FAIL",
      environment_misc: { platform: "other", job: 7 },
      environment_compatible: ["board", "vendor,other"],
      misc: { error_msg: "no" },
    }),
    on("on-again", "b1-again", 28, { status: "FAIL" }),
    on("on-redhat", "b1-redhat", null, { status: "SKIP", path: null }),
    on("of-dummy", "maestro:dummy_1", 8, { status: "MISS" }),
    on("of-redhat", "b1", 8, { origin: "redhat" }),
    on("elsewhere", "b1-elsewhere", 8, { environment_misc: { platform: "Board" } }),
    on("too-early", "b1", 60),
    on("too-late", "b1", -5),
    on("before", "b0", 30, { path: "boot", status: "FAIL" }),
    on("before-redhat", "b0-redhat", 30),
    on("old-tested-now", "b-old", 20),
    on("old-tested-then", "b-old", 898),
    on("forked", "fork-b0", 6),
    on("stale-t", "stale-b", 11),
    ...["nameless-b", "zoo-a", "zoo-B", "zoo-none", "tie-1-b", "tie-2-b"].map((id) => on(`on-${id}`, id, 8)),
    on("on-hashless", "hashless-b", 8),
    on("on-hashless-before", "hashless-before-b", 8),
    on("slash", "later-b", 1, { environment_misc: { platform: "a/b+c" } }),
    on("at-start", "b1", null, {
      start_time: new Date(unix(20) * 1000).toISOString(),
      environment_misc: { platform: "edge" },
    }),
    on("at-end", "b1", null, {
      start_time: new Date(unix(3) * 1000).toISOString(),
      environment_misc: { platform: "edge" },
    }),
    on("only-later", "b1", -3, { environment_misc: { platform: "only later" } }),
  ]);
  await insertRows(pool, "issues", [
    issue("old", 1, 9),
    issue("new", 1, 2),
    issue("new", 2, 2),
    issue("i", 1, 3),
  ]);
  await insertRows(pool, "incidents", [
    // of a build: the newest issue, then the greater version
    incident("n1", ["old", 1], { build_id: "b1-again" }),
    incident("n2", ["new", 1], { build_id: "b1-again" }),
    incident("n3", ["new", 2], { build_id: "b1-again" }),
    incident("n4", ["old", 1], { build_id: "b1" }),
    incident("n5", ["old", 1], { build_id: "b1-redhat", test_id: "boot" }),
    incident("n6", ["i", 1], { test_id: "boot-fail" }),
    incident("n7", ["i", 1], { test_id: "boot-fail" }),
    incident("n8", ["i", 1], { test_id: "on-again" }, { present: false }),
  ]);
  await fillDerivedTables(connection);
}

/** Two days until now. */
const WINDOW = { startTimestampInSeconds: unix(48), endTimestampInSeconds: unix(0) };
export const BODY = { ...WINDOW, origin: "maestro", selectedCommits: {} };

export interface Tree {
  index: string;
  origin: string;
  tree_name: string | null;
  git_repository_branch: string | null;
  head_git_commit_hash: string | null;
  selected_commit_status: Record<"builds" | "boots" | "tests", Row> | null;
}
export interface Summary {
  summary: Record<"builds" | "boots" | "tests", Row>;
  filters: Record<string, Row>;
  common: { trees: Tree[]; compatibles: string[] };
}
/** Requests for details of hardware, of a server on the board's rows that starts before the file's tests. */
export interface BoardServer {
  ask: (path: string, body: unknown) => Promise<Answer>;
  /** The answer, which has to be 200, to the usual body and more. */
  post: (path: string, more?: Row) => Promise<Row>;
  summaryOf: (more?: Row) => Promise<Summary>;
  /** Ids of a list, in its order. */
  ids: (kind: "builds" | "boots" | "tests", more?: Row) => Promise<string[]>;
}

export function boardServer(): BoardServer {
  let base = "";
  beforeAll(async () => {
    const database = await testDatabase();
    await insertBoardRows(database);
    base = (await testServer(database.pool)).base;
  });
  const ask = (path: string, body: unknown): Promise<Answer> =>
    request(`${base}/api/hardware/${path}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const post = async (path: string, more: Row = {}): Promise<Row> => {
    const { status, body } = await ask(path, { ...BODY, ...more });
    expect([path, more, status]).toEqual([path, more, 200]);
    return body as Row;
  };
  return {
    ask,
    post,
    summaryOf: async (more) => (await post("board/summary", more)) as unknown as Summary,
    ids: async (kind, more) =>
      ((await post(`board/${kind}`, more))[kind] as { id: string }[]).map(({ id }) => id),
  };
}
