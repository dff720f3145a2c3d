#!/usr/bin/env bash
# A test.
source "$(dirname "$0")/lookup.sh"
TEST_ID=${TEST_ID:-$(failed_test)}

http "$BASE/api/test/$TEST_ID"
# curl "$BASE/api/test/$TEST_ID"
