#!/usr/bin/env bash
# Earlier commits of two trees, which can be selected in the details of hardware.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}
OTHER_TREE=${OTHER_TREE:-next}
OTHER_URL=${OTHER_URL:-https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git}
OTHER_HASH=${OTHER_HASH:-$(TREE_NAME=$OTHER_TREE commit)}

BODY=$(
  cat <<JSON
{
  "origin": "$ORIGIN",
  "startTimestampInSeconds": $START,
  "endTimestampInSeconds": $END,
  "commitHeads": [
    {
      "treeName": "$TREE_NAME",
      "repositoryUrl": "$GIT_URL",
      "branch": "$GIT_BRANCH",
      "commitHash": "$COMMIT_HASH"
    },
    {
      "treeName": "$OTHER_TREE",
      "repositoryUrl": "$OTHER_URL",
      "branch": "$GIT_BRANCH",
      "commitHash": "$OTHER_HASH"
    }
  ]
}
JSON
)
http POST "$BASE/api/hardware/$HARDWARE/commit-history" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/commit-history" -d "$BODY"

#> {
#>   "commit_history_table": {
#>     "mainline-https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git-master": [
#>       {
#>         "git_commit_hash": "2ddd8f288cf273a2d3dee810510eaac468670dd9",
#>         "tree_name": "mainline",
#>         "git_repository_branch": "master",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>         "git_commit_tags": [],
#>         "git_commit_name": "v7.4-rc5-186-g2ddd8f288cf2",
#>         "start_time": "2026-11-27T04:48:49.653000Z"
#>       },
#>       "... 15 more"
#>     ],
#>     "next-https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git-master": [
#>       {
#>         "git_commit_hash": "8adcceb6765b5ae81b192d8e49803da0c1d863c9",
#>         "tree_name": "next",
#>         "git_repository_branch": "master",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git",
#>         "git_commit_tags": [ "next-20261127" ],
#>         "git_commit_name": "next-20261127",
#>         "start_time": "2026-11-27T02:11:49.653000Z"
#>       },
#>       "... 4 more"
#>     ]
#>   }
#> }
