#!/usr/bin/env bash
# Rehearses backup and restore with a PostgreSQL of its own, in a temporary folder on a free port: dump and restore, base
# backup, WAL archive, restore to a moment before an accident. Ends with 0 when all of it worked.
#
#   deploy/backup/rehearse.sh            # as root it runs PostgreSQL as `postgres`
#
# PostgreSQL's programs are those of PATH, or of the newest version in /usr/lib/postgresql.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
program=${KERNELBOARD:-$(cd "$here/../.." && pwd)/bin/kernelboard}
# Some distributions link a few of them into PATH, and not the others.
if ! command -v initdb >/dev/null || ! command -v pg_verifybackup >/dev/null; then
  PATH=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1):$PATH
fi
command -v initdb >/dev/null || { echo "rehearse.sh: PostgreSQL's programs are not here" >&2; exit 1; }

work=$(mktemp -d)
chmod 755 "$work"
stop() {
  for data in "$work/data" "$work/restored"; do
    if [[ -e $data/postmaster.pid ]]; then as pg_ctl -D "$data" -m immediate stop >/dev/null; fi
  done
  rm -rf "$work"
}
trap stop EXIT

as() {
  if [[ $(id -u) == 0 ]]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups env PATH="$PATH" HOME="$work" "$@"
  else
    "$@"
  fi
}
free_port() {
  node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })'
}
check() {
  local what=$1 wanted=$2 got=$3
  [[ $got == "$wanted" ]] || { echo "rehearse.sh: $what: '$got', not '$wanted'" >&2; exit 1; }
  echo "ok: $what"
}
refused() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "rehearse.sh: $what was not refused" >&2; exit 1; fi
  echo "ok: $what is refused"
}

# Copies, as the account of PostgreSQL may not be able to enter the project.
install -d "$work/scripts"
install -m 755 "$here"/*.sh "$work/scripts"
install -d -m 777 "$work/backup"
if [[ $(id -u) == 0 ]]; then chown postgres "$work"; fi

PGPORT=$(free_port)
export PGHOST=127.0.0.1 PGUSER=postgres PGPORT
export DB_HOST=$PGHOST DB_PORT=$PGPORT DB_USER=$PGUSER DB_PASSWORD="" DB_NAME=dashboard

as initdb -D "$work/data" -U postgres --auth=trust --no-sync >/dev/null
as mkdir "$work/wal"
as tee -a "$work/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $PGPORT
unix_socket_directories = ''
archive_mode = on
archive_command = '$work/scripts/archive_wal.sh %p %f $work/wal'
CONF
as pg_ctl -D "$work/data" -w -l "$work/server.log" start >/dev/null
createdb dashboard
"$program" migrate >/dev/null 2>&1
mkdir "$work/spool"
cat >"$work/spool/1.json" <<'JSON'
{ "version": { "major": 5, "minor": 3 }, "tests": [{ "id": "o:t", "origin": "o", "build_id": "o:b" }] }
JSON
"$program" ingest --once --spool-dir "$work/spool" >/dev/null 2>&1

dump=$("$work/scripts/dump.sh" "$work/backup" 7)
KERNELBOARD=$program "$work/scripts/restore.sh" "$dump" restored >/dev/null
check "a dump restores every test" "$(psql -Atc 'select count(*) from tests' dashboard)" \
  "$(psql -Atc 'select count(*) from tests' restored)"
refused "a restore over a database" "$work/scripts/restore.sh" "$dump" restored
head -c 2000 "$dump" >"$work/broken.dump"
refused "half a dump" "$work/scripts/restore.sh" "$work/broken.dump" other

base=$(as "$work/scripts/base_backup.sh" "$work/backup/base" 2)
psql -qc "create table precious (n int)" -c "insert into precious values (1)" dashboard
moment=$(psql -Atc "select clock_timestamp()")
sleep 1
psql -qc "drop table precious" dashboard
segment=$(psql -Atc "select pg_walfile_name(pg_switch_wal())" dashboard)
for _ in $(seq 100); do
  if [[ -e $work/wal/$segment ]]; then break; fi
  sleep 0.1
done
as "$work/scripts/restore_to_time.sh" "$base" "$work/wal" "$work/restored" "$moment" >/dev/null
second=$(free_port)
as pg_ctl -D "$work/restored" -o "-p $second" -w -l "$work/restored.log" start >/dev/null
check "what was dropped is there again" 1 "$(psql -p "$second" -Atc 'select n from precious' dashboard)"
check "and all else" 1 "$(psql -p "$second" -Atc 'select count(*) from tests' dashboard)"
refused "a restore over a data directory" as "$work/scripts/restore_to_time.sh" "$base" "$work/wal" "$work/restored"
echo "backup and restore work"
