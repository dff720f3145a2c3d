#!/usr/bin/env bash
# What is new with the newest commit of a branch. An empty TREE_NAME is any.
source "$(dirname "$0")/lookup.sh"
MIN_AGE_IN_HOURS=${MIN_AGE_IN_HOURS:-0}
MAX_AGE_IN_HOURS=${MAX_AGE_IN_HOURS:-24}

http "$BASE/api/tree-report/" \
  git_branch=="$GIT_BRANCH" \
  git_url=="$GIT_URL" \
  origin=="$ORIGIN" \
  min_age_in_hours=="$MIN_AGE_IN_HOURS" \
  max_age_in_hours=="$MAX_AGE_IN_HOURS" \
  tree_name=="$TREE_NAME"
# curl -G "$BASE/api/tree-report/" \
#   --data-urlencode git_branch="$GIT_BRANCH" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode min_age_in_hours="$MIN_AGE_IN_HOURS" \
#   --data-urlencode max_age_in_hours="$MAX_AGE_IN_HOURS" \
#   --data-urlencode tree_name="$TREE_NAME"

#> {
#>   "dashboard_url": "https://d.kernelci.org/tree/mainline/master/2ddd8f288cf273a2d3dee810510eaac468670dd9?o=maestro",
#>   "git_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>   "git_branch": "master",
#>   "commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>   "origin": "maestro",
#>   "checkout_start_time": "2026-11-27T04:48:49.653000Z",
#>   "build_status_summary": { "PASS": 8, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>   "boot_status_summary": {
#>     "pass_count": 9,
#>     "error_count": 0,
#>     "fail_count": 0,
#>     "skip_count": 0,
#>     "miss_count": 0,
#>     "done_count": 0,
#>     "null_count": 1
#>   },
#>   "test_status_summary": {
#>     "pass_count": 17,
#>     "error_count": 0,
#>     "fail_count": 0,
#>     "skip_count": 2,
#>     "miss_count": 0,
#>     "done_count": 0,
#>     "null_count": 2
#>   },
#>   "possible_regressions": {},
#>   "fixed_regressions": {},
#>   "unstable_tests": {
#>     "fu740-hifive-unmatched": {
#>       "defconfig+kselftest": {
#>         "riscv/gcc-14": {
#>           "boot": [
#>             {
#>               "id": "maestro:261dddd5aa333a4d0f3dddc9",
#>               "start_time": "2026-11-27T05:19:25.205000Z",
#>               "status": null
#>             },
#>             "... 2 more"
#>           ]
#>         }
#>       }
#>     }
#>   },
#>   "issues": {
#>     "builds": []
#>   }
#> }
