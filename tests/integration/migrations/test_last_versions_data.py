"""A database that has the last version's data in it is migrated to this one, and holds all of it afterwards.

last_version/ is that version: the migrations it had, and rows in every table of each of its databases. It is made
anew with every release: see CONTRIBUTING.md.
"""

import json
from collections.abc import AsyncIterator
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.access_keys import scopes_of
from shared.postgres import MigrationError, database_url, migrate, migrations, prepare_database, role_name
from shared.services import SERVICES

LAST_VERSION = Path(__file__).parent / "last_version"
HAD: dict[str, list[str]] = json.loads((LAST_VERSION / "migrations.json").read_text())

NAMES = "community, member_id, revision, name"
#: Where the rows of a table are now that the table has gone, and by what they are told apart.
MOVED = {
    ("analytics", "member_firsts"): ("member_locks", "community, member_id"),
    ("rewards", "answers"): (
        "command_answers",
        "community, command, idempotency_key, request_sha256, answer",
    ),
    ("rewards", "members"): ("followed_members", NAMES),
    ("rewards", "payees"): ("payee_changes", "community, member_id, name, iban, bic, changed_at, changed_by"),
    ("recognition", "member_names"): ("followed_members", NAMES),
    ("scoring", "cap_usage"): ("limit_windows", "points"),
    ("analytics", "members"): ("followed_members", NAMES),
}

#: Columns that are called otherwise where the rows are now.
RENAMED = {"points": "used"}

pytestmark = pytest.mark.stack


