#!/usr/bin/env bash
# An issue, in a version; without a version, the newest one.
source "$(dirname "$0")/lookup.sh"
ISSUE_ID=${ISSUE_ID:-maestro:1748706e55b5b0fbc765decb19afedf3a4125787}
VERSION=${VERSION:-1}

http "$BASE/api/issue/$ISSUE_ID" version=="$VERSION"
# curl -G "$BASE/api/issue/$ISSUE_ID" --data-urlencode version="$VERSION"
