"""Databases as they were at a moment, from the log that PostgreSQL's own tools saved, by the runbook's blocks."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from plaudit.stack.postgres import binaries, server_user
from shared.services import SERVICES
from tests.faults.arena import Arena
from tests.faults.conftest import quick
from tests.faults.workers import free_port
from tests.pages import shell_blocks

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

BLOCKS = shell_blocks("runbooks/point-in-time.md")
COMMAND_SECONDS = 120
STOP_SECONDS = 20


class Operator:
    """Who backs up and restores: a user of the machine with PostgreSQL's tools, who is not root."""

    def __init__(self, arena: Arena, folder: Path) -> None:
        admin = urlsplit(arena.state.postgres_admin_url)
        port = free_port()
        at = f"{admin.username}@{admin.hostname}"
        #: Where the programs can be reached by that user.
        self.user = server_user(folder)
        self.variables = {
            "PATH": f"{binaries(self.user)}:{os.environ['PATH']}",
            "LC_ALL": "C",
            "HOME": str(folder),
            "PGPASSWORD": admin.password or "",
            "PGCONNECT_TIMEOUT": "10",
            "SERVER": urlunsplit(("postgresql", f"{at}:{admin.port}", "", "", "")),
            "BESIDE": f"postgresql://{at}:{port}",
            "PORT": str(port),
            "BACKUPS": str(folder / "backups"),
            "RECOVERED": str(folder / "recovered"),
        }

    def started(self, block: str, **variables: str) -> subprocess.Popen[str]:
        """A block that runs, as its page has it."""
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", block],
            env=self.variables | variables,
            cwd=self.variables["HOME"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **({"user": self.user[0], "group": self.user[1], "extra_groups": []} if self.user else {}),
        )

    async def run(self, block: str, **variables: str) -> None:
        """Run a block to its end; it must succeed."""
        process = self.started(block, **variables)
        _, said = await asyncio.to_thread(process.communicate, timeout=COMMAND_SECONDS)
        assert process.returncode == 0, f"{block}\n{said}"

    @contextmanager
    def saving_the_log(self) -> Iterator[None]:
        """Within this the log is saved as it is written."""
        process = self.started(BLOCKS["Save the log"][1])
        try:
            yield
        finally:
            # The shell and what it runs: they are a session of their own.
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=STOP_SECONDS)


@pytest.fixture
def operator(platform_under_faults: Arena) -> Iterator[Operator]:
    """An operator with a folder of their own, where PostgreSQL's user can get to."""
    folder = Path(tempfile.mkdtemp(prefix="plaudit-moment-"))
    owner = server_user(platform_under_faults.state.directory / "postgres" / "data")
    if owner:
        os.chown(folder, *owner)
    yield Operator(platform_under_faults, folder)
    shutil.rmtree(folder, ignore_errors=True)


async def moment_of(arena: Arena) -> str:
    """Now, by the server's clock, once something was committed after it: the log has to go beyond a moment."""
    connection = await asyncpg.connect(arena.state.postgres_admin_url)
    try:
        moment = str(await connection.fetchval("select clock_timestamp()::text"))
        await connection.execute("create table if not exists plaudit_moment (); drop table plaudit_moment")
        return moment
    finally:
        await connection.close()


@quick
async def test_each_service_goes_back_to_a_moment_in_one_load(
    platform_under_faults: Arena, operator: Operator
) -> None:
    """A base, the log since, and a moment in the load: what was told after it is known again, and told once."""
    arena = platform_under_faults
    await operator.run(BLOCKS["Save the log"][0])
    try:
        with operator.saving_the_log():
            async with arena.run("37 all databases restored to a moment") as run:
                await run.moment(0.1, 0.2)
                await operator.run(BLOCKS["Take a base backup"][0])
                await run.moment(0.3, 0.4)
                moment = await moment_of(arena)
                await run.moment(0.5, 0.6)
                (bring_back,) = BLOCKS["Bring a moment back, beside the server"]
                (restore,) = BLOCKS["Restore one service"]
                await operator.run(bring_back, MOMENT=moment)
                for service in SERVICES:
                    await arena.workers.stop(service)
                for service in SERVICES:
                    await operator.run(restore, SERVICE=service)
                for service in SERVICES:
                    arena.workers.start(service)
                await operator.run(BLOCKS["Afterwards"][0])
                run.recovers()
    finally:
        connection = await asyncpg.connect(arena.state.postgres_admin_url)
        await connection.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1",
            "plaudit_backups",
        )
        await connection.close()
