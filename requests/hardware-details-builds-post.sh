#!/usr/bin/env bash
# Builds that ran on a piece of hardware.
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
http POST "$BASE/api/hardware/$HARDWARE/builds" <<<"$BODY"
# curl "$BASE/api/hardware/$HARDWARE/builds" -d "$BODY"

#> {
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
#>   ]
#> }
