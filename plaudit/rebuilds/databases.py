"""The databases of a rebuild: the one that answers, the one that is built, and the one that answered before."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import asyncpg
import click

from shared.postgres import database_url, migrate, role_name

SERVICE = "analytics"
ROLE = role_name(SERVICE)
RUNNING = ROLE
REBUILT = f"{ROLE}_rebuilt"
BEFORE = f"{ROLE}_before"
#: Whoever reads for a rebuild holds it (services/analytics/rebuilding/store.py).
REBUILD_LOCK = 0x72656275
#: Whoever compares, switches or goes back holds it: one of them at a time.
SWITCH_LOCK = 0x73776974
POLL_SECONDS = 0.1
#: A batch of the running one waits for this at most: its own statements give up after 30 s, and are tried again.
QUIET_SECONDS = 25.0
LEAVE_SECONDS = 30.0

#: What the reader and whoever orders it say to one another, in the database that is rebuilt.
TALK = """
    create schema if not exists rebuild;
    create table if not exists rebuild.state (
        is_only boolean primary key default true check (is_only),
        started_at timestamptz not null default now(),
        switched_at timestamptz,
        orders_id bigint not null default 1,
        hold boolean not null default false,
        has_cut boolean not null default false,
        ends boolean not null default false,
        held_orders bigint not null default 0,
        reached_orders bigint not null default 0,
        seen_at timestamptz,
        records bigint not null default 0,
        busy_seconds double precision not null default 0,
        rate double precision
    );
    insert into rebuild.state default values on conflict do nothing;
    alter table rebuild.state add column if not exists step text;
    create table if not exists rebuild.cut (
        topic text not null, partition int not null, next_offset bigint not null, primary key (topic, partition));
    create table if not exists rebuild.reading (
        topic text not null, partition int not null, first_offset bigint not null, until_offset bigint not null,
        primary key (topic, partition));
    create table if not exists rebuild.tables (
        name text primary key, origin text not null, moments text[] not null, counts text[] not null,
        why text not null);
    create table if not exists rebuild.untold (topic text primary key, messages bigint not null);
