#!/usr/bin/env bash
# CI systems that sent something lately.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/origins/"
# curl "$BASE/api/origins/"
