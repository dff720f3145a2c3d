#!/usr/bin/env bash
# A logical backup: one file that any PostgreSQL of the same or a later version can restore, as of one moment.
#
#   deploy/backup/dump.sh DIRECTORY [DAYS]
#
# Writes DIRECTORY/<database>-<time>.dump, and removes dumps that are older than DAYS days (14). The server is that of
# DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD.
set -euo pipefail

directory=${1:?usage: dump.sh DIRECTORY [DAYS]}
days=${2:-14}
[[ $days =~ ^[1-9][0-9]{0,4}$ ]] || { echo "dump.sh: DAYS is '$days', not a whole number from 1" >&2; exit 2; }
export PGHOST=${DB_HOST:-127.0.0.1} PGPORT=${DB_PORT:-5432} PGUSER=${DB_USER:-admin} PGPASSWORD=${DB_PASSWORD-}
name=${DB_NAME:-dashboard}

umask 077
mkdir -p "$directory"
file=$directory/$name-$(date -u +%Y%m%dT%H%M%SZ).dump
trap 'rm -f "$file.part"' EXIT
pg_dump --format=custom --compress=6 --no-owner --no-privileges --no-password --file="$file.part" "$name"
# A dump whose list cannot be read is none.
pg_restore --list "$file.part" >/dev/null
mv "$file.part" "$file"
find "$directory" -maxdepth 1 -name "$name-*.dump" -mtime "+$days" -delete
echo "$file"
