/**
 * The eight scenarios of chapter 08, section 11: what somebody asks for who opens a page, each step led to by the answer
 * before. A scenario is a function of an `open` that asks and gives the answer's JSON, and of what is known of the server.
 *
 * `open(group, path)` is a GET, `open(group, path, { body })` a POST; groups are named as in budgets.mjs. What is only
 * looked at is opened with `{ read: false }`.
 */

const LOOK = { read: false };

export const SCENARIOS = {
  /** All trees of the origin that is shown first, and of another. */
  async treeListing(open, world) {
    await open("tree-listing", `/api/tree/?${world.interval}`, LOOK);
    await open(
      "tree-listing",
      `/api/tree/?origin=${encodeURIComponent(any(world.origins))}&${world.interval}`,
      LOOK,
    );
  },

  /** The newest commits of two trees, with all that was done for them. */
  async treeDetails(open, world) {
    for (const tree of [any(world.trees), any(world.trees)]) {
      const { api_url: details } = await latest(open, tree);
      await open("tree-full", details, LOOK);
    }
  },

  /** The commits of a tree up to its newest. */
  async treeCommits(open, world) {
    const tree = any(world.trees);
    const { git_commit_hash: hash } = await latest(open, tree);
    await open("tree-commits", `${pathOf(tree)}/${hash}/commits?${originOf(tree)}`, LOOK);
  },

  /** A build of a tree's newest commit, and a boot test. */
  async buildTestDetails(open, world) {
    const tree = any(world.trees);
    const { git_commit_hash: hash } = await latest(open, tree);
    const { builds } = await open("tree-builds", `${pathOf(tree)}/${hash}/builds?${originOf(tree)}`);
    if (builds.length > 0) await open("build", `/api/build/${encodeURIComponent(any(builds).id)}`, LOOK);
    const { boots } = await open("tree-boots", `${pathOf(tree)}/${hash}/boots?${originOf(tree)}`);
    if (boots.length > 0) await open("test", `/api/test/${encodeURIComponent(any(boots).id)}`, LOOK);
  },

  /** The platforms of five days. */
  async hardwareListing(open, world) {
    await platforms(open, world);
  },

  /** One of them, with all that was tested on it. */
  async hardwareDetails(open, world) {
    const { platform } = any(await platforms(open, world));
    const body = { ...world.window, selectedCommits: {}, filter: {} };
    await open("hardware-full", `/api/hardware/${encodeURIComponent(platform)}`, { ...LOOK, body });
  },

  /** The issues of code that something was found for, and all. */
  async issueListing(open) {
    await open(
      "issue-listing",
      "/api/issue/?filter_issue.culprit=code&filter_issue.options=hasIncident",
      LOOK,
    );
    await open("issue-listing", "/api/issue/", LOOK);
  },

  /** One of them. */
  async issueDetails(open) {
    const { issues } = await open("issue-listing", "/api/issue/");
    const { id, version } = any(issues);
    await open("issue", `/api/issue/${encodeURIComponent(id)}?version=${version}`, LOOK);
  },
};

/**
 * What the scenarios begin with: the trees and origins that the server lists now, and windows of time that stay the same
 * for a while, as those of a page do.
 *
 * @param ask gives the JSON of the answer to a GET
 */
export async function discover(ask, { days = 7, now = Date.now() } = {}) {
  const interval = `interval_in_days=${days}`;
  const listing = await ask(`/api/tree/?${interval}`);
  if (!Array.isArray(listing)) throw new Error(`the server lists no trees of the last ${days} days`);
  const { checkout_origins: origins } = await ask(`/api/origins/?${interval}`);
  const end = (Math.floor(now / 3_600_000) + 2) * 3600;
  const window = {
    origin: listing[0].origin,
    startTimestampInSeconds: String(end - 5 * 86_400),
    endTimestampInSeconds: String(end),
  };
  const trees = listing.filter(({ tree_name: name, git_repository_branch: branch }) => name && branch);
  return { interval, origins, trees, window };
}

function any(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function originOf({ origin }) {
  return `origin=${encodeURIComponent(origin)}`;
}

function pathOf({ tree_name: name, git_repository_branch: branch }) {
  const segments = [name, ...branch.split("/")].map(encodeURIComponent);
  return `/api/tree/${segments.join("/")}`;
}

function latest(open, tree) {
  return open("tree-latest", `${pathOf(tree)}?${originOf(tree)}`);
}

async function platforms(open, { window }) {
  return (await open("hardware-listing", `/api/hardware/?${new URLSearchParams(window)}`)).hardware;
}