"""


class RebuildError(click.ClickException):
    """What was asked for cannot be done now; the message says why, and what to do."""


class NotReadyError(RebuildError):
    """It cannot be done yet, or the numbers differ: nothing was switched."""

    exit_code = 3


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Orders(NamedTuple):
    """What the reader is to do: read nothing (`hold`), read up to a cut, or end."""

    hold: bool = False
    cut: Mapping[Place, int] | None = None
    ends: bool = False


@asynccontextmanager
async def connected(admin_url: str, database: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, to the URL's own database or another.

    Raises RebuildError when the server does not answer, or has no such database.
    """
    try:
        conn = await asyncpg.connect(database_url(admin_url, database) if database else admin_url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise RebuildError(f"PostgreSQL lets nobody into {database or 'it'}: {error}") from error
    try:
        yield conn
    finally:
        with suppress(Exception):
            await conn.close(timeout=5)


async def find_databases(admin: asyncpg.Connection) -> set[str]:
    """Which of the three there are."""
    rows = await admin.fetch(
        "select datname from pg_database where datname = any($1::text[])", [RUNNING, REBUILT, BEFORE]
    )
    return {row["datname"] for row in rows}


async def make(admin_url: str) -> bool:
    """Make the database that is rebuilt, with all tables and rights, or go on with the one there is; whether it is
    new. Raises MigrationError."""
    async with connected(admin_url) as admin:
        there = await find_databases(admin)
        if RUNNING not in there:
            raise RebuildError(f"There is no database {RUNNING}: `plaudit provision` makes it.")
        if REBUILT not in there:
            await admin.execute(f'create database "{REBUILT}"')
        await admin.execute(f'revoke connect on database "{REBUILT}" from public')
        # A switch that was killed may have left either closed.
        for database in (RUNNING, REBUILT):
            await open_to_service(admin, database)
        await admin.execute(f'grant connect on database "{REBUILT}" to "{ROLE}"')
        # A migration takes rights from the role that is named as the database, which is nobody's here; those of
        # the service's own role are set below.
        if not await admin.fetchval("select exists (select from pg_roles where rolname = $1)", REBUILT):
            await admin.execute(f'create role "{REBUILT}"')
    await migrate(admin_url, SERVICE, database=REBUILT)
    async with connected(admin_url, REBUILT) as rebuilt, connected(admin_url, RUNNING) as running:
        await _give_rights(running, rebuilt)
        await rebuilt.execute(TALK)
        await rebuilt.execute(
            f"""
            grant usage on schema rebuild to "{ROLE}";
            grant select on all tables in schema rebuild to "{ROLE}";
            grant update on rebuild.state to "{ROLE}";
            grant insert, update on rebuild.reading, rebuild.tables, rebuild.untold to "{ROLE}";
            """
        )
        await order(rebuilt, Orders())
        await set_step(rebuilt, None)
        await rebuilt.execute(f'drop owned by "{REBUILT}"; drop role "{REBUILT}"')
    return REBUILT not in there


async def _give_rights(running: asyncpg.Connection, rebuilt: asyncpg.Connection) -> None:
    """Let the service's role have the rights at each table that it has in the running database, and no other."""
    rows = await running.fetch(
        """
        select table_name, string_agg(privilege_type, ', ') as rights from information_schema.role_table_grants
        where grantee = $1 and table_schema = 'public' group by 1
        """,
        ROLE,
    )
    async with rebuilt.transaction():
        await rebuilt.execute(f'revoke all on all tables in schema public from "{ROLE}"')
        for row in rows:
            await rebuilt.execute(f'grant {row["rights"]} on "{row["table_name"]}" to "{ROLE}"')


async def order(rebuilt: asyncpg.Connection, orders: Orders) -> int:
    """Say what the reader is to do; return the order's id."""
    async with rebuilt.transaction():
        await rebuilt.execute("delete from rebuild.cut")
        if orders.cut is not None:
            await rebuilt.executemany(
                "insert into rebuild.cut (topic, partition, next_offset) values ($1, $2, $3)",
                [(*place, offset) for place, offset in orders.cut.items()],
            )
        orders_id: int = await rebuilt.fetchval(
            """
            update rebuild.state set orders_id = orders_id + 1, hold = $1, has_cut = $2, ends = $3
            returning orders_id
            """,
            orders.hold,
            orders.cut is not None,
            orders.ends,
        )
    return orders_id


async def wait_until_done(rebuilt: asyncpg.Connection, column: str, orders_id: int, *, seconds: float) -> None:
    """Return once the reader says in a column that it did what it was told. Raises NotReadyError after a time."""
    end = asyncio.get_running_loop().time() + seconds
    while await rebuilt.fetchval(f"select {column} from rebuild.state") != orders_id:  # noqa: S608 -- of the code
        if not await is_reading(rebuilt):
            raise NotReadyError("Nobody reads for the rebuild any more: `plaudit rebuild start` goes on with it.")
        if asyncio.get_running_loop().time() > end:
            raise NotReadyError(f"After {seconds:g} s the rebuild is not there: look at its log, and ask again.")
        await asyncio.sleep(POLL_SECONDS)


async def is_reading(conn: asyncpg.Connection) -> bool:
    """Whether a process reads for the rebuild."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = $1 and l.locktype = 'advisory' and l.granted
              and l.objid = $2 and l.classid = 0)
        """,
        REBUILT,
        REBUILD_LOCK,
    )
    return found


async def is_switching(admin: asyncpg.Connection) -> bool:
    """Whether a command compares, switches or goes back just now."""
    found: bool = await admin.fetchval(
        """
        select exists (
            select from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = current_database() and l.locktype = 'advisory' and l.granted
              and l.objid = $1 and l.classid = 0)
        """,
        SWITCH_LOCK,
    )
    return found


