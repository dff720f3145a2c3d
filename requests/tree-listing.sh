#!/usr/bin/env bash
# Trees with their newest commit and its counts.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/tree/" origin=="$ORIGIN" interval_in_days==4
# curl -G "$BASE/api/tree/" --data-urlencode origin="$ORIGIN" --data-urlencode interval_in_days=4
