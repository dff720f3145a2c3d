#!/usr/bin/env bash
# Counts of a commit, and what it may be filtered by, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/summary" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/summary" --data-urlencode origin="$ORIGIN"
