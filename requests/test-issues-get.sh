#!/usr/bin/env bash
# Known issues of a test.
source "$(dirname "$0")/lookup.sh"
TEST_ID=${TEST_ID:-$(failed_test)}

http "$BASE/api/test/$TEST_ID/issues"
# curl "$BASE/api/test/$TEST_ID/issues"
