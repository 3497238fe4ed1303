"""A new stack's cluster is a copy with all tables, and nobody else's in anything secret or that identifies it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from plaudit.provision import DATABASES
from plaudit.stack import StackState, clusters, postgres, prepared, start
from shared.postgres import database_url, migrations_of, packages_of, role_name
from tests.conftest import throw_away

pytestmark = pytest.mark.stack

NAMES = ("first-of-copies", "second-of-copies", "third-of-copies")


@pytest.fixture(scope="module")
def made_and_copied(
    plaudit_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[StackState], list[str], Path]]:
    """Three stacks: the first makes what the second copies; of the third's copy a file that matters is missing.

    With the names of those that made tables, and where the copies come from.
    """
    cache = tmp_path_factory.mktemp("cache")
    makers: list[str] = []
    make_tables = clusters._make_tables

    def noted(data: Path, server: clusters.Server, password: str) -> None:
        makers.append(data.parents[1].name)
        make_tables(data, server, password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "cache", lambda: cache)
        patch.setattr(clusters, "_make_tables", noted)
        states = []
        for number, name in enumerate(NAMES):
            if number == 2:
                (kept,) = (cache / "prepared").iterdir()
                copy = plaudit_home / "without-control"
                assert prepared.copy(clusters.KIND, kept.name.partition("-")[2], copy)
                (copy / "global" / "pg_control").unlink()
                prepared.forget(clusters.KIND, kept.name.partition("-")[2])
                prepared.keep(clusters.KIND, kept.name.partition("-")[2], copy)
            states.append(start(name, only=["postgres"], provision=False, disposable=number == 1))
    yield states, makers, cache / "prepared"
    for state in states:
        throw_away(state)


def identity(state: StackState) -> set[str]:
    """What a cluster says that it is, and the nonce of those who log in as nobody."""
    data = state.directory / "postgres" / "data"
    program = postgres.binaries(postgres.server_user(data)) / "pg_controldata"
    lines = subprocess.run([program, data], capture_output=True, text=True, check=True).stdout.splitlines()
    found = {
        line for line in lines if line.startswith(("Database system identifier", "Mock authentication nonce"))
    }
    assert len(found) == 2
    return found


async def test_copies_have_all_tables_and_share_no_secret(
    made_and_copied: tuple[list[StackState], list[str], Path],
) -> None:
    states, makers, _ = made_and_copied
    assert makers == [NAMES[0], NAMES[2]]
    assert len(set.union(*map(identity, states))) == 2 * len(states)
    assert len({state.postgres_superuser_password for state in states}) == len(states)
    for state in states:
        admin = await asyncpg.connect(state.postgres_admin_url)
        with_password = await admin.fetch("select rolname from pg_authid where rolpassword is not null")
        assert [row["rolname"] for row in with_password] == ["postgres"]
        await admin.close()
        other = next(one for one in states if one is not state)
        theirs = state.model_copy(update={"postgres_superuser_password": other.postgres_superuser_password})
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(theirs.postgres_admin_url)
        for database in DATABASES:
            conn = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(database)))
            applied = {row["name"] for row in await conn.fetch("select name from schema_migrations")}
            assert applied == {
                f"{package}/{file.name}" for package in packages_of(database) for file in migrations_of(package)
            }
            await conn.close()


def test_nothing_that_is_kept_or_copied_is_open_to_others(
    made_and_copied: tuple[list[StackState], list[str], Path],
) -> None:
    states, _, kept = made_and_copied
    assert kept.stat().st_mode & 0o077 == 0
    for state in states:
        data = state.directory / "postgres" / "data"
        assert data.stat().st_mode & 0o077 == 0
        secret = state.postgres_superuser_password.encode()
        assert not any(secret in path.read_bytes() for path in kept.rglob("*") if path.is_file())
