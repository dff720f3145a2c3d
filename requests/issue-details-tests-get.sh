#!/usr/bin/env bash
# Tests that an issue was seen on; with version=<n>, that version of it.
source "$(dirname "$0")/lookup.sh"
ISSUE_ID=${ISSUE_ID:-maestro:c8d471a77feede92c6392ff58f60ae19493c15fd}

http "$BASE/api/issue/$ISSUE_ID/tests"
# curl "$BASE/api/issue/$ISSUE_ID/tests"

#> [
#>   {
#>     "id": "maestro:f803be794010a5fd346967ec",
#>     "status": "ERROR",
#>     "duration": 64.356,
#>     "path": "boot",
#>     "start_time": "2026-11-26T19:16:05.019000Z",
#>     "environment_compatible": [ "pine64,pine-h64", "... 1 more" ],
#>     "environment_misc": {
#>       "job_id": "20269126",
#>       "job_url": "https://lava-broonie.example.org/scheduler/job/20269126",
#>       "platform": "sun50i-h6-pine-h64"
#>     },
#>     "tree_name": "stable-rc",
#>     "git_repository_branch": "linux-6.12.y",
#>     "lab": "lava-broonie"
#>   },
#>   "... 35 more"
#> ]
