#!/usr/bin/env bash
# Trees with their newest commit and its counts.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/tree/" origin=="$ORIGIN" interval_in_days==4
# curl -G "$BASE/api/tree/" --data-urlencode origin="$ORIGIN" --data-urlencode interval_in_days=4

#> [
#>   {
#>     "id": "maestro:1ad4be3f49c356fd8786886e",
#>     "build_status": { "PASS": 8, "FAIL": 0, "INCONCLUSIVE": 1 },
#>     "boot_status": { "PASS": 9, "FAIL": 0, "INCONCLUSIVE": 1 },
#>     "test_status": { "PASS": 17, "FAIL": 0, "INCONCLUSIVE": 4 },
#>     "tree_name": "mainline",
#>     "git_commit_tags": [],
#>     "origin": "maestro",
#>     "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>     "git_repository_branch": "master",
#>     "git_commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>     "git_commit_name": "v7.4-rc5-186-g2ddd8f288cf2",
#>     "start_time": "2026-11-27T04:48:49.653000Z"
#>   },
#>   "... 9 more"
#> ]
