#!/usr/bin/env bash
# Boots of a commit, by hash, repository and branch.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$COMMIT_HASH/boots" \
  origin=="$ORIGIN" \
  git_url=="$GIT_URL" \
  git_branch=="$GIT_BRANCH"
# curl -G "$BASE/api/tree/$COMMIT_HASH/boots" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode git_branch="$GIT_BRANCH"
