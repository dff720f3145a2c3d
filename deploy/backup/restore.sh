#!/usr/bin/env bash
# Restores a file of dump.sh into a new database, and checks the derived tables.
#
#   deploy/backup/restore.sh FILE DATABASE
#
# DATABASE must not exist: nothing is overwritten. Point DB_NAME at it when all is well. The server is that of DB_HOST,
# DB_PORT, DB_USER, DB_PASSWORD; KERNELBOARD names the program (default: bin/kernelboard beside this script's project).
set -euo pipefail

file=${1:?usage: restore.sh FILE DATABASE}
name=${2:?usage: restore.sh FILE DATABASE}
export PGHOST=${DB_HOST:-127.0.0.1} PGPORT=${DB_PORT:-5432} PGUSER=${DB_USER:-admin} PGPASSWORD=${DB_PASSWORD-}
kernelboard=${KERNELBOARD:-$(cd "$(dirname "$0")/../.." && pwd)/bin/kernelboard}

pg_restore --list "$file" >/dev/null
createdb --no-password --template=template0 --encoding=UTF8 "$name"
if ! pg_restore --exit-on-error --no-owner --no-privileges --no-password --jobs="${JOBS:-2}" --dbname="$name" "$file"; then
  dropdb --no-password "$name"
  echo "restore.sh: $file could not be restored; $name was removed again" >&2
  exit 1
fi
psql --no-psqlrc --no-password --quiet --dbname="$name" --command=analyze
DB_HOST=$PGHOST DB_PORT=$PGPORT DB_USER=$PGUSER DB_PASSWORD=$PGPASSWORD DB_NAME=$name "$kernelboard" rollups verify
echo "restored into $name"
