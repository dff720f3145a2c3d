#!/usr/bin/env bash
# Known issues of a test.
source "$(dirname "$0")/lookup.sh"
TEST_ID=${TEST_ID:-$(failed_test)}

http "$BASE/api/test/$TEST_ID/issues"
# curl "$BASE/api/test/$TEST_ID/issues"

#> [
#>   {
#>     "id": "maestro:c8d471a77feede92c6392ff58f60ae19493c15fd",
#>     "version": 1,
#>     "comment": "auto-login-action timed out after 300 seconds",
#>     "report_url": null,
#>     "incidents_info": { "PASS": 0, "ERROR": 1, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>   }
#> ]
