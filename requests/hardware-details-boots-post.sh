#!/usr/bin/env bash
# Boots of a piece of hardware.
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
http POST "$BASE/api/hardware/$HARDWARE/boots" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/boots" -d "$BODY"
