#!/usr/bin/env bash
# Counts of a commit and the five before it, by hash, repository and branch.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$COMMIT_HASH/commits" \
  origin=="$ORIGIN" \
  git_url=="$GIT_URL" \
  git_branch=="$GIT_BRANCH"
# curl -G "$BASE/api/tree/$COMMIT_HASH/commits" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode git_branch="$GIT_BRANCH"

#> [
#>   {
#>     "git_commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>     "git_commit_name": "v7.4-rc5-186-g2ddd8f288cf2",
#>     "git_commit_tags": [],
#>     "earliest_start_time": "2026-11-27T04:48:49.653000Z",
#>     "builds": { "PASS": 8, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>     "boots": { "pass": 9, "error": 0, "fail": 0, "skip": 0, "miss": 0, "done": 0, "null": 1 },
#>     "tests": { "pass": 17, "error": 0, "fail": 0, "skip": 2, "miss": 0, "done": 0, "null": 2 }
#>   },
#>   "... 5 more"
#> ]
