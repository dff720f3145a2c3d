#!/usr/bin/env bash
# Writes schema.yml, the API's description, anew. No database is needed.
set -euo pipefail
cd "$(dirname "$0")"

npm run --silent build:server
exec node bin/kernelboard spectacular --file schema.yml
