#!/usr/bin/env bash
# Where versions of issues were seen.
source "$(dirname "$0")/lookup.sh"

BODY='{"issues": [["maestro:c8d471a77feede92c6392ff58f60ae19493c15fd", 1], ["maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7", 1]]}'
http POST "$BASE/api/issue/extras/" <<<"$BODY"
# curl "$BASE/api/issue/extras/" -d "$BODY"

#> {
#>   "issues": {
#>     "maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7": {
#>       "first_incident": {
#>         "first_seen": "2026-11-27T05:22:53.553000Z",
#>         "git_commit_hash": "674ded11c773428891c191295342757b628b9bcc",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git",
#>         "git_repository_branch": "master",
#>         "git_commit_name": "next-20261110",
#>         "tree_name": "next",
#>         "issue_version": 1,
#>         "checkout_id": "maestro:592dbd4036675fee47155e16"
#>       },
#>       "last_incident": {
#>         "first_seen": "2026-11-27T05:23:17.018021Z",
#>         "git_commit_hash": "5c7f574f7991e366965a40b1e3180fcc8b518636",
#>         "git_repository_url": "https://kernel.googlesource.com/pub/scm/linux/kernel/git/next/linux-next.git",
#>         "git_repository_branch": "master",
#>         "git_commit_name": "next-20261118",
#>         "tree_name": null,
#>         "issue_version": 1,
#>         "checkout_id": "linaro:84cbd1a33ebde4124a71c2ce"
#>       },
#>       "versions": {
#>         "1": {
#>           "id": "maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7",
#>           "version": 1,
#>           "trees": [
#>             { "tree_name": "arm64", "git_repository_branch": "for-next/core" },
#>             "... 2 more"
#>           ],
#>           "tags": [ "linux-next" ]
#>         }
#>       }
#>     },
#>     "maestro:c8d471a77feede92c6392ff58f60ae19493c15fd": {
#>       "first_incident": {
#>         "first_seen": "2026-11-27T05:22:40.989016Z",
#>         "git_commit_hash": "7cd3ef96875489c865533e6598083d918c2d166e",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>         "git_repository_branch": "master",
#>         "git_commit_name": "v7.4-rc2-248-g7cd3ef968754",
#>         "tree_name": "mainline",
#>         "issue_version": 1,
#>         "checkout_id": "maestro:b40f6fd8a2b3c9e337a0851f"
#>       },
#>       "last_incident": {
#>         "first_seen": "2026-11-27T05:23:36.399011Z",
#>         "git_commit_hash": "e57827e8fcfda9624f2ab489de79f892d3f15c58",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux-stable-rc.git",
#>         "git_repository_branch": "linux-6.12.y",
#>         "git_commit_name": "v6.12.119-83-ge57827e8fcfd",
#>         "tree_name": "stable-rc",
#>         "issue_version": 1,
#>         "checkout_id": "maestro:1ec644fd33f9b8dbc42881a5"
#>       },
#>       "versions": {
#>         "1": {
#>           "id": "maestro:c8d471a77feede92c6392ff58f60ae19493c15fd",
#>           "version": 1,
#>           "trees": [
#>             { "tree_name": "arm64", "git_repository_branch": "for-next/core" },
#>             "... 5 more"
#>           ],
#>           "tags": [ "mainline", "... 1 more" ]
#>         }
#>       }
#>     }
#>   }
#> }
