#!/usr/bin/env bash
# Boots and tests that ran on a build.
source "$(dirname "$0")/lookup.sh"
BUILD_ID=${BUILD_ID:-$(tested_build)}

http "$BASE/api/build/$BUILD_ID/tests"
# curl "$BASE/api/build/$BUILD_ID/tests"

#> [
#>   {
#>     "id": "maestro:ecd4dc49893be98e834f066e",
#>     "status": "PASS",
#>     "duration": 51.515,
#>     "path": "boot",
#>     "start_time": "2026-11-26T19:00:55.413000Z",
#>     "environment_compatible": [ "renesas,m3ulcb", "... 1 more" ],
#>     "environment_misc": {
#>       "job_id": "20131457",
#>       "job_url": "https://lava-broonie.example.org/scheduler/job/20131457",
#>       "platform": "r8a77960-ulcb"
#>     },
#>     "lab": "lava-broonie"
#>   },
#>   "... 123 more"
#> ]
