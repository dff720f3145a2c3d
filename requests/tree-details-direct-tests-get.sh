#!/usr/bin/env bash
# Tests of a commit that are no boots, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/tests" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/tests" --data-urlencode origin="$ORIGIN"
