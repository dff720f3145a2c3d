#!/usr/bin/env bash
# The hardware registry: vendors, processors, system modules and platforms.
# With name=<part of an id> or vendor=<id> some of it.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/hardware/registry/" limit==100
# curl -G "$BASE/api/hardware/registry/" --data-urlencode limit=100
