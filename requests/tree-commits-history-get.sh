#!/usr/bin/env bash
# Counts of chosen commits, of builds and boots only.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASHES=${COMMIT_HASHES:-$(commit 1),$(commit 3)}

http "$BASE/api/tree/commits-history" \
  origin=="$ORIGIN" \
  tree_name=="$TREE_NAME" \
  git_branch=="$GIT_BRANCH" \
  commit_hashes=="$COMMIT_HASHES" \
  types==builds,boots
# curl -G "$BASE/api/tree/commits-history" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode tree_name="$TREE_NAME" \
#   --data-urlencode git_branch="$GIT_BRANCH" \
#   --data-urlencode commit_hashes="$COMMIT_HASHES" \
#   --data-urlencode types=builds,boots

#> [
#>   {
#>     "git_commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>     "git_commit_name": "v7.4-rc5-186-g2ddd8f288cf2",
#>     "git_commit_tags": [],
#>     "earliest_start_time": "2026-11-27T04:48:49.653000Z",
#>     "builds": { "PASS": 8, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>     "boots": { "pass": 9, "error": 0, "fail": 0, "skip": 0, "miss": 0, "done": 0, "null": 1 },
#>     "tests": { "pass": 0, "error": 0, "fail": 0, "skip": 0, "miss": 0, "done": 0, "null": 0 }
#>   },
#>   "... 1 more"
#> ]
