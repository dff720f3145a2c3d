#!/usr/bin/env bash
# A PostgreSQL primary and its streaming replicas on this machine, for trying them. README.md tells how it is done on
# several. Nothing asks for a password here, so nothing but this machine may connect.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: try.sh COMMAND [NODE] [options]

  start         makes the primary and its replicas where they are missing, and starts them
  start NODE    starts one of them: primary, replica1, replica2, ...
  stop [NODE]   stops all, or one
  status        who streams, and how far behind it is
  clean         stops all and removes the directory

Options:
  --dir DIR      where they live                          (default: ./replicas-data)
  --ports LIST   ports: the primary's, then each replica's (default: 5440,5441,5442)
  --bin DIR      PostgreSQL's programs                    (default: pg_config --bindir, or the newest of Debian's)

Examples:
  deploy/replicas/try.sh start
  deploy/replicas/try.sh stop replica1
  deploy/replicas/try.sh clean
TEXT
}

fail() {
  echo "try.sh: $1" >&2
  exit "${2:-1}"
}

command=""
node=""
dir="./replicas-data"
ports="5440,5441,5442"
bin=""
while (($# > 0)); do
  case "$1" in
    -h | --help)
      usage
      exit 0
      ;;
    --dir | --ports | --bin)
      (($# > 1)) || fail "$1 needs a value" 2
      declare "${1#--}=$2"
      shift 2
      ;;
    -*) fail "unknown option $1; see --help" 2 ;;
    *)
      if [[ -z $command ]]; then command="$1"; else node="$1"; fi
      shift
      ;;
  esac
done
[[ -n $command ]] || { usage >&2; exit 2; }
[[ $ports =~ ^[0-9]+(,[0-9]+)+$ ]] || fail "--ports: '$ports' is not a list of at least two ports" 2
IFS=, read -r -a port_list <<<"$ports"
[[ -z $node || $node == primary || ($node =~ ^replica[0-9]+$ && ${node#replica} -ge 1 && ${node#replica} -lt ${#port_list[@]}) ]] ||
  fail "there is no node '$node' on the ports $ports" 2

find_programs() {
  local candidate
  for candidate in "$bin" "$(pg_config --bindir 2>/dev/null || true)" \
    "$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)"; do
    if [[ -n $candidate && -x $candidate/initdb && -x $candidate/pg_basebackup ]]; then
      bin="$candidate"
      return
    fi
  done
  fail "PostgreSQL's programs are not found; name their directory with --bin"
}

# PostgreSQL refuses to run as root.
account=""
if [[ $(id -u) == 0 ]]; then
  account=postgres
  id "$account" >/dev/null 2>&1 || account=nobody
fi
run() {
  if [[ -n $account ]]; then (cd / && runuser -u "$account" -- "$@"); else "$@"; fi
}
sql() {
  run "$bin/psql" -X -q -h 127.0.0.1 -p "${port_list[0]}" -U postgres -d postgres -v ON_ERROR_STOP=1 "$@"
}

is_running() {
  run "$bin/pg_ctl" -D "$dir/$1" status >/dev/null 2>&1
}
start_node() {
  if is_running "$1"; then return; fi
  run "$bin/pg_ctl" -D "$dir/$1" -l "$dir/$1.log" -w -t 60 start >/dev/null ||
    fail "$1 does not start; its log is $dir/$1.log"
}
stop_node() {
  if [[ -d $dir/$1 ]] && is_running "$1"; then
    run "$bin/pg_ctl" -D "$dir/$1" -m fast -w -t 60 stop >/dev/null
  fi
}
all_nodes() {
  local index
  echo primary
  for ((index = 1; index < ${#port_list[@]}; index++)); do echo "replica$index"; done
}

make_primary() {
  run "$bin/initdb" -D "$dir/primary" -U postgres --auth=trust --encoding=UTF8 --locale=C --no-instructions >/dev/null
  run tee -a "$dir/primary/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = ${port_list[0]}
wal_level = replica
# A replica that stays away does not fill the primary's disk: then it has to be made anew.
max_slot_wal_keep_size = 2GB
# On a replica: rows that its statements see stay on the primary; what still conflicts is ended soon (and asked of the
# primary), so that replay does not wait for it.
hot_standby_feedback = on
max_standby_streaming_delay = 500ms
# A lost connection is noticed and made again soon.
wal_sender_timeout = 10s
wal_receiver_timeout = 10s
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 500ms
CONF
  start_node primary
  sql -c "create role replicator login replication"
}

make_replica() {
  local name="replica$1"
  run "$bin/pg_basebackup" -D "$dir/$name" \
    --dbname="host=127.0.0.1 port=${port_list[0]} user=replicator application_name=$name" \
    --write-recovery-conf --wal-method=stream --checkpoint=fast --create-slot --slot="$name" ||
    fail "$name could not be copied from the primary"
  # The last line of a name counts.
  run tee -a "$dir/$name/postgresql.conf" >/dev/null <<<"port = ${port_list[$1]}"
}

start_all() {
  local index
  if [[ ! -d $dir ]]; then
    mkdir -p "$dir"
    [[ -z $account ]] || chown "$account" "$dir"
    dir="$(cd "$dir" && pwd)"
    [[ -z $account ]] || run test -w "$dir" ||
      fail "the account $account, which PostgreSQL runs as here, cannot enter $dir; name another with --dir"
  fi
  dir="$(cd "$dir" && pwd)"
  if [[ -d $dir/primary ]]; then start_node primary; else make_primary; fi
  for ((index = 1; index < ${#port_list[@]}; index++)); do
    [[ -d $dir/replica$index ]] || make_replica "$index"
    start_node "replica$index"
  done
  echo "primary on 127.0.0.1:${port_list[0]}; for kernelboard:"
  echo "export DB_HOST=127.0.0.1 DB_PORT=${port_list[0]} DB_USER=postgres DB_PASSWORD= DB_NAME=postgres"
  echo "export DB_REPLICA_URLS=$(printf 'postgres://127.0.0.1:%s,' "${port_list[@]:1}" | sed 's/,$//')"
}

if [[ $command != start || -n $node ]]; then
  [[ -d $dir ]] || fail "there is nothing in $dir; begin with start"
  dir="$(cd "$dir" && pwd)"
fi
find_programs
case "$command" in
  start)
    if [[ -n $node ]]; then start_node "$node"; else start_all; fi
    ;;
  stop)
    if [[ -n $node ]]; then
      stop_node "$node"
    else
      # Replicas last, so that they get what the primary writes when it stops.
      all_nodes | while read -r name; do stop_node "$name"; done
    fi
    ;;
  status)
    sql -c "select application_name, s.slot_name, state, sent_lsn, replay_lsn,
        pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) as bytes_behind, s.wal_status
      from pg_replication_slots s left join pg_stat_replication r on r.pid = s.active_pid order by s.slot_name"
    ;;
  clean)
    [[ -f $dir/primary/PG_VERSION ]] || fail "$dir holds no primary of this script"
    all_nodes | while read -r name; do stop_node "$name"; done
    rm -rf -- "${dir:?}"
    ;;
  *) fail "unknown command $command; see --help" 2 ;;
esac
