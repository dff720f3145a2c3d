#!/usr/bin/env bash
# What was ingested in the last days before today, and in as many days before.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/metrics/" start_days_ago==7 end_days_ago==0
# curl -G "$BASE/api/metrics/" --data-urlencode start_days_ago=7 --data-urlencode end_days_ago=0
