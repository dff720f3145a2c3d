/** Submissions for load tests: small ones, as they come in over HTTP all the time. */

export const ORIGIN = "load";
export const BUILDS = 2;
export const TESTS = 7;
/** Of a submission: one checkout with its builds and tests, or an incident in place of the checkout. */
export const OBJECTS = 1 + BUILDS + TESTS;
/** Checkouts of a tree come seconds apart, so that each is the newest of its tree until it was seen. */
const TREES = 200;

/** A new checkout with all that was done for it. */
export function newCheckout(number, prefix = "") {
  const id = `${ORIGIN}:${prefix}${number}`;
  const tree = `tree-${number % TREES}`;
  const start_time = new Date().toISOString();
  const checkout = {
    origin: ORIGIN,
    start_time,
    id,
    tree_name: tree,
    git_repository_url: `https://git.example.org/${tree}.git`,
    git_repository_branch: "master",
    git_commit_hash: number.toString(16).padStart(40, "0"),
    git_commit_name: `v6.${number}`,
  };
  return {
    id,
    body: text({ checkouts: [checkout], ...work({ id, of: checkout, board: `board-${number % 20}` }) }),
  };
}

/**
 * More builds and tests for a checkout that is known already, one of them failing because of a known issue.
 *
 * @param checkout a row of the tree listing
 */
export function moreOf(checkout, { number, prefix, platform, issue }) {
  const { id: of, origin } = checkout;
  const id = `${origin}:${prefix}${number}`;
  const incident = {
    id: `${id}.i`,
    origin,
    issue_id: issue.id,
    issue_version: issue.version,
    test_id: `${id}.t1`,
    present: true,
  };
  const start_time = new Date().toISOString();
  return {
    id,
    body: text({
      ...work({ id, of: { id: of, origin, start_time }, board: platform }),
      incidents: [incident],
    }),
  };
}

/** The next commit of a tree that is known already, with its first builds and tests. */
export function nextCommit(checkout, { number, prefix, platform }) {
  const { origin, tree_name, git_repository_url, git_repository_branch } = checkout;
  const id = `${origin}:${prefix}${number}`;
  const next = {
    origin,
    id,
    tree_name,
    git_repository_url,
    git_repository_branch,
    git_commit_hash: `${number.toString(16)}${Buffer.from(prefix).toString("hex")}`
      .padStart(40, "0")
      .slice(-40),
    git_commit_name: `v7.${number}`,
    start_time: new Date().toISOString(),
  };
  return { id, body: text({ checkouts: [next], ...work({ id, of: next, board: platform }) }) };
}

function text(objects) {
  return JSON.stringify({ version: { major: 5, minor: 3 }, ...objects });
}

function work({ id, of: { id: checkout_id, origin, start_time }, board }) {
  const of = { origin, start_time };
  const builds = Array.from({ length: BUILDS }, (_, build) => ({
    ...of,
    id: `${id}.${build}`,
    checkout_id,
    architecture: "arm64",
    compiler: "gcc-12",
    config_name: `config-${build}`,
    status: "PASS",
    misc: { lab: "lab-1" },
  }));
  const tests = Array.from({ length: TESTS }, (_, test) => ({
    ...of,
    id: `${id}.t${test}`,
    build_id: `${id}.${test % BUILDS}`,
    path: test === 0 ? "boot" : `ltp.case${test}`,
    status: test === 1 ? "FAIL" : "PASS",
    environment: { compatible: ["vendor,board"], misc: { platform: board } },
    misc: { runtime: "lab-1" },
    log_excerpt: "what the test wrote\n".repeat(10),
  }));
  return { builds, tests };
}
