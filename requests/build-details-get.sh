#!/usr/bin/env bash
# A build.
source "$(dirname "$0")/lookup.sh"
BUILD_ID=${BUILD_ID:-$(failed_build)}

http "$BASE/api/build/$BUILD_ID"
# curl "$BASE/api/build/$BUILD_ID"
