#!/usr/bin/env bash
# Tests of a commit that are no boots, by hash, repository and branch.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$COMMIT_HASH/tests" \
  origin=="$ORIGIN" \
  git_url=="$GIT_URL" \
  git_branch=="$GIT_BRANCH"
# curl -G "$BASE/api/tree/$COMMIT_HASH/tests" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode git_branch="$GIT_BRANCH"

#> {
#>   "tests": [
#>     {
#>       "id": "arm:b9c423be4f1a329cb968a628",
#>       "origin": "arm",
#>       "status": "NULL",
#>       "duration": null,
#>       "start_time": "2026-11-27T05:20:56.479000Z",
#>       "environment_compatible": [ "arm,fvp-base-revc", "... 1 more" ],
#>       "config": "defconfig+lab-setup+kselftest",
#>       "log_url": null,
#>       "architecture": "arm64",
#>       "compiler": "gcc-14",
#>       "lab": "arm-lab",
#>       "path": "kselftest.futex.futex_requeue_pi",
#>       "environment_misc": { "platform": "fvp-aemva" }
#>     },
#>     "... 20 more"
#>   ]
#> }
