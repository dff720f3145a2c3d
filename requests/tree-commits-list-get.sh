#!/usr/bin/env bash
# All commits of a branch.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/commits" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/commits" --data-urlencode origin="$ORIGIN"
