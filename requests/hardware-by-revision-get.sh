#!/usr/bin/env bash
# Hardware that one commit was tested on.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/hardware-by-revision/" \
  origin=="$ORIGIN" \
  tree_name=="$TREE_NAME" \
  git_repository_url=="$GIT_URL" \
  git_repository_branch=="$GIT_BRANCH" \
  git_commit_hash=="$COMMIT_HASH"
# curl -G "$BASE/api/hardware-by-revision/" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode tree_name="$TREE_NAME" \
#   --data-urlencode git_repository_url="$GIT_URL" \
#   --data-urlencode git_repository_branch="$GIT_BRANCH" \
#   --data-urlencode git_commit_hash="$COMMIT_HASH"

#> {
#>   "hardware": [
#>     {
#>       "hardware": [ "sifive,hifive-unmatched-a00", "... 2 more" ],
#>       "platform": "fu740-hifive-unmatched",
#>       "test_status_summary": { "PASS": 0, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>       "boot_status_summary": { "PASS": 0, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>       "build_status_summary": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>     },
#>     "... 7 more"
#>   ]
#> }
