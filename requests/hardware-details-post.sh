#!/usr/bin/env bash
# Builds, boots and tests on a piece of hardware, with their summary.
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
http POST "$BASE/api/hardware/$HARDWARE" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE" -d "$BODY"
