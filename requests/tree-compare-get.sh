#!/usr/bin/env bash
# What changed between two commits of a branch, in numbers.
source "$(dirname "$0")/lookup.sh"
HASH_A=${HASH_A:-$(commit 2)}
HASH_B=${HASH_B:-$(commit 1)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare" \
  origin=="$ORIGIN" \
  hash_a=="$HASH_A" \
  hash_b=="$HASH_B"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode hash_a="$HASH_A" \
#   --data-urlencode hash_b="$HASH_B"

#> {
#>   "treeName": "mainline",
#>   "branch": "master",
#>   "gitUrl": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>   "summary": {
#>     "builds": {
#>       "sideA": { "pass": 9, "fail": 0, "inconclusive": 0 },
#>       "sideB": { "pass": 8, "fail": 0, "inconclusive": 1 },
#>       "delta": { "pass": -1, "fail": 0 },
#>       "changes": {
#>         "regression": 1,
#>         "fixed": 0,
#>         "newFailure": 0,
#>         "stillFailing": 0,
#>         "newPass": 0,
#>         "appeared": 0,
#>         "disappeared": 0
#>       }
#>     },
#>     "boots": {
#>       "sideA": { "pass": 25, "fail": 2, "inconclusive": 0 },
#>       "sideB": { "pass": 9, "fail": 0, "inconclusive": 1 },
#>       "delta": { "pass": -16, "fail": -2 },
#>       "changes": {
#>         "regression": 1,
#>         "fixed": 0,
#>         "newFailure": 0,
#>         "stillFailing": 0,
#>         "newPass": 0,
#>         "appeared": 0,
#>         "disappeared": 17
#>       }
#>     },
#>     "tests": {
#>       "sideA": { "pass": 21, "fail": 1, "inconclusive": 3 },
#>       "sideB": { "pass": 17, "fail": 0, "inconclusive": 4 },
#>       "delta": { "pass": -4, "fail": -1 },
#>       "changes": {
#>         "regression": 0,
#>         "fixed": 0,
#>         "newFailure": 0,
#>         "stillFailing": 0,
#>         "newPass": 8,
#>         "appeared": 4,
#>         "disappeared": 16
#>       }
#>     }
#>   }
#> }
