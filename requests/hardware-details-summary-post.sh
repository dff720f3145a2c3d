#!/usr/bin/env bash
# Counts of what ran on a piece of hardware, and what it may be filtered by.
source "$(dirname "$0")/lookup.sh"

BODY=$(
  cat <<JSON
{
  "origin": "$ORIGIN",
  "startTimestampInSeconds": $START,
  "endTimestampInSeconds": $END,
  "selectedCommits": {},
  "filter": {}
}
JSON
)
http POST "$BASE/api/hardware/$HARDWARE/summary" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/summary" -d "$BODY"

#> {
#>   "summary": {
#>     "builds": {
#>       "status": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>       "origins": {
#>         "maestro": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "architectures": {
#>         "x86_64": {
#>           "PASS": 1,
#>           "ERROR": 0,
#>           "FAIL": 0,
#>           "SKIP": 0,
#>           "MISS": 0,
#>           "DONE": 0,
#>           "NULL": 0,
#>           "compilers": [ "gcc-14" ]
#>         }
#>       },
#>       "configs": {
#>         "x86_64_defconfig+lab-setup+x86-board+kselftest": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "labs": {
#>         "maestro": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "issues": [],
#>       "unknown_issues": 0
#>     },
#>     "boots": {
#>       "status": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>       "origins": {
#>         "maestro": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "architectures": [
#>         {
#>           "arch": "x86_64",
#>           "compiler": "gcc-14",
#>           "status": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>         }
#>       ],
#>       "configs": {
#>         "x86_64_defconfig+lab-setup+x86-board+kselftest": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "labs": {
#>         "tuxsuite": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "issues": [],
#>       "unknown_issues": 0,
#>       "fail_reasons": {},
#>       "failed_platforms": [],
#>       "environment_compatible": null,
#>       "environment_misc": null,
#>       "platforms": {
#>         "qemu-x86_64": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       }
#>     },
#>     "tests": {
#>       "status": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 },
#>       "origins": {
#>         "maestro": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "architectures": [
#>         {
#>           "arch": "x86_64",
#>           "compiler": "gcc-14",
#>           "status": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 }
#>         }
#>       ],
#>       "configs": {
#>         "x86_64_defconfig+lab-setup+x86-board+kselftest": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "labs": {
#>         "tuxsuite": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "issues": [
#>         {
#>           "id": "maestro:c38aa3c51e4ab4209eff87fe4d820fe2d446fee4",
#>           "version": 1,
#>           "comment": "WARNING in skb_segment_list: gro.sh fails with fraglists",
#>           "report_url": "https://lore.kernel.org/netdev/gro-fraglist@example.org/",
#>           "incidents_info": { "PASS": 0, "ERROR": 0, "FAIL": 2, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>         }
#>       ],
#>       "unknown_issues": 3,
#>       "fail_reasons": { "unknown error": 5 },
#>       "failed_platforms": [ "qemu-x86_64" ],
#>       "environment_compatible": null,
#>       "environment_misc": null,
#>       "platforms": {
#>         "qemu-x86_64": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       }
#>     }
#>   },
#>   "filters": {
#>     "all": {
#>       "configs": [ "x86_64_defconfig+lab-setup+x86-board+kselftest" ],
#>       "architectures": [ "x86_64" ],
#>       "compilers": [ "gcc-14" ]
#>     },
#>     "builds": {
#>       "issues": [],
#>       "origins": [ "maestro" ],
#>       "has_unknown_issue": false,
#>       "labs": [ "maestro" ]
#>     },
#>     "boots": {
#>       "issues": [],
#>       "origins": [ "maestro" ],
#>       "has_unknown_issue": false,
#>       "labs": [ "tuxsuite" ],
#>       "platforms": [ "qemu-x86_64" ]
#>     },
#>     "tests": {
#>       "issues": [
#>         [ "maestro:c38aa3c51e4ab4209eff87fe4d820fe2d446fee4", "... 1 more" ]
#>       ],
#>       "origins": [ "maestro" ],
#>       "has_unknown_issue": true,
#>       "labs": [ "tuxsuite" ],
#>       "platforms": [ "qemu-x86_64" ]
#>     }
#>   },
#>   "common": {
#>     "trees": [
#>       {
#>         "origin": "maestro",
#>         "tree_name": "net-next",
#>         "git_repository_branch": "main",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/netdev/net-next.git",
#>         "head_git_commit_name": "v7.4-rc5-175-g16cc6ac90e75",
#>         "head_git_commit_hash": "16cc6ac90e758a11f41278efbdb647c14ca9c2c8",
#>         "head_git_commit_tag": [],
#>         "index": "0",
#>         "selected_commit_status": {
#>           "builds": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>           "boots": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>           "tests": { "PASS": 23, "ERROR": 0, "FAIL": 5, "SKIP": 7, "MISS": 0, "DONE": 0, "NULL": 0 }
#>         },
#>         "is_selected": null
#>       }
#>     ],
#>     "compatibles": []
#>   }
#> }
