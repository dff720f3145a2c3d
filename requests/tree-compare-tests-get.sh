#!/usr/bin/env bash
# Tests that changed between two commits of a branch, or still fail.
source "$(dirname "$0")/lookup.sh"
HASH_A=${HASH_A:-$(commit 2)}
HASH_B=${HASH_B:-$(commit 1)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare/tests" \
  origin=="$ORIGIN" \
  hash_a=="$HASH_A" \
  hash_b=="$HASH_B"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/compare/tests" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode hash_a="$HASH_A" \
#   --data-urlencode hash_b="$HASH_B"

#> [
#>   {
#>     "path": "baseline.dmesg.crit",
#>     "config_name": "defconfig+lab-setup+arm64-chromebook+CONFIG_MODULE_COMPRESS=n+CONFIG_MODULE_COMPRESS_NONE=y",
#>     "architecture": "arm64",
#>     "platform": "mt8186-corsola-steelix-sku131072",
#>     "status_a": null,
#>     "status_b": "PASS"
#>   },
#>   "... 27 more"
#> ]
