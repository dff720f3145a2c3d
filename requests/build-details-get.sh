#!/usr/bin/env bash
# A build.
source "$(dirname "$0")/lookup.sh"
BUILD_ID=${BUILD_ID:-$(failed_build)}

http "$BASE/api/build/$BUILD_ID"
# curl "$BASE/api/build/$BUILD_ID"

#> {
#>   "id": "linaro:l1Ao62umB2FaMEtWI7GjLB4mLk2",
#>   "origin": "linaro",
#>   "architecture": "arm64",
#>   "config_name": "defconfig",
#>   "misc": { "lab": "linaro" },
#>   "config_url": "https://storage.tuxsuite.com/public/linaro/lkft/builds/l1Ao62umB2FaMEtWI7GjLB4mLk2/config/kernel.con...",
#>   "compiler": "clang-21",
#>   "status": "FAIL",
#>   "duration": 1096.276,
#>   "log_url": "https://storage.tuxsuite.com/public/linaro/lkft/builds/l1Ao62umB2FaMEtWI7GjLB4mLk2/build.log.gz",
#>   "start_time": "2026-11-18T22:12:04.954000Z",
#>   "git_repository_url": "https://kernel.googlesource.com/pub/scm/linux/kernel/git/next/linux-next.git",
#>   "git_repository_branch": "master",
#>   "checkout_id": "linaro:84cbd1a33ebde4124a71c2ce",
#>   "command": "make ARCH=arm64 -j32 image modules",
#>   "comment": "next-20261118",
#>   "tree_name": null,
#>   "git_commit_hash": "5c7f574f7991e366965a40b1e3180fcc8b518636",
#>   "git_commit_name": "next-20261118",
#>   "git_commit_tags": [ "next-20261118" ],
#>   "log_excerpt": "  CC      kernel/sched/core.o\n  AR      kernel/built-in.a\nfatal error: error in backend: Cannot sele...",
#>   "input_files": null,
#>   "output_files": [
#>     {
#>       "url": "https://storage.tuxsuite.com/public/linaro/lkft/builds/l1Ao62umB2FaMEtWI7GjLB4mLk2/build.log.gz",
#>       "name": "build_log"
#>     }
#>   ],
#>   "build_origin": "linaro"
#> }
