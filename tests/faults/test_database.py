"""A database that dies, goes away, refuses, or whose answer is lost."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from shared.services import SERVICES
from tests.faults import points
from tests.faults.arena import FULL, Arena
from tests.faults.conftest import quick
from tests.faults.wires import Trap
from tests.faults.workers import kill, pid_of

SPARE_BYTES = 16 * 1024 * 1024

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]


@quick
@pytest.mark.parametrize("service", SERVICES if FULL else ["rewards"])
async def test_database_killed_in_mid_transaction(platform_under_faults: Arena, service: str) -> None:
    """kill -9 of the whole server while a batch is half stored; it recovers from its log."""
    arena = platform_under_faults

    def kill_server() -> None:
        kill(pid_of(arena.state, "postgres"))

    async with arena.run("14 PostgreSQL kill -9 in mid-transaction") as run:
        await run.moment()
        await run.sprung(arena.postgres.arm(Trap(points.batch_under_way(service, 2), kill_server)))


async def test_backend_killed(platform_under_faults: Arena) -> None:
    """kill -9 of one server process: PostgreSQL throws everybody out and starts afresh."""
    arena = platform_under_faults
    async with arena.run("14 a PostgreSQL backend kill -9") as run:
        await run.moment()
        connection = await arena.admin("scoring")
        backend = await connection.fetchval(
            "select pid from pg_stat_activity where usename = 'plaudit_scoring' limit 1"
        )
        await connection.close()
        psutil.Process(backend).kill()
        run.recovers()


@pytest.mark.parametrize("seconds", [3, 60] if FULL else [3])
async def test_database_away(platform_under_faults: Arena, seconds: int) -> None:
    """Nobody reaches the database for a while: what was taken waits in the topics."""
    arena = platform_under_faults
    async with arena.run(f"15 PostgreSQL away for {seconds} s") as run:
        await run.moment()
        with arena.postgres.away():
            await asyncio.sleep(seconds)
        run.recovers()


async def test_database_falls_silent(platform_under_faults: Arena) -> None:
    """No packet gets through to the database for 20 s, and no connection is reset."""
    arena = platform_under_faults
    async with arena.run("15 PostgreSQL silent for 20 s") as run:
        await run.moment()
        with arena.postgres.silent():
            await asyncio.sleep(20)
        run.recovers()


@quick
@pytest.mark.parametrize("service", SERVICES if FULL else ["rewards"])
@pytest.mark.parametrize("outcome", ["committed", "not committed"] if FULL else ["committed"])
async def test_outcome_of_a_commit_unknown(platform_under_faults: Arena, service: str, outcome: str) -> None:
    """The connection is cut at COMMIT: the service has to find out which of the two it was."""
    arena = platform_under_faults
    point = points.batch_committed if outcome == "committed" else points.batch_to_be_committed
    async with arena.run("17 outcome of a commit unknown") as run:
        await run.moment()
        await run.sprung(arena.postgres.arm(Trap(point(service), lambda: None, skip=run.rng.randrange(3))))


FAILING = """
    create sequence fault_calls;
    grant usage on fault_calls to public;
    create function fault() returns trigger language plpgsql as $$
    begin
        if nextval('fault_calls') <= {times} then
            raise exception 'forced by a test' using errcode = '{sqlstate}';
        end if;
        return null;
    end $$;
    create trigger fault before insert on {table} for each statement execute function fault();
    """
NOT_FAILING = "drop trigger fault on {table}; drop function fault(); drop sequence fault_calls"
#: A table that every batch of the service writes to.
TABLES = {
    "ingest": "receipts",
    "scoring": "awards",
    "recognition": "applied_awards",
    "rewards": "transfers",
    "analytics": "events",
}


@pytest.mark.parametrize("service", SERVICES if FULL else ["analytics"])
async def test_serialisation_failures(platform_under_faults: Arena, service: str) -> None:
    """The database refuses three transactions in a row with SQLSTATE 40001: they are tried again."""
    arena = platform_under_faults
    table = TABLES[service]
    async with arena.run("16 serialisation failures") as run:
        await run.moment()
        connection = await arena.admin(service)
        try:
            await connection.execute(FAILING.format(table=table, times=3, sqlstate="40001"))
            run.recovers()
            async with asyncio.timeout(180):
                while await connection.fetchval("select last_value from fault_calls") <= 3:
                    await asyncio.sleep(0.02)
        finally:
            await connection.execute(NOT_FAILING.format(table=table))
            await connection.close()


async def test_deadlock(platform_under_faults: Arena) -> None:
    """A real deadlock with somebody else's transaction, which the service loses: it tries again."""
    arena = platform_under_faults
    async with arena.run("16 deadlock") as run:
        await run.moment()
        other = await arena.admin("rewards")
        before = await other.fetchval("select deadlocks from pg_stat_database where datname = 'plaudit_rewards'")
        try:
            await other.execute("set deadlock_timeout = '60s'")  # so that the service finds it first
            async with other.transaction():
                await other.execute("lock table balances in exclusive mode")
                async with asyncio.timeout(180):
                    while not await other.fetchval(
                        "select exists (select from pg_stat_activity where usename = 'plaudit_rewards' "
                        "and wait_event_type = 'Lock')"
                    ):
                        await asyncio.sleep(0.005)
                await run.count_in_flight()
                # The loop's transaction holds this row since it began, and waits for us.
                await other.execute("lock table consumer_offsets in exclusive mode")
            run.recovers()
            async with asyncio.timeout(180):
                while before == await other.fetchval(
                    "select deadlocks from pg_stat_database where datname = 'plaudit_rewards'"
                ):
                    await asyncio.sleep(0.05)
        finally:
            await other.close()


