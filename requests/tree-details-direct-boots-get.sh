#!/usr/bin/env bash
# Boots of a commit, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/boots" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/boots" --data-urlencode origin="$ORIGIN"
