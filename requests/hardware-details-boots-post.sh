#!/usr/bin/env bash
# Boots of a piece of hardware.
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
http POST "$BASE/api/hardware/$HARDWARE/boots" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/boots" -d "$BODY"

#> {
#>   "boots": [
#>     {
#>       "id": "maestro:df3bc0a2766ef8808b3e3317",
#>       "origin": "maestro",
#>       "status": "PASS",
#>       "duration": 55.414,
#>       "start_time": "2026-11-26T22:57:18.122000Z",
#>       "environment_compatible": null,
#>       "config": "x86_64_defconfig+lab-setup+x86-board+kselftest",
#>       "log_url": "https://files.kernelci.org/baseline-87435f04853070e8012f990c/log.txt.gz",
#>       "architecture": "x86_64",
#>       "compiler": "gcc-14",
#>       "lab": "tuxsuite",
#>       "path": "boot",
#>       "tree_name": "net-next",
#>       "git_repository_branch": "main",
#>       "environment_misc": { "platform": "qemu-x86_64" }
#>     }
#>   ]
#> }