@pytest.fixture
async def database(stack: Any, request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database of this test alone, by the name of a service that there is not."""
    name = f"m{uuid4().hex[:10]}"
    await prepare_database(stack.state.postgres_admin_url, name, "secret")
    connection = await asyncpg.connect(database_url(stack.state.postgres_admin_url, role_name(name)))
    yield name, connection
    await connection.close()


async def rows_of(connection: asyncpg.Connection, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    found = await connection.fetch(f'select {columns} from "{table}"')
    return sorted((tuple(map(str, row.values())) for row in found), key=str)


async def tables_of(connection: asyncpg.Connection) -> list[str]:
    found = await connection.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    return [row["tablename"] for row in found if row["tablename"] != "schema_migrations"]


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "ingest"])
async def test_nothing_of_the_last_version_is_lost(
    stack: Any, database: tuple[str, asyncpg.Connection], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, connection = database
    admin = stack.state.postgres_admin_url
    every = migrations.migrations_of

    def those_it_had(package: str) -> list[Traversable]:
        return [file for file in every(package) if file.name in HAD[package]]

    monkeypatch.setattr(migrations, "packages_of", lambda _: ("shared", f"services.{service}"))
    with monkeypatch.context() as then:
        then.setattr(migrations, "migrations_of", those_it_had)
        applied = await migrate(admin, name)
    assert len(applied) == len(HAD["shared"]) + len(HAD[f"services.{service}"])
    for file in ("shared", service):
        await connection.execute((LAST_VERSION / f"{file}.sql").read_text())
    before = {table: await rows_of(connection, table) for table in await tables_of(connection)}
    assert [table for table, rows in before.items() if not rows] == [], "last_version/ has no row for a table"
    moved = {
        table: await rows_of(connection, table, columns)
        for (of, table), (_, columns) in MOVED.items()
        if of == service
    }

    await migrate(admin, name)

    left = await tables_of(connection)
    for table, rows in before.items():
        if table in moved:
            assert table not in left
            target, columns = MOVED[service, table]
            assert await rows_of(connection, target, RENAMED.get(columns, columns)) == moved[table]
        else:
            assert [row[: len(rows[0])] for row in await rows_of(connection, table)] == rows
    assert await migrate(admin, name) == []


async def test_members_days_of_before_are_counted(
    stack: Any, database: tuple[str, asyncpg.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, connection = database
    admin = stack.state.postgres_admin_url
    every = migrations.migrations_of
    monkeypatch.setattr(migrations, "packages_of", lambda _: ("shared", "services.analytics"))
    with monkeypatch.context() as then:
        then.setattr(
            migrations, "migrations_of", lambda package: [f for f in every(package) if f.name in HAD[package]]
        )
        await migrate(admin, name)
    member = str(uuid4())
    days = [
        ("2026-03-01", "chat", 2),
        ("2026-03-04", "chat", 1),
        ("2026-03-04", "forum", 1),
        ("2026-03-05", "chat", 0),
    ]
    await connection.executemany(
        "insert into member_days (community, day, member_id, channel, events) values ('acme', $1, $2, $3, $4)",
        [(date.fromisoformat(day), member, channel, events) for day, channel, events in days],
    )
    await connection.execute(
        "insert into member_firsts (community, member_id, first_at, channel)"
        " values ('acme', $1, '2026-03-01T23:59Z', 'chat'), ('acme', $2, '2026-03-01T00:00Z', 'chat'),"
        " ('acme', $3, '2026-03-04T00:00Z', 'chat')",
        *(member, str(uuid4()), str(uuid4())),
    )

    await migrate(admin, name)

    # Whoever has a day is counted in growth and retention as soon as the service runs.
    assert [row["member_id"] for row in await connection.fetch("select member_id::text from retention_marks")] == [
        member
    ]
    assert await connection.fetchval("select count(*) from member_locks") == 3
    rows = await connection.fetch("select channel, day::text, gap, members from active_days order by 1, 2")
    assert [tuple(row) for row in rows] == [
        ("", "2026-03-01", 31, 1),
        ("", "2026-03-04", 3, 1),
        ("chat", "2026-03-01", 31, 1),
        ("chat", "2026-03-04", 3, 1),
        ("forum", "2026-03-04", 31, 1),
    ]


async def test_members_whose_ids_follow_from_handles_are_not_carried_over(
    stack: Any, database: tuple[str, asyncpg.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, connection = database
    admin = stack.state.postgres_admin_url
    every = migrations.migrations_of
    monkeypatch.setattr(migrations, "packages_of", lambda _: ("shared", "services.ingest"))
    with monkeypatch.context() as then:
        then.setattr(migrations, "migrations_of", lambda of: [one for one in every(of) if one.name in HAD[of]])
        await migrate(admin, name)
    for file in ("shared", "ingest"):
        await connection.execute((LAST_VERSION / f"{file}.sql").read_text())
    tables = ("events", "members", "identities", "receipts")
    before = {table: await rows_of(connection, table) for table in tables}
    assert all(before.values())

    with pytest.raises(MigrationError, match=r"anybody who knows a handle can tell the id.*`plaudit reset`"):
        await migrate(admin, name)

    # What was there still is, for the version that made it.
    for table in tables:
        columns = len(before[table][0])
        assert [row[:columns] for row in await rows_of(connection, table)] == before[table]


async def test_keys_of_before_belong_to_one_account_of_each_community(
    stack: Any, database: tuple[str, asyncpg.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, connection = database
    admin = stack.state.postgres_admin_url
    every = migrations.migrations_of
    monkeypatch.setattr(migrations, "packages_of", lambda _: ("shared", "services.ingest"))
    with monkeypatch.context() as then:
        then.setattr(migrations, "migrations_of", lambda of: [one for one in every(of) if one.name in HAD[of]])
        await migrate(admin, name)
    for community, key, scopes in (
        ("acme", "k1", ["events:write"]),
        ("acme", "k2", ["payouts:write", "payouts:read"]),
        ("acme", "k3", ["payouts:approve"]),
        ("beta", "k4", ["points:read"]),
    ):
        await connection.execute(
            "insert into access_keys values ($1, $2, 'of before', $2, $3, false)", community, key, scopes
        )

    await migrate(admin, name)

    owners = await connection.fetch(
        """
        select k.community, k.key_id, k.signed_with as told, p.name, p.kind, f.roles, f.signed_with, p.person_id
        from access_keys k join followed_people f using (community, person_id) join people p using (person_id)
        order by key_id
        """
    )
    assert [row["key_id"] for row in owners] == ["k1", "k2", "k3", "k4"]
    # One person for the three of acme: none of them approves what another made.
    assert (
        len({row["person_id"] for row in owners})
        == len({(row["community"], row["person_id"]) for row in owners})
        == 2
    )
    assert {(row["name"], row["kind"]) for row in owners} == {("keys of before", "service")}
    for row in owners:
        asked = set(await connection.fetchval("select scopes from access_keys where key_id = $1", row["key_id"]))
        assert asked <= scopes_of(row["roles"], row["community"])
    assert {tuple(row["roles"]) for row in owners if row["community"] == "beta"} == {("manager", "operator")}
    # The timer tells all of it, whether anything is signed or not.
    assert {(row["told"], row["signed_with"]) for row in owners} == {("", "")}
