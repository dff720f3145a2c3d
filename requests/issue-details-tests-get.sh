#!/usr/bin/env bash
# Tests that an issue was seen on; with version=<n>, that version of it.
source "$(dirname "$0")/lookup.sh"
ISSUE_ID=${ISSUE_ID:-maestro:c8d471a77feede92c6392ff58f60ae19493c15fd}

http "$BASE/api/issue/$ISSUE_ID/tests"
# curl "$BASE/api/issue/$ISSUE_ID/tests"
