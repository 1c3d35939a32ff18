#!/bin/bash
# Runs one of two PostgreSQL servers, NAME, of which PRIMARY takes writes. One without data makes it, if it is PRIMARY, and
# copies PRIMARY's otherwise. A standby that is PRIMARY now is promoted.
set -euo pipefail

SECRETS=${SECRETS:-/run/secrets}

new() {
  initdb --pgdata="$PGDATA.new" --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  # The superuser comes in from this very machine only.
  cat >"$PGDATA.new/pg_hba.conf" <<END
local all         postgres     peer
host  guise       guise    all scram-sha-256
host  replication standby  all scram-sha-256
END
  postgres --single -D "$PGDATA.new" postgres >/dev/null <<END
CREATE ROLE guise LOGIN PASSWORD '$(cat "$SECRETS/database")'
CREATE ROLE standby LOGIN REPLICATION PASSWORD '$(cat "$SECRETS/standby")'
CREATE DATABASE guise OWNER guise
END
}

copy() {
  until pg_isready --quiet --host="$PRIMARY"; do
    echo "waiting for $PRIMARY"
    sleep 1
  done
  PGPASSWORD=$(cat "$SECRETS/standby") pg_basebackup --pgdata="$PGDATA.new" \
    --dbname="host=$PRIMARY user=standby application_name=standby" --write-recovery-conf --checkpoint=fast
  # Once promoted it must not wait for a standby that it does not have.
  sed -i '/^synchronous_standby_names/d' "$PGDATA.new/postgresql.auto.conf"
}

promote() {
  local quietly="-c listen_addresses="
  pg_ctl --pgdata="$PGDATA" --wait --options="$quietly $*" start
  pg_ctl --pgdata="$PGDATA" --wait promote
  pg_ctl --pgdata="$PGDATA" --wait stop
}

if [ ! -e "$PGDATA/PG_VERSION" ]; then
  rm -rf "$PGDATA.new"
  if [ "$NAME" = "$PRIMARY" ]; then new; else copy; fi
  # Half of it is never taken for all.
  mv "$PGDATA.new" "$PGDATA"
elif [ "$NAME" = "$PRIMARY" ] && [ -e "$PGDATA/standby.signal" ]; then
  promote "$@"
elif [ "$NAME" != "$PRIMARY" ] && [ ! -e "$PGDATA/standby.signal" ]; then
  echo "$NAME took writes once, and $PRIMARY does now: remove the volume of $NAME, and it becomes the standby" >&2
  exit 1
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
