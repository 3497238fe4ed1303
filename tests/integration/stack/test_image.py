"""What the image runs, as docker-compose.yml has it: each entry point comes up, works and ends as another user."""

import asyncio
import os
import shlex
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from plaudit.broker.rights import ADMIN
from plaudit.secrets import service_files
from plaudit.stack import StackState, start
from plaudit.stack.paths import CHECKOUT
from shared.services import CONSOLE, GATEWAY, SERVICES
from tests.conftest import throw_away
from tests.faults.workers import free_port
from tests.integration.stack.sealed import TEMPORARY, USER_ID, sealed
from tests.waiting import until

pytestmark = pytest.mark.stack

PARTS = (*SERVICES, CONSOLE, GATEWAY)
COMPOSED: Mapping[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
READY_SECONDS = 180.0
STOP_SECONDS = 40.0
PROVISION_SECONDS = 120.0
AFTER = ("--phase", "after")
#: A sign of itself and of what it may: which user, and where a file can be made.
LOOK = """
import os, pathlib, sys
print(os.getuid(), os.getgid(), os.getgroups())
for folder in sys.argv[1:]:
    try:
        (pathlib.Path(folder) / "written").write_text("")
        print("writes", folder)
    except OSError as error:
        print("cannot", folder)
"""


@pytest.fixture
async def state(plaudit_home: Path) -> AsyncIterator[StackState]:
    """A Kafka and a PostgreSQL that nothing was provisioned on."""
    state = await asyncio.to_thread(start, "image", only=["kafka", "postgres"])
    yield state
    await asyncio.to_thread(throw_away, state)


def test_it_writes_to_nothing_but_what_is_temporary_and_is_nobody(tmp_path: Path) -> None:
    folders = ["/", "/etc", "/usr", str(CHECKOUT), str(TEMPORARY)]
    with (tmp_path / "log").open("wb") as log:
        process = sealed(["python", "-c", LOOK, *folders], {}, log)
        assert process.wait(STOP_SECONDS) == 0
    said = (tmp_path / "log").read_text().splitlines()
    assert said[0] == f"{USER_ID} {USER_ID} []"
    assert said[1:] == [*(f"cannot {folder}" for folder in folders[:-1]), f"writes {TEMPORARY}"]


def environment(
    state: StackState, part: str, secrets: Mapping[str, Mapping[str, str]], port: int
) -> dict[str, str]:
    """What the compose file gives a container, but for addresses: these are of this machine."""
    composed = {name: str(value) for name, value in COMPOSED[part]["environment"].items()}
    addresses = {
        "PLAUDIT_KAFKA": state.broker.servers,
        "PLAUDIT_POSTGRES_URL": state.postgres_url,
        "PLAUDIT_HTTP_HOST": "127.0.0.1",
        "PLAUDIT_HTTP_PORT": str(port),
        "PLAUDIT_API_DOCUMENTS": str(CHECKOUT / "schemas" / "openapi"),
        **({"PLAUDIT_METRICS_PORT": str(free_port())} if "PLAUDIT_METRICS_PORT" in composed else {}),
    }
    return composed | secrets[part] | addresses


@asynccontextmanager
async def processes(
    state: StackState, secrets: Mapping[str, Mapping[str, str]], folder: Path
) -> AsyncIterator[dict[str, tuple[subprocess.Popen[bytes], int]]]:
    """Every part by its container's command; whatever still runs ends with the block."""
    started: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
    try:
        for part in PARTS:
            port = free_port()
            with (folder / f"{part}.log").open("wb") as log:
                command = shlex.split(COMPOSED[part]["command"])
                started[part] = sealed(command, environment(state, part, secrets, port), log), port
        yield started
    finally:
        for process, _ in started.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.mark.timeout(400)
async def test_each_entry_point_works_and_ends_in_order(state: StackState, tmp_path: Path) -> None:
    secrets = service_files()
    administrator = {
        "PLAUDIT_KAFKA": state.broker.servers,
        "PLAUDIT_KAFKA_USER": ADMIN,
        "PLAUDIT_KAFKA_PASSWORD": state.broker.password,
        "PLAUDIT_KAFKA_MECHANISM": "PLAIN",
        "PLAUDIT_POSTGRES_ADMIN_URL": state.postgres_admin_url,
    }
    composed = shlex.split(COMPOSED["provision"]["command"])
    # As compose has it; and as the chart does before and after an upgrade, which finds nothing to do.
    for phase, said in (
        ((), "topics and the databases"),
        (("--phase", "before"), "topics"),
        (AFTER, "0 migrations"),
    ):
        provisioned = tmp_path / "provision.log"
        with provisioned.open("wb") as log:
            process = sealed([*composed, *phase], secrets["provision"] | administrator, log)
            assert await asyncio.to_thread(process.wait, PROVISION_SECONDS) == 0, provisioned.read_text()
        assert said in provisioned.read_text()

    async with processes(state, secrets, tmp_path) as started, httpx.AsyncClient(timeout=60) as http:

        async def is_ready(part: str) -> bool:
            process, port = started[part]
            assert process.poll() is None, (tmp_path / f"{part}.log").read_text()[-3000:]
            try:
                return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        for part in PARTS:
            await until(lambda part=part: is_ready(part), READY_SECONDS)
            user = Path(f"/proc/{started[part][0].pid}").stat().st_uid
            assert user == USER_ID, part
        for process, _ in started.values():
            os.kill(process.pid, signal.SIGTERM)
        for part, (process, _) in started.items():
            code = await asyncio.to_thread(process.wait, STOP_SECONDS)
            assert code == 0, (part, (tmp_path / f"{part}.log").read_text()[-3000:])
