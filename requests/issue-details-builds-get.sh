#!/usr/bin/env bash
# Builds that an issue was seen on; with version=<n>, that version of it.
source "$(dirname "$0")/lookup.sh"
ISSUE_ID=${ISSUE_ID:-maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7}

http "$BASE/api/issue/$ISSUE_ID/builds"
# curl "$BASE/api/issue/$ISSUE_ID/builds"

#> [
#>   {
#>     "id": "linaro:l1Ao62umB2FaMEtWI7GjLB4mLk2",
#>     "architecture": "arm64",
#>     "config_name": "defconfig",
#>     "status": "FAIL",
#>     "start_time": "2026-11-18T22:12:04.954000Z",
#>     "duration": 1096.276,
#>     "compiler": "clang-21",
#>     "log_url": "https://storage.tuxsuite.com/public/linaro/lkft/builds/l1Ao62umB2FaMEtWI7GjLB4mLk2/build.log.gz",
#>     "tree_name": null,
#>     "git_repository_branch": "master",
#>     "misc": { "lab": "linaro", "platform": "Unknown" }
#>   },
#>   "... 20 more"
#> ]
