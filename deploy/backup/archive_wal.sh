#!/usr/bin/env bash
# PostgreSQL's archive_command: keeps a segment of the WAL, once and whole.
#
#   archive_mode = on
#   archive_command = '/opt/kernelboard/deploy/backup/archive_wal.sh %p %f /backup/wal'
set -euo pipefail

segment=${1:?usage: archive_wal.sh PATH NAME DIRECTORY}
name=${2:?usage: archive_wal.sh PATH NAME DIRECTORY}
directory=${3:?usage: archive_wal.sh PATH NAME DIRECTORY}

umask 077
target=$directory/$name
if [[ -e $target ]]; then
  # After a crash a segment comes again; another one under its name must not replace it.
  cmp --quiet "$segment" "$target"
  exit
fi
cp "$segment" "$target.part"
sync "$target.part"
mv "$target.part" "$target"
sync "$directory"
