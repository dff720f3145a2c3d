#!/usr/bin/env bash
# Counts of what ran on a piece of hardware, and what it may be filtered by.
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
http POST "$BASE/api/hardware/$HARDWARE/summary" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/summary" -d "$BODY"
