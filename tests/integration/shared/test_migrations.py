"""Migrations: applied once, whole or not at all, and never changed afterwards."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.postgres import (
    MigrationError,
    database_url,
    migrate,
    migrations,
    missing_migrations,
    prepare_database,
    role_name,
)

pytestmark = pytest.mark.stack


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations room of a service that exists only in this test."""
    name = f"migrated_{uuid4().hex[:10]}"  # modules are remembered by name
    room = tmp_path / name / "migrations"
    room.mkdir(parents=True)
    (room.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(migrations, "packages_of", lambda service: ("shared", name))
    return room


@pytest.fixture
async def database(stack: Any) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database of a service of this test alone."""
    service = f"m{uuid4().hex[:10]}"
    await prepare_database(stack.state.postgres_admin_url, service, "secret's")
    await prepare_database(stack.state.postgres_admin_url, service, "secret's")  # again changes nothing
    connection = await asyncpg.connect(database_url(stack.state.postgres_admin_url, role_name(service)))
    yield service, connection
    await connection.close()


async def test_what_is_missing_is_applied_once(stack: Any, package: Path, database: Any) -> None:
    service, connection = database
    admin = stack.state.postgres_admin_url
    (package / "0001_a.sql").write_text("create table a (n int);")
    applied = await migrate(admin, service)
    assert applied[-1] == f"{package.parent.name}/0001_a.sql"
    assert applied[0] == "shared/0001_spine.sql"
    assert await migrate(admin, service) == []
    (package / "0002_b.sql").write_text("alter table a add column m int;")
    assert await migrate(admin, service) == [f"{package.parent.name}/0002_b.sql"]
    assert await connection.fetch("select n, m from a") == []


async def test_one_that_fails_is_not_applied_in_part(stack: Any, package: Path, database: Any) -> None:
    service, connection = database
    (package / "0001_a.sql").write_text("create table a (n int); select no_such_thing;")
    with pytest.raises(MigrationError, match=r"0001_a\.sql: .*no_such_thing"):
        await migrate(stack.state.postgres_admin_url, service)
    assert await connection.fetchval("select to_regclass('a')") is None
    (package / "0001_a.sql").write_text("create table a (n int);")
    assert await migrate(stack.state.postgres_admin_url, service) == [f"{package.parent.name}/0001_a.sql"]


async def test_one_that_was_applied_may_not_change(stack: Any, package: Path, database: Any) -> None:
    service, _ = database
    (package / "0001_a.sql").write_text("create table a (n int);")
    await migrate(stack.state.postgres_admin_url, service)
    (package / "0001_a.sql").write_text("create table a (n bigint);")
    with pytest.raises(MigrationError, match="write a new migration instead"):
        await migrate(stack.state.postgres_admin_url, service)


async def test_the_services_role_reads_and_writes_rows_and_nothing_else(
    stack: Any, package: Path, database: Any
) -> None:
    service, _ = database
    (package / "0001_a.sql").write_text("create table a (id bigint generated always as identity, n int);")
    await migrate(stack.state.postgres_admin_url, service)
    url = database_url(stack.state.postgres_admin_url, role_name(service), role_name(service), "secret's")
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("insert into a (n) values (1) returning n") == 1
        for forbidden in ("drop table a", "create table b ()", "truncate a", "delete from schema_migrations"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


async def test_one_may_run_outside_a_transaction(stack: Any, package: Path, database: Any) -> None:
    service, connection = database
    (package / "0001_a.sql").write_text("create table a (n int);")
    concurrently = "create index concurrently if not exists a_by_n on a (n);"
    (package / "0002_a_by_n.sql").write_text(concurrently)
    with pytest.raises(MigrationError, match="cannot run inside a transaction block"):
        await migrate(stack.state.postgres_admin_url, service)
    (package / "0002_a_by_n.sql").write_text(f"-- outside a transaction\n{concurrently}")
    assert await migrate(stack.state.postgres_admin_url, service) == [f"{package.parent.name}/0002_a_by_n.sql"]
    assert await connection.fetchval("select indisvalid from pg_index where indexrelid = 'a_by_n'::regclass")
    # A process that died before the note finds the index there.
    await connection.execute("delete from schema_migrations where name like '%a_by_n.sql'")
    assert await migrate(stack.state.postgres_admin_url, service) == [f"{package.parent.name}/0002_a_by_n.sql"]


async def test_an_index_that_was_left_half_built_is_not_taken_for_whole(
    stack: Any, package: Path, database: Any
) -> None:
    service, connection = database
    (package / "0001_a.sql").write_text("create table a (n int); insert into a values (1), (1);")
    (package / "0002_a_by_n.sql").write_text(
        "-- outside a transaction\ncreate unique index concurrently if not exists a_by_n on a (n);"
    )
    with pytest.raises(MigrationError, match="could not create unique index"):
        await migrate(stack.state.postgres_admin_url, service)
    with pytest.raises(MigrationError, match="half built: `drop index concurrently a_by_n`"):
        await migrate(stack.state.postgres_admin_url, service)
    await connection.execute("drop index concurrently a_by_n")
    await connection.execute("delete from a")
    assert await migrate(stack.state.postgres_admin_url, service) == [f"{package.parent.name}/0002_a_by_n.sql"]


async def test_what_the_release_before_needs_goes_in_a_phase_of_its_own(
    stack: Any, package: Path, database: Any
) -> None:
    service, connection = database
    admin = stack.state.postgres_admin_url
    (package / "0001_a.sql").write_text("create table a (old int, n int);")
    (package / "0002_a_without_old.sql").write_text(
        "-- Nobody reads it any more.\n-- after the release\nalter table a drop column old;"
    )
    (package / "0003_a_by_m.sql").write_text("alter table a add column m int;\n-- after the release, some say")
    columns = "select string_agg(attname, ' ' order by attname) from pg_attribute where attrelid = 'a'::regclass"
    columns += " and attnum > 0 and not attisdropped"

    before = await migrate(admin, service, phase="before")
    assert before[-2:] == [f"{package.parent.name}/0001_a.sql", f"{package.parent.name}/0003_a_by_m.sql"]
    assert await connection.fetchval(columns) == "m n old"
    # A process of this version does not wait for it: its pool looks the same way.
    assert await missing_migrations(connection, service) == []
    assert await migrate(admin, service, phase="before") == []
    assert await migrate(admin, service, phase="after") == [f"{package.parent.name}/0002_a_without_old.sql"]
    assert await connection.fetchval(columns) == "m n"
    assert await migrate(admin, service) == []
