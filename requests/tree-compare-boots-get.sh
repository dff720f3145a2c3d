#!/usr/bin/env bash
# Boots that changed between two commits of a branch, or still fail.
source "$(dirname "$0")/lookup.sh"
HASH_A=${HASH_A:-$(commit 2)}
HASH_B=${HASH_B:-$(commit 1)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare/boots" \
  origin=="$ORIGIN" \
  hash_a=="$HASH_A" \
  hash_b=="$HASH_B"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare/boots" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode hash_a="$HASH_A" \
#   --data-urlencode hash_b="$HASH_B"

#> [
#>   {
#>     "path": "boot",
#>     "config_name": "defconfig+kselftest",
#>     "architecture": "riscv",
#>     "platform": "fu740-hifive-unmatched",
#>     "status_a": "PASS",
#>     "status_b": "INCONCLUSIVE"
#>   },
#>   "... 17 more"
#> ]
