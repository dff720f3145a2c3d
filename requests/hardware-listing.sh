#!/usr/bin/env bash
# Hardware that the newest commits of all trees were tested on.
# With commitsList=<hash or tag>,... those commits instead.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/hardware/" \
  startTimestampInSeconds=="$START" \
  endTimestampInSeconds=="$END" \
  origin=="$ORIGIN"
# curl -G "$BASE/api/hardware/" \
#   --data-urlencode startTimestampInSeconds="$START" \
#   --data-urlencode endTimestampInSeconds="$END" \
#   --data-urlencode origin="$ORIGIN"

#> {
#>   "hardware": [
#>     {
#>       "hardware": null,
#>       "platform": "aaeon-UPN-EHLX4RE-A10-0864",
#>       "test_status_summary": { "PASS": 107, "FAIL": 7, "INCONCLUSIVE": 2 },
#>       "boot_status_summary": { "PASS": 4, "FAIL": 0, "INCONCLUSIVE": 0 },
#>       "build_status_summary": { "PASS": 4, "FAIL": 0, "INCONCLUSIVE": 0 }
#>     },
#>     "... 34 more"
#>   ]
#> }