@asynccontextmanager
async def alone(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """No other command compares, switches or goes back while the block lasts; NotReadyError where one does."""
    if not await admin.fetchval("select pg_try_advisory_lock($1)", SWITCH_LOCK):
        raise NotReadyError("Another command compares or switches just now: wait for its end.")
    try:
        yield
    finally:
        await admin.execute("select pg_advisory_unlock($1)", SWITCH_LOCK)


async def is_closed(admin: asyncpg.Connection, database: str) -> bool:
    """Whether the service's processes are let out of a database."""
    limit: int | None = await admin.fetchval("select datconnlimit from pg_database where datname = $1", database)
    return limit == 0


async def set_step(rebuilt: asyncpg.Connection, step: str | None) -> None:
    """Note how far a switch is, for whoever finds it where it was killed; None: none is under way."""
    await rebuilt.execute("update rebuild.state set step = $1", step)


async def load_stands(conn: asyncpg.Connection, topics: Sequence[str]) -> dict[Place, int]:
    """Where a database stands in each partition of some topics."""
    rows = await conn.fetch(
        "select topic, partition, next_offset from consumer_offsets where topic = any($1::text[])", list(topics)
    )
    return {Place(row["topic"], row["partition"]): row["next_offset"] for row in rows}


@asynccontextmanager
async def quiet(running: asyncpg.Connection, waiting: Sequence[str]) -> AsyncIterator[None]:
    """The running one reads nothing while the block lasts, and has counted all that it read before.

    `waiting` are the tables of what is to be counted. Raises NotReadyError when that takes too long.
    """
    async with running.transaction():
        # Whoever reads moves its position first, and waits here; timers and answers go on.
        await running.execute("lock table consumer_offsets in exclusive mode")
        end = asyncio.get_running_loop().time() + QUIET_SECONDS
        marked = " or ".join(f'exists (select from "{table}")' for table in waiting)
        while await running.fetchval(f"select {marked or 'false'}"):
            if asyncio.get_running_loop().time() > end:
                raise NotReadyError(
                    f"After {QUIET_SECONDS:g} s the running analytics still has something to count "
                    "(docs/runbooks/insight-behind.md). Is it up? Ask again when it has not."
                )
            await asyncio.sleep(POLL_SECONDS)
        yield


async def close_to_service(admin: asyncpg.Connection, database: str) -> None:
    """Let the service's processes out of a database, and not in again.

    They are told that it has no room for them, which passes: they try again until it has.
    """
    await admin.execute(f'alter database "{database}" connection limit 0')
    await _end_connections(admin, database, only_of=ROLE)


async def open_to_service(admin: asyncpg.Connection, database: str) -> None:
    """Let the service's processes into a database."""
    await admin.execute(f'alter database "{database}" connection limit -1')


async def rename(admin: asyncpg.Connection, names: Mapping[str, str]) -> None:
    """Give databases other names, all of them or none: in order, and nobody is connected to them meanwhile."""
    for database in names:
        await _end_connections(admin, database)
    async with admin.transaction():
        for old, new in names.items():
            await admin.execute(f'alter database "{old}" rename to "{new}"')


async def drop(admin: asyncpg.Connection, database: str) -> None:
    """Delete a database with all that is in it."""
    await admin.execute(f'drop database "{database}" with (force)')


async def _end_connections(admin: asyncpg.Connection, database: str, only_of: str | None = None) -> None:
    others = """
        from pg_stat_activity
        where datname = $1 and pid <> pg_backend_pid() and ($2::text is null or usename = $2)
    """
    end = asyncio.get_running_loop().time() + LEAVE_SECONDS
    await admin.fetch(f"select pg_terminate_backend(pid) {others}", database, only_of)
    while await admin.fetchval(f"select exists (select {others})", database, only_of):
        if asyncio.get_running_loop().time() > end:
            raise RebuildError(f"Somebody stays connected to {database}: end that, and try again.")
        await asyncio.sleep(POLL_SECONDS)
        await admin.fetch(f"select pg_terminate_backend(pid) {others}", database, only_of)
