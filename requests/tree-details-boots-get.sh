#!/usr/bin/env bash
# Boots of a commit, by hash, repository and branch.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$COMMIT_HASH/boots" \
  origin=="$ORIGIN" \
  git_url=="$GIT_URL" \
  git_branch=="$GIT_BRANCH"
# curl -G "$BASE/api/tree/$COMMIT_HASH/boots" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode git_branch="$GIT_BRANCH"

#> {
#>   "boots": [
#>     {
#>       "id": "maestro:261dddd5aa333a4d0f3dddc9",
#>       "origin": "maestro",
#>       "status": "NULL",
#>       "duration": null,
#>       "start_time": "2026-11-27T05:19:25.205000Z",
#>       "environment_compatible": [ "sifive,hifive-unmatched-a00", "... 2 more" ],
#>       "config": "defconfig+kselftest",
#>       "log_url": null,
#>       "architecture": "riscv",
#>       "compiler": "gcc-14",
#>       "lab": "lava-baylibre",
#>       "path": "boot",
#>       "environment_misc": { "platform": "fu740-hifive-unmatched" }
#>     },
#>     "... 9 more"
#>   ]
#> }
