#!/usr/bin/env bash
# A test.
source "$(dirname "$0")/lookup.sh"
TEST_ID=${TEST_ID:-$(failed_test)}

http "$BASE/api/test/$TEST_ID"
# curl "$BASE/api/test/$TEST_ID"

#> {
#>   "field_timestamp": "2026-11-27T05:23:36.307012Z",
#>   "id": "maestro:f803be794010a5fd346967ec",
#>   "build_id": "maestro:01dacfff551526d81142b566",
#>   "status": "ERROR",
#>   "path": "boot",
#>   "log_excerpt": "[    1.110006] Booting Linux on physical CPU 0x0\n[    1.720006] Machine model: sun50i-h6-pine-h64\n[ ...",
#>   "log_url": "https://files.kernelci.org/baseline-4cf118fc881ffa398a395388/log.txt.gz",
#>   "misc": {
#>     "arch": "arm64",
#>     "runtime": "lava-broonie",
#>     "compiler": "gcc-14",
#>     "error_msg": "auto-login-action timed out after 300 seconds",
#>     "error_code": "Test",
#>     "kernel_type": "image"
#>   },
#>   "environment_misc": {
#>     "job_id": "20269126",
#>     "job_url": "https://lava-broonie.example.org/scheduler/job/20269126",
#>     "platform": "sun50i-h6-pine-h64"
#>   },
#>   "start_time": "2026-11-26T19:16:05.019000Z",
#>   "environment_compatible": [ "pine64,pine-h64", "... 1 more" ],
#>   "output_files": [
#>     {
#>       "url": "https://files.kernelci.org/baseline-4cf118fc881ffa398a395388/lava_callback.json.gz",
#>       "name": "callback_data"
#>     }
#>   ],
#>   "input_files": null,
#>   "compiler": "gcc-14",
#>   "architecture": "arm64",
#>   "config_name": "defconfig+lab-setup+kselftest",
#>   "git_commit_hash": "e57827e8fcfda9624f2ab489de79f892d3f15c58",
#>   "git_repository_branch": "linux-6.12.y",
#>   "git_repository_url": "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux-stable-rc.git",
#>   "git_commit_tags": [],
#>   "tree_name": "stable-rc",
#>   "origin": "maestro",
#>   "test_origin": "maestro"
#> }
