#!/usr/bin/env bash
# A test, whatever the name says, by an id whose colon is encoded; it is kept for those who know it.
# The details of a tree: tree-details-full-get.sh.
source "$(dirname "$0")/lookup.sh"
TEST_ID=${TEST_ID:-$(failed_test)}

http "$BASE/api/test/${TEST_ID//:/%3A}"
# curl "$BASE/api/test/${TEST_ID//:/%3A}"
