"""PostgreSQL: the pool, which failures pass, and the migration runner.

Each service has one database and one role of the same name, `plaudit_<service>`. Migrations run as the
administrator, who owns the tables; the service's role may only read and write rows.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.settings import ServiceSettings

#: What SQL runs on: a connection of its own or one lent by the pool.
Connection = asyncpg.Connection | PoolConnectionProxy

#: What PostgreSQL counts a timestamptz from, and in.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: After so many queries a connection is replaced, and one that nobody needs is closed after so long: what the
#: driver's own pools do.
QUERIES_MAX_COUNT = 50_000
IDLE_SECONDS = 300.0

#: A copy under a savepoint takes four round trips and an insert one: up to some 70 rows that is the greater cost.
COPY_MIN_COUNT = 64

#: A server that ends tells its clients why, and then closes their connections: within this time.
LAST_WORDS_SECONDS = 1.0

MIGRATION_LOCK = 0x706C6175  # "plau": one migration at a time per database

#: Failures that pass by themselves: the same transaction is tried again. An InterfaceError is not one of them:
#: most are mistakes of ours (a wrong number of arguments), which would be tried again for ever.
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.exceptions.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.exceptions.OperatorInterventionError,  # shutdown, starting up, cancelled
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.PostgresSystemError,
)


class MigrationError(Exception):
    """A migration that was applied has changed, or one failed; the message says which and what to do."""


def role_name(service: str) -> str:
    """The database and role of a service."""
    return f"plaudit_{service}"


def database_url(server_url: str, database: str, user: str | None = None, password: str | None = None) -> str:
    """`server_url` with another database, and another user and password when given."""
    parts = urlsplit(server_url)
    netloc = parts.netloc
    if user is not None:
        host = netloc.rpartition("@")[2]
        netloc = f"{user}:{password}@{host}" if password else f"{user}@{host}"
    return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))


async def create_pool(service: str, settings: ServiceSettings) -> asyncpg.Pool:
    """The service's connections, as its own role on its own database.

    Whoever waits for one longer than `pool_acquire_seconds` gets TimeoutError, which is TRANSIENT.
    """
    role = role_name(service)
    pool = _Pool(
        database_url(settings.postgres_url, role, role, settings.postgres_password),
        acquire_seconds=settings.pool_acquire_seconds,
        init=use_quick_times,
        reset=_leave_as_it_is,
        min_size=settings.pool_min_count,
        max_size=settings.pool_max_count,
        max_queries=QUERIES_MAX_COUNT,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        loop=None,
        command_timeout=settings.statement_seconds,
        timeout=settings.pool_acquire_seconds,
        server_settings={
            "application_name": role,
            "jit": "off",
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": str(int(settings.idle_transaction_seconds * 1000)),
        },
    )
    return await pool


class _Pool(asyncpg.Pool):
    """A pool that lets nobody wait for a connection for ever; the driver's own has no such setting."""

    def __init__(self, *connect_args: Any, acquire_seconds: float, **options: Any) -> None:
        super().__init__(*connect_args, **options)
        self.acquire_seconds = acquire_seconds

    def acquire(self, *, timeout: float | None = None) -> Any:
        return super().acquire(timeout=self.acquire_seconds if timeout is None else timeout)


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Save a round trip after every transaction: nothing here changes a session (open transactions are ended)."""


async def use_quick_times(connection: asyncpg.Connection) -> None:
    """Let the driver write a moment in 0.3 µs instead of 0.6, or 0.7 instead of 1.0 in a parsed time zone."""
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=lambda moment: ((moment - _EPOCH) // _MICROSECOND,),
        decoder=lambda stored: _EPOCH + timedelta(microseconds=stored[0]),
        format="tuple",
    )


@asynccontextmanager
async def begin(pool: asyncpg.Pool, *, snapshot: bool = False) -> AsyncIterator[Connection]:
    """A connection within a transaction: committed at the end, rolled back when anything is raised.

    With `snapshot` it only reads, and every statement sees the database as it was at the first.

    Raises asyncpg.ConnectionDoesNotExistError when the connection was lost meanwhile, whichever call noticed
    it first; the client says InterfaceError or InternalClientError then, as it does for mistakes, which stay what
    they are.
    """
    async with pool.acquire() as connection:
        try:
            async with connection.transaction(
                isolation="repeatable_read" if snapshot else None,
                readonly=snapshot,
            ):
                yield connection
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            if not await _is_lost(connection):
                raise
            raise asyncpg.ConnectionDoesNotExistError(f"the connection was lost: {error}") from error


async def copy_new(
    conn: Connection, table: str, columns: Sequence[str], records: Collection[Sequence[Any]]
) -> bool:
    """Copy rows into a table, unless one of them is there already or they are few; whether it did.

    Half the price of an insert that looks for conflicts, for rows of which nearly always all are new. If the
    answer is False nothing was copied, and the caller makes that insert.
    """
    if len(records) < COPY_MIN_COUNT:
        return False
    try:
        async with conn.transaction():
            await conn.copy_records_to_table(table, records=records, columns=columns)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def _is_lost(connection: PoolConnectionProxy) -> bool:
    """Whether the connection is closed, or is about to be: the server's last words come before the end."""
    try:
        async with asyncio.timeout(LAST_WORDS_SECONDS):
            while not connection.is_closed():  # noqa: ASYNC110 -- the driver tells nobody, and it is a second
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    except asyncpg.InterfaceError:  # what the pool lent was taken back because it is closed
        pass
    return True


