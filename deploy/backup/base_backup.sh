#!/usr/bin/env bash
# A physical backup: with the WAL that archive_wal.sh keeps, the server of any moment after it.
#
#   deploy/backup/base_backup.sh DIRECTORY [KEEP]
#
# Writes DIRECTORY/base-<time>, verified, and keeps the newest KEEP (2). The role needs REPLICATION; PGHOST, PGPORT,
# PGUSER and PGPASSWORD say where and who.
set -euo pipefail

directory=${1:?usage: base_backup.sh DIRECTORY [KEEP]}
keep=${2:-2}
[[ $keep =~ ^[1-9][0-9]{0,2}$ ]] || { echo "base_backup.sh: KEEP is '$keep', not a whole number from 1" >&2; exit 2; }

umask 077
mkdir -p "$directory"
target=$directory/base-$(date -u +%Y%m%dT%H%M%SZ)
trap 'rm -rf "$target.part"' EXIT
pg_basebackup --pgdata="$target.part" --format=plain --wal-method=stream --checkpoint=fast --no-password
pg_verifybackup --quiet "$target.part"
mv "$target.part" "$target"
find "$directory" -maxdepth 1 -type d -name 'base-*Z' | sort -r | tail -n "+$((keep + 1))" | xargs --no-run-if-empty rm -rf
echo "$target"
