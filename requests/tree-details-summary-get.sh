#!/usr/bin/env bash
# Counts of a commit, and what it may be filtered by, by hash, repository and branch.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$COMMIT_HASH/summary" \
  origin=="$ORIGIN" \
  git_url=="$GIT_URL" \
  git_branch=="$GIT_BRANCH"
# curl -G "$BASE/api/tree/$COMMIT_HASH/summary" \
#   --data-urlencode origin="$ORIGIN" \
#   --data-urlencode git_url="$GIT_URL" \
#   --data-urlencode git_branch="$GIT_BRANCH"

#> {
#>   "common": {
#>     "hardware": [ "Unknown", "... 10 more" ],
#>     "tree_url": "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
#>     "git_commit_tags": []
#>   },
#>   "summary": {
#>     "builds": {
#>       "status": { "PASS": 8, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>       "origins": {
#>         "maestro": { "PASS": 8, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 }
#>       },
#>       "architectures": {
#>         "x86_64": {
#>           "PASS": 3,
#>           "ERROR": 0,
#>           "FAIL": 0,
#>           "SKIP": 0,
#>           "MISS": 0,
#>           "DONE": 0,
#>           "NULL": 1,
#>           "compilers": [ "clang-21", "... 2 more" ]
#>         },
#>         "...": "4 more"
#>       },
#>       "configs": {
#>         "defconfig+kunit": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>         "...": "8 more"
#>       },
#>       "labs": {
#>         "maestro": { "PASS": 8, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 }
#>       },
#>       "issues": [],
#>       "unknown_issues": 0
#>     },
#>     "boots": {
#>       "status": { "PASS": 9, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>       "origins": {
#>         "ti": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>         "maestro": { "PASS": 7, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>         "arm": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "architectures": [
#>         {
#>           "arch": "arm64",
#>           "compiler": "gcc-14",
#>           "status": { "PASS": 9, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>         },
#>         "... 1 more"
#>       ],
#>       "configs": {
#>         "defconfig+lab-setup+kselftest": { "PASS": 6, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>         "defconfig+lab-setup+arm64-chromebook+CONFIG_MODULE_COMPRESS=n+CONFIG_MODULE_COMPRESS_NONE=y": { "PASS": 3, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>         "defconfig+kselftest": { "PASS": 0, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 }
#>       },
#>       "labs": {
#>         "lava-baylibre": { "PASS": 1, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>         "...": "4 more"
#>       },
#>       "issues": [],
#>       "unknown_issues": 0,
#>       "fail_reasons": {},
#>       "failed_platforms": [],
#>       "environment_compatible": {
#>         "zii,imx8mq-ultra-zest": { "PASS": 1 },
#>         "arm,fvp-base-revc": { "PASS": 1 },
#>         "pine64,pine-h64": { "PASS": 1 },
#>         "libretech,aml-s905x-cc": { "PASS": 1 },
#>         "ti,am69-sk": { "PASS": 1 },
#>         "mediatek,mt8395-evk": { "PASS": 1 },
#>         "google,tomato-rev2": { "PASS": 1 },
#>         "sifive,hifive-unmatched-a00": { "NULL": 1 },
#>         "google,lazor-rev5-sku4": { "PASS": 1 },
#>         "google,steelix-sku131072": { "PASS": 1 }
#>       },
#>       "environment_misc": {},
#>       "platforms": null
#>     },
#>     "tests": {
#>       "status": { "PASS": 17, "ERROR": 0, "FAIL": 0, "SKIP": 2, "MISS": 0, "DONE": 0, "NULL": 2 },
#>       "origins": {
#>         "maestro": { "PASS": 13, "ERROR": 0, "FAIL": 0, "SKIP": 2, "MISS": 0, "DONE": 0, "NULL": 1 },
#>         "arm": { "PASS": 2, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>         "ti": { "PASS": 2, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "architectures": [
#>         {
#>           "arch": "arm64",
#>           "compiler": "gcc-14",
#>           "status": { "PASS": 17, "ERROR": 0, "FAIL": 0, "SKIP": 2, "MISS": 0, "DONE": 0, "NULL": 1 }
#>         },
#>         "... 1 more"
#>       ],
#>       "configs": {
#>         "defconfig+lab-setup+kselftest": { "PASS": 12, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>         "defconfig+kunit": { "PASS": 0, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 1 },
#>         "defconfig+lab-setup+arm64-chromebook+CONFIG_MODULE_COMPRESS=n+CONFIG_MODULE_COMPRESS_NONE=y": { "PASS": 5, "ERROR": 0, "FAIL": 0, "SKIP": 2, "MISS": 0, "DONE": 0, "NULL": 0 }
#>       },
#>       "labs": {
#>         "lava-broonie": { "PASS": 4, "ERROR": 0, "FAIL": 0, "SKIP": 0, "MISS": 0, "DONE": 0, "NULL": 0 },
#>         "...": "5 more"
#>       },
#>       "issues": [],
#>       "unknown_issues": 0,
#>       "fail_reasons": {},
#>       "failed_platforms": [],
#>       "environment_compatible": {
#>         "ti,am69-sk": { "PASS": 2 },
#>         "pine64,pine-h64": { "PASS": 2 },
#>         "mediatek,mt8395-evk": { "PASS": 2 },
#>         "libretech,aml-s905x-cc": { "PASS": 2 },
#>         "arm,fvp-base-revc": { "NULL": 1, "PASS": 2 },
#>         "zii,imx8mq-ultra-zest": { "PASS": 2 },
#>         "google,lazor-rev5-sku4": { "PASS": 1, "SKIP": 1 },
#>         "google,tomato-rev2": { "PASS": 2 },
#>         "google,steelix-sku131072": { "PASS": 2, "SKIP": 1 }
#>       },
#>       "environment_misc": {
#>         "Unknown": { "NULL": 1 }
#>       },
#>       "platforms": null
#>     }
#>   },
#>   "filters": {
#>     "all": {
#>       "configs": [ "defconfig+kselftest", "... 8 more" ],
#>       "architectures": [ "arm", "... 4 more" ],
#>       "compilers": [ "clang-21", "... 2 more" ]
#>     },
#>     "builds": {
#>       "issues": [],
#>       "origins": [ "maestro" ],
#>       "has_unknown_issue": false,
#>       "labs": [ "maestro" ]
#>     },
#>     "boots": {
#>       "issues": [],
#>       "origins": [ "arm", "... 2 more" ],
#>       "has_unknown_issue": false,
#>       "labs": [ "arm-lab", "... 4 more" ]
#>     },
#>     "tests": {
#>       "issues": [],
#>       "origins": [ "arm", "... 2 more" ],
#>       "has_unknown_issue": false,
#>       "labs": [ "arm-lab", "... 5 more" ]
#>     }
#>   }
#> }
