"""Databases, roles and migrations.

Migrations run as the administrator, who owns the tables; the service's role may only read and write rows.

A migration is a file of SQL, `<number>_<capability>_<what>.sql`, and runs in one transaction with the note that it
ran. One whose first line is `-- outside a transaction` holds a single statement that PostgreSQL takes only there,
such as `create index concurrently if not exists`; it must change nothing when it is run again, because a process
that dies before the note does so.

What the release before still reads or writes goes only once no process of it runs. A migration that takes such a
thing away says so in a line of its head, `-- after the release`: where phases are told apart it is applied in one
of its own, and no service waits for it. So nothing that is not marked may build on what is.

On a branch the number is the word `next`: `make migrations` gives it a number
when the branch is merged, so that two branches never take the same one.
"""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import takewhile
from typing import Literal

import asyncpg

from shared.postgres.pool import database_url, role_name
from shared.services import CONSOLE

OUTSIDE_A_TRANSACTION = "-- outside a transaction"
AFTER_THE_RELEASE = "-- after the release"
#: Before a version starts; once the one before is gone; or both at once, where nobody uses the database meanwhile.
Phase = Literal["all", "before", "after"]
_HALF_BUILT = "select indexrelid::regclass::text from pg_index where not indisvalid order by 1 limit 1"
MIGRATION_LOCK = 0x706C6175  # "plau": one migration at a time per database


class MigrationError(Exception):
    """A migration that was applied has changed, or one failed; the message says which and what to do."""


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
    return sorted((file for file in room.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)


async def missing_migrations(pool: asyncpg.Pool, service: str) -> list[str]:
    """Which migrations the service's code needs and its database has not had."""
    wanted = [
        f"{package}/{file.name}"
        for package in packages_of(service)
        for file in migrations_of(package)
        if not _is_after(file.read_text())
    ]
    applied = {row["name"] for row in await pool.fetch("select name from schema_migrations")}
    return [name for name in wanted if name not in applied]


def packages_of(service: str) -> tuple[str, ...]:
    """The packages whose migrations make a service's database, or the console's, in order."""
    return (CONSOLE,) if service == CONSOLE else ("shared", f"services.{service}")


def _is_after(text: str) -> bool:
    """Whether the head of a migration says that it waits until the release before is gone."""
    return AFTER_THE_RELEASE in takewhile(lambda line: line.startswith("--"), text.splitlines())


async def migrate(admin_url: str, service: str, *, database: str | None = None, phase: Phase = "all") -> list[str]:
    """Apply what is missing of the service's migrations to its database, or `database`; return what was applied.

    What is marked to come after the release is left out of the phase "before", and all else of "after".

    Raises MigrationError when a file that was applied has changed since, or when one fails: nothing of
    that file is then applied, but for an index that is left half built outside a transaction.
    """
    role = role_name(service)
    connection = await asyncpg.connect(database_url(admin_url, database or role))
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
            row["name"]: row["sha256"]
            for row in await connection.fetch("select name, sha256 from schema_migrations")
        }
        for package in packages_of(service):
            for file in migrations_of(package):
                name = f"{package}/{file.name}"
                text = file.read_text()
                digest = hashlib.sha256(text.encode()).hexdigest()
                if name not in known:
                    if phase != "all" and _is_after(text) != (phase == "after"):
                        continue
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
        if text.startswith(OUTSIDE_A_TRANSACTION):
            await connection.execute(text)
            # An index that failed or was cut off stays there, unused, and `if not exists` finds it.
            if broken := await connection.fetchval(_HALF_BUILT):
                raise MigrationError(
                    f"{name}: an index was left half built: `drop index concurrently {broken}`, then migrate again"
                )
            await _note(connection, name, digest)
        else:
            async with connection.transaction():
                await connection.execute(text)
                await _note(connection, name, digest)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{name}: {error}") from error


async def _note(connection: asyncpg.Connection, name: str, digest: str) -> None:
    await connection.execute("insert into schema_migrations (name, sha256) values ($1, $2)", name, digest)
