#!/usr/bin/env bash
# An issue, in a version; without a version, the newest one.
source "$(dirname "$0")/lookup.sh"
ISSUE_ID=${ISSUE_ID:-maestro:1748706e55b5b0fbc765decb19afedf3a4125787}
VERSION=${VERSION:-1}

http "$BASE/api/issue/$ISSUE_ID" version=="$VERSION"
# curl -G "$BASE/api/issue/$ISSUE_ID" --data-urlencode version="$VERSION"

#> {
#>   "field_timestamp": "2026-11-27T05:23:06.125000Z",
#>   "id": "maestro:1748706e55b5b0fbc765decb19afedf3a4125787",
#>   "version": 1,
#>   "origin": "maestro",
#>   "report_url": null,
#>   "report_subject": null,
#>   "culprit_code": true,
#>   "culprit_tool": false,
#>   "culprit_harness": false,
#>   "comment": "NULL pointer dereference in rockchip_pcie_probe [logspec:generic_linux_boot,linux.kernel.null_pointe...",
#>   "misc": {
#>     "logspec": {
#>       "error": {
#>         "error_type": "linux.kernel.null_pointer_dereference",
#>         "log_excerpt": "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010\nCPU: 4 UID: 0 P...",
#>         "error_summary": "NULL pointer dereference in rockchip_pcie_probe",
#>         "signature_fields": [ "error_type", "... 1 more" ]
#>       },
#>       "parser": "generic_linux_boot",
#>       "version": "1.0.0"
#>     }
#>   },
#>   "categories": [ "boot", "... 1 more" ],
#>   "extra": {
#>     "maestro:1748706e55b5b0fbc765decb19afedf3a4125787": {
#>       "first_incident": {
#>         "first_seen": "2026-11-27T05:23:15.276013Z",
#>         "git_commit_hash": "3a59851197ba1f0c23c7af554abb63097d3a04ac",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git",
#>         "git_repository_branch": "master",
#>         "git_commit_name": "next-20261117",
#>         "tree_name": "next",
#>         "issue_version": 1,
#>         "checkout_id": "maestro:dc07a4411c3ea7916148b723"
#>       },
#>       "last_incident": {
#>         "first_seen": "2026-11-27T05:23:41.854021Z",
#>         "git_commit_hash": "8adcceb6765b5ae81b192d8e49803da0c1d863c9",
#>         "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git",
#>         "git_repository_branch": "master",
#>         "git_commit_name": "next-20261127",
#>         "tree_name": "next",
#>         "issue_version": 2,
#>         "checkout_id": "maestro:9b5934d3314cd4e0eaaa0604"
#>       },
#>       "versions": {
#>         "1": {
#>           "id": "maestro:1748706e55b5b0fbc765decb19afedf3a4125787",
#>           "version": 1,
#>           "trees": [
#>             { "tree_name": "mainline", "git_repository_branch": "master" },
#>             "... 1 more"
#>           ],
#>           "tags": [ "mainline", "... 1 more" ]
#>         }
#>       }
#>     }
#>   }
#> }
