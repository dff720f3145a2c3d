#!/usr/bin/env bash
# Builds that changed between two commits of a branch, or still fail.
source "$(dirname "$0")/lookup.sh"
HASH_A=${HASH_A:-$(commit 2)}
HASH_B=${HASH_B:-$(commit 1)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare/builds" \
  origin=="$ORIGIN" \
  hash_a=="$HASH_A" \
  hash_b=="$HASH_B"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare/builds" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode hash_a="$HASH_A" \
#   --data-urlencode hash_b="$HASH_B"

#> [
#>   {
#>     "config_name": "x86_64_defconfig+allmodconfig",
#>     "architecture": "x86_64",
#>     "compiler": "clang-21",
#>     "status_a": "PASS",
#>     "status_b": "INCONCLUSIVE"
#>   }
#> ]
