#!/usr/bin/env bash
# The newest checkout of a branch; with commit_hash=<hash or tag>, that of a commit.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH" --data-urlencode origin="$ORIGIN"

#> {
#>   "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>   "git_commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>   "git_commit_name": "v7.4-rc5-186-g2ddd8f288cf2",
#>   "origin": "maestro",
#>   "tree_name": "mainline",
#>   "git_repository_branch": "master",
#>   "api_url": "/api/tree/mainline/master/2ddd8f288cf273a2d3dee810510eaac468670dd9/full?origin=maestro",
#>   "old_api_url": "/api/tree/2ddd8f288cf273a2d3dee810510eaac468670dd9/full?origin=maestro&git_url=https%3A%2F%2Fgit.ker..."
#> }
