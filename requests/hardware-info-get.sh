#!/usr/bin/env bash
# What the hardware registry knows of a platform, or of a compatible such as radxa,rock-5b.
source "$(dirname "$0")/lookup.sh"
REGISTERED=${REGISTERED:-rk3588-rock-5b}

http "$BASE/api/hardware/$REGISTERED/info" origin=="$ORIGIN"
# curl -G "$BASE/api/hardware/$REGISTERED/info" --data-urlencode origin="$ORIGIN"