async def test_no_more_connections(platform_under_faults: Arena) -> None:
    """The server has no connection left for the service, which has just lost its own."""
    arena = platform_under_faults
    async with arena.run("18 server refuses connections") as run:
        await run.moment()
        admin = await arena.admin("scoring")
        try:
            await admin.execute("alter role plaudit_scoring connection limit 0")
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'plaudit_scoring'"
            )
            await asyncio.sleep(2)
            await run.count_in_flight()
        finally:
            await admin.execute("alter role plaudit_scoring connection limit -1")
            await admin.close()
        run.recovers()


async def test_pool_exhausted(platform_under_faults: Arena) -> None:
    """Many more readers than connections: they wait or are told so, and the loop still gets its turn."""
    arena = platform_under_faults
    async with arena.run("18 connection pool exhausted") as run:
        await run.moment()
        url = arena.state.service_urls["scoring"]
        locked = await arena.admin("scoring")
        headers = {"Authorization": f"Bearer {run.key}"}
        member = "00000000-0000-0000-0000-000000000000"
        async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as http:
            async with locked.transaction():
                await locked.execute("lock table awards in access exclusive mode")
                readers = [
                    asyncio.create_task(http.get(f"{url}/v1/awards", params={"member": member})) for _ in range(60)
                ]
                await asyncio.sleep(2)
                await run.count_in_flight()
            await locked.close()
            run.recovers()
            answers = [answer.status_code for answer in await asyncio.gather(*readers)]
        assert set(answers) <= {200, 404, 503}, answers


@contextmanager
def small_disk(data: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of that size for the owner of PostgreSQL's `data`."""
    path = Path(tempfile.mkdtemp(prefix="plaudit-faults-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(path)], check=True)
    try:
        path.chmod(0o755)
        (path / "space").mkdir()
        shutil.chown(path / "space", data.owner(), data.group())
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
        shutil.rmtree(path)


def _may_mount(data: Path) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        with small_disk(data, SPARE_BYTES):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


async def test_disk_full(platform_under_faults: Arena) -> None:
    """The disk under a table is full: batches wait until there is room, and are stored then."""
    arena = platform_under_faults
    data = arena.state.directory / "postgres" / "data"
    if not await asyncio.to_thread(_may_mount, data):
        pytest.skip("a file system of its own needs root and the right to mount")
    admin = await arena.admin("ingest")
    table_bytes = await admin.fetchval("select pg_table_size('receipts')")
    with small_disk(data, SPARE_BYTES + 2 * table_bytes) as disk:
        await admin.execute(f"create tablespace faults location '{disk / 'space'}'")
        try:
            await admin.execute("alter table receipts set tablespace faults")
            async with arena.run("19 disk full") as run:
                await run.moment()
                await asyncio.to_thread(_fill, disk / "filler")
                await asyncio.sleep(2)
                await run.count_in_flight()
                full_disk = "could not extend file" in _log(arena, "postgres")
                (disk / "filler").unlink()
                run.recovers()
            assert full_disk, "the disk never got full"
        finally:
            await admin.execute("alter table receipts set tablespace pg_default")
            # What the server recovers from after a crash must not need the disk that is about to go.
            await admin.execute("checkpoint")
            await admin.execute("drop tablespace faults")
            await admin.execute("checkpoint")
            await admin.close()


def _fill(file: Path) -> None:
    try:
        with file.open("wb", buffering=0) as out:
            while True:
                out.write(bytes(4096))
    except OSError:
        return


def _log(arena: Arena, name: str) -> str:
    return (arena.state.directory / "logs" / f"{name}.log").read_text(errors="replace")


async def test_connection_limit_of_the_pool(platform_under_faults: Arena) -> None:
    """A pool of two connections carries loop, relay and API together."""
    arena = platform_under_faults
    await arena.workers.restart("scoring", pool_max_count="2", pool_min_count="1")
    await arena.workers.ready()
    try:
        async with arena.run("18 pool of two connections") as run:
            await run.moment()
            run.recovers()
    finally:
        await arena.workers.restart("scoring")
        await arena.workers.ready()
