#!/usr/bin/env bash
# Tests on a piece of hardware that are no boots.
source "$(dirname "$0")/lookup.sh"

BODY=$(
  cat <<JSON
{
  "origin": "$ORIGIN",
  "startTimestampInSeconds": $START,
  "endTimestampInSeconds": $END,
  "selectedCommits": {},
  "filter": {}
}
JSON
)
http POST "$BASE/api/hardware/$HARDWARE/tests" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/tests" -d "$BODY"

#> {
#>   "tests": [
#>     {
#>       "id": "maestro:3a575e79b42f74225c281ca2",
#>       "origin": "maestro",
#>       "status": "PASS",
#>       "duration": 52.588,
#>       "start_time": "2026-11-27T00:59:11.391000Z",
#>       "environment_compatible": null,
#>       "config": "x86_64_defconfig+lab-setup+x86-board+kselftest",
#>       "log_url": "https://files.kernelci.org/kselftest-futex-b98a9cb6e94393ed4bd4a6cb/log.txt.gz",
#>       "architecture": "x86_64",
#>       "compiler": "gcc-14",
#>       "lab": "tuxsuite",
#>       "path": "kselftest.futex.futex_waitv",
#>       "tree_name": "net-next",
#>       "git_repository_branch": "main",
#>       "environment_misc": { "platform": "qemu-x86_64" }
#>     },
#>     "... 34 more"
#>   ]
#> }
