#!/usr/bin/env bash
# Trees, branches and commits of the last 30 days, for hardware-by-revision.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/hardware/selectors/" origin=="$ORIGIN"
# curl -G "$BASE/api/hardware/selectors/" --data-urlencode origin="$ORIGIN"
