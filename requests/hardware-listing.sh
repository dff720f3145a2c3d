#!/usr/bin/env bash
# Hardware that the newest commits of all trees were tested on.
# With commitsList=<hash or tag>,... those commits instead.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/hardware/" \
  startTimestampInSeconds=="$START" \
  endTimestampInSeconds=="$END" \
  origin=="$ORIGIN"
# curl -G "$BASE/api/hardware/" \
#   --data-urlencode startTimestampInSeconds="$START" \
#   --data-urlencode endTimestampInSeconds="$END" \
#   --data-urlencode origin="$ORIGIN"
