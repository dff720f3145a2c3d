#!/usr/bin/env bash
# Builds that ran on a piece of hardware.
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
http POST "$BASE/api/hardware/$HARDWARE/builds" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/builds" -d "$BODY"
