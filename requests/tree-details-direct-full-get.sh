#!/usr/bin/env bash
# Builds, boots and tests of a commit, with their summary, by tree, branch and hash.
source "$(dirname "$0")/lookup.sh"
COMMIT_HASH=${COMMIT_HASH:-$(commit)}

http "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/full" origin=="$ORIGIN"
# curl -G "$BASE/api/tree/$TREE_NAME/$GIT_BRANCH/$COMMIT_HASH/full" --data-urlencode origin="$ORIGIN"

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
#>   },
#>   "tests": [
#>     {
#>       "id": "arm:b9c423be4f1a329cb968a628",
#>       "origin": "arm",
#>       "status": "NULL",
#>       "duration": null,
#>       "start_time": "2026-11-27T05:20:56.479000Z",
#>       "environment_compatible": [ "arm,fvp-base-revc", "... 1 more" ],
#>       "config": "defconfig+lab-setup+kselftest",
#>       "log_url": null,
#>       "architecture": "arm64",
#>       "compiler": "gcc-14",
#>       "lab": "arm-lab",
#>       "path": "kselftest.futex.futex_requeue_pi",
#>       "environment_misc": { "platform": "fvp-aemva" }
#>     },
#>     "... 20 more"
#>   ],
#>   "boots": [
#>     {
#>       "id": "maestro:261dddd5aa333a4d0f3dddc9",
#>       "origin": "maestro",
#>       "status": "NULL",
#>       "duration": null,
#>       "start_time": "2026-11-27T05:19:25.205000Z",
#>       "environment_compatible": [ "sifive,hifive-unmatched-a00", "... 2 more" ],
#>       "config": "defconfig+kselftest",
#>       "log_url": null,
#>       "architecture": "riscv",
#>       "compiler": "gcc-14",
#>       "lab": "lava-baylibre",
#>       "path": "boot",
#>       "environment_misc": { "platform": "fu740-hifive-unmatched" }
#>     },
#>     "... 9 more"
#>   ],
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
