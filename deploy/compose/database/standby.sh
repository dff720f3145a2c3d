#!/usr/bin/env bash
# A standby: copies the primary the first time, and follows it from then on.
set -euo pipefail
export PGPASSWORD=$REPLICATION_PASSWORD

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  # A copy that was interrupted is begun anew.
  find "$PGDATA" -mindepth 1 -delete
  pg_basebackup --host="$PRIMARY_HOST" --port="${PRIMARY_PORT:-5432}" --username=replication --pgdata="$PGDATA" \
    --wal-method=stream --write-recovery-conf --checkpoint=fast --no-password
  chmod 700 "$PGDATA"
fi
exec postgres -D "$PGDATA" -c hot_standby=on -c hot_standby_feedback=on -c max_standby_streaming_delay=30s
