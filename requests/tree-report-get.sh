#!/usr/bin/env bash
# What is new with the newest commit of a branch. An empty TREE_NAME is any.
source "$(dirname "$0")/lookup.sh"
MIN_AGE_IN_HOURS=${MIN_AGE_IN_HOURS:-0}
MAX_AGE_IN_HOURS=${MAX_AGE_IN_HOURS:-24}

http "$BASE/api/tree-report/" \
  git_branch=="$GIT_BRANCH" \
  git_url=="$GIT_URL" \
  origin=="$ORIGIN" \
  min_age_in_hours=="$MIN_AGE_IN_HOURS" \
  max_age_in_hours=="$MAX_AGE_IN_HOURS" \
  tree_name=="$TREE_NAME"
# curl -G "$BASE/api/tree-report/" \
#   --data-urlencode git_branch="$GIT_BRANCH" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode min_age_in_hours="$MIN_AGE_IN_HOURS" \
#   --data-urlencode max_age_in_hours="$MAX_AGE_IN_HOURS" \
#   --data-urlencode tree_name="$TREE_NAME"
