#!/usr/bin/env bash
# Earlier results of a test, and what they say together.
source "$(dirname "$0")/lookup.sh"
TEST_ID=${TEST_ID:-$(failed_test)}
TEST=$(curl -s "$BASE/api/test/$TEST_ID")

http "$BASE/api/test/status-history" \
  path=="$(member path <<<"$TEST")" \
  origin=="$(member origin <<<"$TEST")" \
  git_repository_url=="$(member git_repository_url <<<"$TEST")" \
  git_repository_branch=="$(member git_repository_branch <<<"$TEST")" \
  platform=="$(member platform <<<"$TEST")" \
  current_test_start_time=="$(member start_time <<<"$TEST")" \
  config_name=="$(member config_name <<<"$TEST")" \
  group_size==5
# curl -G "$BASE/api/test/status-history" \
#   --data-urlencode path="$(member path <<<"$TEST")" \
#   --data-urlencode origin="$(member origin <<<"$TEST")" \
#   --data-urlencode git_repository_url="$(member git_repository_url <<<"$TEST")" \
#   --data-urlencode git_repository_branch="$(member git_repository_branch <<<"$TEST")" \
#   --data-urlencode platform="$(member platform <<<"$TEST")" \
#   --data-urlencode current_test_start_time="$(member start_time <<<"$TEST")" \
#   --data-urlencode config_name="$(member config_name <<<"$TEST")" \
#   --data-urlencode group_size=5

#> {
#>   "status_history": [
#>     {
#>       "start_time": "2026-11-26T19:16:05.019000Z",
#>       "id": "maestro:f803be794010a5fd346967ec",
#>       "status": "ERROR",
#>       "git_commit_hash": "e57827e8fcfda9624f2ab489de79f892d3f15c58"
#>     },
#>     "... 4 more"
#>   ],
#>   "regression_type": "unstable"
#> }
