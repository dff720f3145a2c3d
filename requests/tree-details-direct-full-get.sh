#!/usr/bin/env bash
# Builds, boots and tests of a commit, with their summary, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/full" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/full" --data-urlencode origin="$ORIGIN"
