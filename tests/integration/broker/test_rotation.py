"""A service's passwords are changed while it works, with the blocks of docs/runbooks/rotation.md."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from click.testing import CliRunner

from plaudit.broker.rights import ADMIN
from plaudit.cli import main
from plaudit.stack import StackState, start
from plaudit.stack.paths import CHECKOUT
from plaudit.stack.readiness import kafka_answers
from shared.broker import Broker
from shared.postgres import database_url, role_name
from tests.conftest import throw_away
from tests.faults.workers import free_port
from tests.pages import shell_blocks
from tests.waiting import until

RENEW, PROVISION = shell_blocks("runbooks/rotation.md")["The password of a service at Kafka and PostgreSQL"]
SERVICE, OTHER = "rewards", "recognition"
COMMAND_SECONDS = 120
STOP_SECONDS = 40


@pytest.fixture
def state(plaudit_home: Path) -> Iterator[StackState]:
    """A Kafka and a PostgreSQL whose passwords nobody else needs."""
    state = start("rotation", only=["kafka", "postgres"])
    yield state
    throw_away(state)


def variables(folder: Path, name: str) -> dict[str, str]:
    """What a file of secrets has."""
    return dict(line.split("=", 1) for line in (folder / "secrets" / f"{name}.env").read_text().splitlines())


async def run(state: StackState, folder: Path, block: str) -> str:
    """A block as whoever provisions runs it; it must succeed."""
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SERVICE": SERVICE,
        "PLAUDIT_KAFKA": state.broker.servers,
        "PLAUDIT_KAFKA_USER": ADMIN,
        "PLAUDIT_KAFKA_PASSWORD": state.broker.password,
        "PLAUDIT_KAFKA_MECHANISM": "PLAIN",
        "PLAUDIT_POSTGRES_ADMIN_URL": state.postgres_admin_url,
        "PYTHONPATH": str(CHECKOUT),
    }
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@asynccontextmanager
async def working(state: StackState, folder: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """The service with what its file has; it must come up, and end in order."""
    port, log = free_port(), folder / "log"
    settings = {
        "PLAUDIT_KAFKA": state.broker.servers,
        "PLAUDIT_POSTGRES_URL": state.postgres_url,
        "PLAUDIT_HTTP_PORT": str(port),
        **variables(folder, SERVICE),
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{SERVICE}.main"],
            env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | settings,
            stdout=written,
            stderr=written,
        )
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

            async def is_ready() -> bool:
                assert process.poll() is None, log.read_text()
                try:
                    return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK
                except httpx.TransportError:
                    return False

            await until(is_ready)
        yield process
    finally:
        process.terminate()
        code = await asyncio.to_thread(process.wait, STOP_SECONDS)
    assert code == 0, log.read_text()


async def lets_in(state: StackState, service: str, own: dict[str, str]) -> tuple[bool, bool]:
    """Whether Kafka and PostgreSQL let a service in with what its file has."""
    broker = Broker(state.broker.servers, own["PLAUDIT_KAFKA_USER"], own["PLAUDIT_KAFKA_PASSWORD"])
    role = role_name(service)
    try:
        connection = await asyncpg.connect(
            database_url(state.postgres_url, role, role, own["PLAUDIT_POSTGRES_PASSWORD"])
        )
    except asyncpg.InvalidPasswordError:
        return await kafka_answers(broker), False
    await connection.close()
    return await kafka_answers(broker), True


@pytest.mark.stack
async def test_a_service_gets_new_passwords_while_it_works(state: StackState, tmp_path: Path) -> None:
    await run(state, tmp_path, "plaudit secrets secrets")
    await run(state, tmp_path, PROVISION)
    before = variables(tmp_path, SERVICE)
    async with working(state, tmp_path) as process:
        assert "2 new passwords for rewards" in await run(state, tmp_path, RENEW)
        await run(state, tmp_path, PROVISION)
        after = variables(tmp_path, SERVICE)
        assert process.poll() is None
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"PLAUDIT_KAFKA_PASSWORD", "PLAUDIT_POSTGRES_PASSWORD"}
    assert await lets_in(state, SERVICE, before) == (False, False)
    assert await lets_in(state, SERVICE, after) == (True, True)
    assert await lets_in(state, OTHER, variables(tmp_path, OTHER)) == (True, True)
    async with working(state, tmp_path):
        pass


def test_what_cannot_be_renewed_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    missing = CliRunner().invoke(main, ["secrets", "--renew", SERVICE, str(folder)])
    assert (missing.exit_code, folder.exists()) == (1, False)
    assert "is not there" in missing.output
    assert CliRunner().invoke(main, ["secrets", str(folder)]).exit_code == 0
    provisioned = (folder / "provision.env").read_text()
    own = variables(tmp_path, SERVICE)
    (folder / "provision.env").write_text("PLAUDIT_OTHER=1\n")
    refused = CliRunner().invoke(main, ["secrets", "--renew", SERVICE, str(folder)])
    assert refused.exit_code == 1
    assert "has no PLAUDIT_REWARDS_KAFKA_PASSWORD" in refused.output
    assert variables(tmp_path, SERVICE) == own
    (folder / "provision.env").write_text(f"{provisioned}PLAUDIT_POSTGRES_ADMIN_URL=postgresql://a:b@c/d\n")
    renewed = CliRunner().invoke(main, ["secrets", "--renew", "console", str(folder)])
    assert renewed.exit_code == 0, renewed.output
    kept = variables(tmp_path, "provision")
    assert kept["PLAUDIT_POSTGRES_ADMIN_URL"] == "postgresql://a:b@c/d"
    assert kept["PLAUDIT_CONSOLE_POSTGRES_PASSWORD"] == variables(tmp_path, "console")["PLAUDIT_POSTGRES_PASSWORD"]
    assert (folder / "provision.env").stat().st_mode & 0o777 == 0o600
