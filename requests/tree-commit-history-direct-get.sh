#!/usr/bin/env bash
# Counts of a commit and the five before it, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/commits" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/commits" --data-urlencode origin="$ORIGIN"
