#!/usr/bin/env bash
# A file of another host, which a browser would not let a page read.
source "$(dirname "$0")/lookup.sh"
URL=${URL:-https://files.kernelci.org/}

http "$BASE/api/proxy/" url=="$URL"
# curl -G "$BASE/api/proxy/" --data-urlencode url="$URL"
