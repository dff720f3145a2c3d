#!/usr/bin/env bash
# Builds of a commit, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/builds" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/builds" --data-urlencode origin="$ORIGIN"

#> {
#>   "builds": [
#>     {
#>       "id": "maestro:7ea606792126bf5e2ee49ed6",
#>       "origin": "maestro",
#>       "architecture": "arm",
#>       "config_name": "multi_v7_defconfig+kselftest",
#>       "config_url": "https://files.kernelci.org/kbuild-gcc-14-arm-7ea606792126bf5e2ee49ed6/config/kernel.config",
#>       "compiler": "gcc-14",
#>       "status": "PASS",
#>       "duration": 672.018,
#>       "log_url": "https://files.kernelci.org/kbuild-gcc-14-arm-7ea606792126bf5e2ee49ed6/build.log.gz",
#>       "start_time": "2026-11-27T04:55:22.028000Z",
#>       "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>       "git_repository_branch": "master",
#>       "misc": {
#>         "lab": "maestro",
#>         "runtime": "k8s-all",
#>         "platform": "kubernetes",
#>         "kernel_type": "zimage",
#>         "automatic_lab": "k8s-all",
#>         "maestro_viewer": "https://api.kernelci.org/viewer?node_id=7ea606792126bf5e2ee49ed6"
#>       }
#>     },
#>     "... 8 more"
#>   ]
#> }
