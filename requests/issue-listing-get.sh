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

#> {
#>   "issues": [
#>     {
#>       "field_timestamp": "2026-11-27T05:23:30.906000Z",
#>       "id": "maestro:c38aa3c51e4ab4209eff87fe4d820fe2d446fee4",
#>       "comment": "WARNING in skb_segment_list: gro.sh fails with fraglists",
#>       "origin": "maestro",
#>       "version": 1,
#>       "culprit_code": true,
#>       "culprit_tool": false,
#>       "culprit_harness": false,
#>       "categories": [ "test", "... 1 more" ]
#>     },
#>     "... 11 more"
#>   ],
#>   "extras": {
#>     "linaro:3e863f2de818b70becee69ed6fe784f01ceb0190": {
#>       "first_seen": "2026-11-27T05:23:17.547028Z",
#>       "git_commit_hash": "5c7f574f7991e366965a40b1e3180fcc8b518636",
#>       "git_repository_url": "https://kernel.googlesource.com/pub/scm/linux/kernel/git/next/linux-next.git",
#>       "git_repository_branch": "master",
#>       "git_commit_name": "next-20261118",
#>       "tree_name": null,
#>       "issue_version": 0,
#>       "checkout_id": "linaro:84cbd1a33ebde4124a71c2ce"
#>     },
#>     "...": "9 more"
#>   },
#>   "filters": {
#>     "origins": [ "linaro", "... 2 more" ],
#>     "culprits": [ "code", "... 2 more" ],
#>     "categories": [ "boot", "... 3 more" ]
#>   }
#> }
