#!/usr/bin/env bash
# Known issues of a build.
source "$(dirname "$0")/lookup.sh"
BUILD_ID=${BUILD_ID:-$(failed_build)}

http "$BASE/api/build/$BUILD_ID/issues"
# curl "$BASE/api/build/$BUILD_ID/issues"
