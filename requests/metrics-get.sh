#!/usr/bin/env bash
# What was ingested in the last days before today, and in as many days before.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/metrics/" start_days_ago==7 end_days_ago==0
# curl -G "$BASE/api/metrics/" --data-urlencode start_days_ago=7 --data-urlencode end_days_ago=0

#> {
#>   "n_trees": 0,
#>   "n_checkouts": 0,
#>   "n_builds": 0,
#>   "n_issues": 0,
#>   "n_incidents": 0,
#>   "prev_n_trees": 0,
#>   "prev_n_checkouts": 0,
#>   "prev_n_builds": 0,
#>   "build_incidents_by_origin": {},
#>   "top_issues_by_origin": {},
#>   "new_issues_by_origin": {},
#>   "n_tests": 0,
#>   "lab_maps": {},
#>   "prev_n_tests": 0,
#>   "prev_lab_maps": {}
#> }
