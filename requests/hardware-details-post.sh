#!/usr/bin/env bash
# Builds, boots and tests on a piece of hardware, with their summary.
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
http POST "$BASE/api/hardware/$HARDWARE" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE" -d "$BODY"

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
#>           "builds": { "PASS": 1 },
#>           "boots": { "PASS": 1 },
#>           "tests": { "PASS": 23, "FAIL": 5, "SKIP": 7 }
#>         },
#>         "is_selected": null
#>       }
#>     ],
#>     "compatibles": []
#>   },
#>   "builds": [
#>     {
#>       "id": "maestro:f0afb3199c79a549eb266952",
#>       "origin": "maestro",
#>       "architecture": "x86_64",
#>       "config_name": "x86_64_defconfig+lab-setup+x86-board+kselftest",
#>       "config_url": "https://files.kernelci.org/kbuild-gcc-14-x86_64-f0afb3199c79a549eb266952/config/kernel.config",
#>       "compiler": "gcc-14",
#>       "status": "PASS",
#>       "duration": 640.941,
#>       "log_url": "https://files.kernelci.org/kbuild-gcc-14-x86_64-f0afb3199c79a549eb266952/build.log.gz",
#>       "start_time": "2026-11-26T22:29:31.489000Z",
#>       "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/netdev/net-next.git",
#>       "git_repository_branch": "main",
#>       "tree_name": "net-next",
#>       "misc": {
#>         "lab": "maestro",
#>         "runtime": "k8s-all",
#>         "platform": "kubernetes",
#>         "kernel_type": "bzimage",
#>         "automatic_lab": "k8s-all",
#>         "maestro_viewer": "https://api.kernelci.org/viewer?node_id=f0afb3199c79a549eb266952"
#>       },
#>       "issue_id": null,
#>       "issue_version": null
#>     }
#>   ],
#>   "boots": [
#>     {
#>       "id": "maestro:df3bc0a2766ef8808b3e3317",
#>       "origin": "maestro",
#>       "status": "PASS",
#>       "duration": 55.414,
#>       "start_time": "2026-11-26T22:57:18.122000Z",
#>       "environment_compatible": null,
#>       "config": "x86_64_defconfig+lab-setup+x86-board+kselftest",
#>       "log_url": "https://files.kernelci.org/baseline-87435f04853070e8012f990c/log.txt.gz",
#>       "architecture": "x86_64",
#>       "compiler": "gcc-14",
#>       "lab": "tuxsuite",
#>       "path": "boot",
#>       "tree_name": "net-next",
#>       "git_repository_branch": "main",
#>       "environment_misc": { "platform": "qemu-x86_64" }
#>     }
#>   ],
#>   "tests": [
#>     {
#>       "id": "maestro:3a575e79b42f74225c281ca2",
#>       "origin": "maestro",
#>       "status": "PASS",
#>       "duration": 52.588,
#>       "start_time": "2026-11-27T00:59:11.391000Z",
#>       "environment_compatible": null,
#>       "config": "x86_64_defconfig+lab-setup+x86-board+kselftest",
#>       "log_url": "https://files.kernelci.org/kselftest-futex-b98a9cb6e94393ed4bd4a6cb/log.txt.gz",
#>       "architecture": "x86_64",
#>       "compiler": "gcc-14",
#>       "lab": "tuxsuite",
#>       "path": "kselftest.futex.futex_waitv",
#>       "tree_name": "net-next",
#>       "git_repository_branch": "main",
#>       "environment_misc": { "platform": "qemu-x86_64" }
#>     },
#>     "... 34 more"
#>   ]
#> }
