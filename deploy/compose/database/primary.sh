#!/usr/bin/env bash
# Run once by PostgreSQL's image in a new primary: the role of standbys, and from where they may come.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --set=password="$REPLICATION_PASSWORD" \
  --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --no-psqlrc <<'SQL'
create role replication with replication login password :'password';
SQL
echo "host replication replication samenet scram-sha-256" >>"$PGDATA/pg_hba.conf"
