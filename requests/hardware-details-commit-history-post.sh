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
