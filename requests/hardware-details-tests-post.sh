#!/usr/bin/env bash
# Tests on a piece of hardware that are no boots.
source "$(dirname "$0")/lookup.sh"

BODY=$(
  cat <<JSON
{
  "origin": "$ORIGIN",
  "startTimestampInSeconds": $START,
  "endTimestampInSeconds": $END,
  "selectedCommits": {},
  "filter": {}
}
JSON
)
http POST "$BASE/api/hardware/$HARDWARE/tests" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/tests" -d "$BODY"
