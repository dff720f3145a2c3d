#!/usr/bin/env bash
# Builds that an issue was seen on; with version=<n>, that version of it.
source "$(dirname "$0")/lookup.sh"
ISSUE_ID=${ISSUE_ID:-maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7}

http "$BASE/api/issue/$ISSUE_ID/builds"
# curl "$BASE/api/issue/$ISSUE_ID/builds"
