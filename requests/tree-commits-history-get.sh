#!/usr/bin/env bash
# Counts of chosen commits, of builds and boots only.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASHES=${COMMIT_HASHES:-$(commit 1),$(commit 3)}

http "$BASE/api/tree/commits-history" \
  origin=="$ORIGIN" \
  tree_name=="$TREE_NAME" \
  git_branch=="$GIT_BRANCH" \
  commit_hashes=="$COMMIT_HASHES" \
  types==builds,boots
# curl -G "$BASE/api/tree/commits-history" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode tree_name="$TREE_NAME" \
#   --data-urlencode git_branch="$GIT_BRANCH" \
#   --data-urlencode commit_hashes="$COMMIT_HASHES" \
#   --data-urlencode types=builds,boots
