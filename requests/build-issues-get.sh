#!/usr/bin/env bash
# Known issues of a build.
source "$(dirname "$0")/lookup.sh"
BUILD_ID=${BUILD_ID:-$(failed_build)}

http "$BASE/api/build/$BUILD_ID/issues"
# curl "$BASE/api/build/$BUILD_ID/issues"

#> [
#>   {
#>     "id": "maestro:9dffb2e99f882e7cbe60f2de5cf2ec4e36aacba7",
#>     "version": 1,
#>     "comment": "clang crashes with 'fatal error: error in backend' on lib/raid6/neon8.c [logspec:kbuild,kbuild.compi...",
#>     "report_url": "https://github.com/llvm/llvm-project/issues/900000",
#>     "incidents_info": { "PASS": 0, "ERROR": 0, "FAIL": 1, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>   }
#> ]
