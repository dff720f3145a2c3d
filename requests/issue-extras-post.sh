#!/usr/bin/env bash
# Where versions of issues were seen.
source "$(dirname "$0")/lookup.sh"

BODY='{"issues": [["maestro:c8d471a77feede92c6392ff58f60ae19493c15fd", 1], ["maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7", 1]]}'
http POST "$BASE/api/issue/extras/" <<<"$BODY"
# curl "$BASE/api/issue/extras/" -d "$BODY"
