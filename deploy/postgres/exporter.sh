#!/bin/sh
# Run once, by the image of PostgreSQL when its volume is new: the role of postgres_exporter, which reads statistics alone.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$PLAUDIT_EXPORTER_PASSWORD" --username="$POSTGRES_USER" <<'SQL'
create role plaudit_exporter login in role pg_monitor password :'password';
SQL
