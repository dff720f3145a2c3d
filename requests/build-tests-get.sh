#!/usr/bin/env bash
# Boots and tests that ran on a build.
source "$(dirname "$0")/lookup.sh"
BUILD_ID=${BUILD_ID:-$(tested_build)}

http "$BASE/api/build/$BUILD_ID/tests"
# curl "$BASE/api/build/$BUILD_ID/tests"
