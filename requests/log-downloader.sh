#!/usr/bin/env bash
# The files of a directory of logs on another host.
source "$(dirname "$0")/lookup.sh"
LOG_DOWNLOAD_URL=${LOG_DOWNLOAD_URL:-https://storage.kernelci.org/broonie-sound/for-linus/v6.12-rc2-2-g8380dbf1b9ef6/riscv/defconfig/gcc-12/logs/}

http "$BASE/api/log-downloader/" log_download_url=="$LOG_DOWNLOAD_URL"
# curl -G "$BASE/api/log-downloader/" --data-urlencode log_download_url="$LOG_DOWNLOAD_URL"
