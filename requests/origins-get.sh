#!/usr/bin/env bash
# CI systems that sent something lately.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/origins/"
# curl "$BASE/api/origins/"

#> {
#>   "checkout_origins": [ "broonie", "... 4 more" ],
#>   "test_origins": [ "0dayci", "... 9 more" ]
#> }
