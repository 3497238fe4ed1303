"""PostgreSQL: the pool, which failures pass, COPY, and the migration runner."""

from shared.postgres.copy import copy_new
from shared.postgres.failures import TOOK_TOO_LONG, TRANSIENT
from shared.postgres.migrations import (
    MigrationError,
    Phase,
    migrate,
    migrations_of,
    missing_migrations,
    packages_of,
    prepare_database,
)
from shared.postgres.pool import Connection, Pool, begin, create_pool, database_url, role_name, use_quick_times

__all__ = [
    "TOOK_TOO_LONG",
    "TRANSIENT",
    "Connection",
    "MigrationError",
    "Phase",
    "Pool",
    "begin",
    "copy_new",
    "create_pool",
    "database_url",
    "migrate",
    "migrations_of",
    "missing_migrations",
    "packages_of",
    "prepare_database",
    "role_name",
    "use_quick_times",
]
