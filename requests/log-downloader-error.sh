#!/usr/bin/env bash
# The same for a host that is not allowed: 400.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/log-downloader/" log_download_url==https://archlinux.org/
# curl -G "$BASE/api/log-downloader/" --data-urlencode log_download_url=https://archlinux.org/

#> {
#>   "error": "Invalid parameter 'log_download_url': must be the address of a directory of log files that this serv..."
#> }
