#!/usr/bin/env bash
# Trees, branches and commits of the last 30 days, for hardware-by-revision.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/hardware/selectors/" origin=="$ORIGIN"
# curl -G "$BASE/api/hardware/selectors/" --data-urlencode origin="$ORIGIN"

#> {
#>   "trees": [
#>     {
#>       "tree_name": "android",
#>       "branches": [
#>         {
#>           "git_repository_url": "https://android.googlesource.com/kernel/common",
#>           "git_repository_branch": "android-mainline",
#>           "revisions": [
#>             {
#>               "git_commit_hash": "3eff9eb19b902f886657608f9c5386474b545a23",
#>               "git_commit_name": "ASB-mainline_2026-11-203-g3eff9eb19b90",
#>               "start_time": "2026-11-26T10:41:49.653000Z"
#>             },
#>             "... 4 more"
#>           ]
#>         }
#>       ]
#>     },
#>     "... 7 more"
#>   ]
#> }
