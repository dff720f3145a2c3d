#!/usr/bin/env bash
# The newest checkout of a branch; with commit_hash=<hash or tag>, that of a commit.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH" --data-urlencode origin="$ORIGIN"
