#!/usr/bin/env bash
# Makes a data directory of a base backup that PostgreSQL, started on it, brings to a moment with the archived WAL.
#
#   deploy/backup/restore_to_time.sh BASE WAL_DIRECTORY NEW_DATA_DIRECTORY [TIME]
#
# TIME is such as '2026-01-31 12:00:00+00'; without it, everything that was archived is replayed. NEW_DATA_DIRECTORY must
# not exist. Run it as the account that PostgreSQL runs as; then start the server: `pg_ctl -D NEW_DATA_DIRECTORY start`.
set -euo pipefail

usage="usage: restore_to_time.sh BASE WAL_DIRECTORY NEW_DATA_DIRECTORY [TIME]"
base=${1:?$usage}
wal=$(cd "${2:?$usage}" && pwd)
target=${3:?$usage}
time=${4-}

[[ ! -e $target ]] || { echo "restore_to_time.sh: $target exists; nothing is overwritten" >&2; exit 1; }
[[ $wal != *[\'\"\\%]* ]] || { echo "restore_to_time.sh: $wal has quotes, backslashes or % in its name" >&2; exit 2; }
[[ -z $time || $time =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}[\ T0-9:.+Z-]*$ ]] || { echo "restore_to_time.sh: '$time' is no time" >&2; exit 2; }

pg_verifybackup --quiet "$base"
cp -a "$base" "$target"
chmod 700 "$target"
{
  echo "restore_command = 'cp \"$wal/%f\" \"%p\"'"
  echo "recovery_target_action = 'promote'"
  [[ -z $time ]] || echo "recovery_target_time = '$time'"
  # The old server's archive is not written to from a second history unless somebody decides so.
  echo "archive_mode = off"
} >>"$target/postgresql.auto.conf"
touch "$target/recovery.signal"
echo "$target"