async def prepare_database(admin_url: str, service: str, password: str) -> None:
    """Create the service's role and database if they are not there, and set its password and rights."""
    role = role_name(service)
    admin = await asyncpg.connect(admin_url)
    try:
        if not await admin.fetchval("select exists (select from pg_roles where rolname = $1)", role):
            await admin.execute(f'create role "{role}" login')
        secret = await admin.fetchval("select quote_literal($1::text)", password)
        await admin.execute(f'alter role "{role}" password {secret}')
        if not await admin.fetchval("select exists (select from pg_database where datname = $1)", role):
            await admin.execute(f'create database "{role}"')
        await admin.execute(f'revoke connect on database "{role}" from public')
        await admin.execute(f'grant connect on database "{role}" to "{role}"')
    finally:
        await admin.close()


def migrations_of(package: str) -> list[Traversable]:
    """The .sql files of a package's `migrations` room, in the order of their names."""
    room = files(package) / "migrations"
    return sorted((one for one in room.iterdir() if one.name.endswith(".sql")), key=lambda one: one.name)


async def missing_migrations(pool: asyncpg.Pool, service: str) -> list[str]:
    """Which migrations the service's code needs and its database has not had."""
    wanted = [f"{package}/{file.name}" for package in packages_of(service) for file in migrations_of(package)]
    applied = {row["name"] for row in await pool.fetch("select name from schema_migrations")}
    return [name for name in wanted if name not in applied]


def packages_of(service: str) -> tuple[str, str]:
    """The packages whose migrations make a service's database, in order."""
    return ("shared", f"services.{service}")


async def migrate(admin_url: str, service: str) -> list[str]:
    """Apply what is missing of the service's migrations to its database; return what was applied.

    Raises MigrationError when a file that was applied has changed since, or when one fails: nothing of
    that file is then applied.
    """
    role = role_name(service)
    connection = await asyncpg.connect(database_url(admin_url, role))
    applied: list[str] = []
    try:
        await connection.execute("select pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(
            f"""
            create table if not exists schema_migrations (
                name text primary key, sha256 text not null, applied_at timestamptz not null default now());
            grant select on schema_migrations to "{role}";
            grant usage on schema public to "{role}";
            alter default privileges in schema public grant select, insert, update, delete on tables to "{role}";
            alter default privileges in schema public grant usage on sequences to "{role}";
            """
        )
        known = {
            r["name"]: r["sha256"] for r in await connection.fetch("select name, sha256 from schema_migrations")
        }
        for package in packages_of(service):
            for file in migrations_of(package):
                name = f"{package}/{file.name}"
                text = file.read_text()
                digest = hashlib.sha256(text.encode()).hexdigest()
                if name not in known:
                    await _apply(connection, name, text, digest)
                    applied.append(name)
                elif known[name] != digest:
                    raise MigrationError(
                        f"{name} was applied and has changed since: write a new migration instead"
                    )
    finally:
        await connection.close()
    return applied


async def _apply(connection: asyncpg.Connection, name: str, text: str, digest: str) -> None:
    try:
        async with connection.transaction():
            await connection.execute(text)
            await connection.execute("insert into schema_migrations (name, sha256) values ($1, $2)", name, digest)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{name}: {error}") from error
