#!/usr/bin/env bash
# All commits of a branch.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/commits" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/commits" --data-urlencode origin="$ORIGIN"

#> [
#>   {
#>     "git_commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>     "last_checkout": "2026-11-27T04:48:49.653000Z",
#>     "git_commit_name": "v7.4-rc5-186-g2ddd8f288cf2",
#>     "git_commit_tags": []
#>   },
#>   "... 47 more"
#> ]
