#!/usr/bin/env bash
# Issues with a culprit in the code that were seen lately.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/issue/" \
  interval_in_days==5 \
  filter_issue.culprit==code \
  filter_issue.options==hasIncident
# curl -G "$BASE/api/issue/" \
#   --data-urlencode interval_in_days=5 \
#   --data-urlencode filter_issue.culprit=code \
#   --data-urlencode filter_issue.options=hasIncident
