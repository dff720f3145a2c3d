#!/usr/bin/env bash
# The description of the API, as JSON.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/schema/" format==json
# curl -G "$BASE/api/schema/" --data-urlencode format=json
