"""The local stack as its user meets it: a real Kafka and PostgreSQL, started, killed and started again."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import stat
import tempfile
import time
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from plaudit.stack import StackState, load_state, ports, reset, start, status, stop
from plaudit.stack.errors import StackError
from plaudit.stack.paths import stack_directory
from plaudit.stack.processes import find_processes, is_gone, wait_gone

pytestmark = pytest.mark.stack

TOPIC = "kept"
PARTS = ("kafka", "postgres")
READ_TIMEOUT_SECONDS = 30
RESTART_TIMEOUT_SECONDS = 60
KILL_TIMEOUT_SECONDS = 20


@pytest.fixture(scope="module")
def long_home():
    """A home whose path has spaces and more than 200 characters, which PostgreSQL's user can enter."""
    base = Path(tempfile.mkdtemp(prefix="plaudit stack "))
    home = base / ("a long name " * 8).strip() / ("and another one " * 7).strip()
    home.mkdir(parents=True)
    base.chmod(0o755)
    assert len(str(home)) > 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAUDIT_HOME", str(home))
        yield home
        for directory in (home / "stacks").glob("[a-z]*"):
            stop(directory.name)
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def up(long_home):
    """The stack `one`, without the topics and databases of Plaudit: these tests bring their own."""
    return start("one", only=PARTS, provision=False)


def again() -> StackState:
    return start("one", only=PARTS, provision=False)


async def write(state: StackState, value: str) -> None:
    """Puts `value` where both keep it, and returns when both have said that they have."""
    connection = await asyncpg.connect(state.postgres_admin_url)
    await connection.execute("create table if not exists kept (value text)")
    await connection.execute("insert into kept values ($1)", value)
    await connection.close()
    admin = AIOKafkaAdminClient(**state.broker.options)
    await admin.start()
    if TOPIC not in await admin.list_topics():
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(**state.broker.options, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(TOPIC, value.encode())
    await producer.stop()


async def read(state: StackState) -> tuple[list[str], list[str]]:
    """What PostgreSQL and Kafka hold, each in the order of writing."""
    connection = await asyncpg.connect(state.postgres_admin_url)
    rows = [row["value"] for row in await connection.fetch("select value from kept")]
    await connection.close()
    consumer = AIOKafkaConsumer(TOPIC, **state.broker.options, auto_offset_reset="earliest")
    await consumer.start()
    messages: list[str] = []
    async with asyncio.timeout(READ_TIMEOUT_SECONDS):
        while len(messages) < len(rows):
            messages.append((await consumer.getone()).value.decode())
    await consumer.stop()
    return rows, messages


def kill(victims: list[psutil.Process]) -> None:
    """Ends them as `kill -9` does, and waits until they have."""
    for victim in victims:
        victim.kill()
    assert wait_gone(victims, KILL_TIMEOUT_SECONDS) == []


def processes_of(state: StackState) -> list[psutil.Process]:
    return [process for found in find_processes(state.directory).values() for process in found]


async def test_it_listens_on_tcp_alone_and_keeps_what_it_is_given(up):
    await write(up, "first")
    assert await read(up) == (["first"], ["first"])
    assert not list(up.directory.rglob(".s.PGSQL*"))


def test_up_twice_is_one_stack(up):
    said: list[str] = []
    before = up.pids
    start("one", only=PARTS, provision=False, report=said.append)
    assert said[0] == "Stack 'one' is already up."
    assert load_state("one").pids == before


def test_status_tells_where_and_how_each_process_runs(up):
    found = {one.name: one for one in status("one").processes}
    assert set(found) == {"supervisor", *PARTS}
    assert {one.state for one in found.values()} == {"running"}
    assert found["kafka"].port == up.ports["kafka"]
    assert all(one.resident_bytes > 0 and one.uptime_seconds >= 0 for one in found.values())


async def test_without_the_password_postgres_lets_nobody_in(up):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(up.postgres_admin_url.replace(up.postgres_superuser_password, "wrong"))


async def test_a_process_that_is_killed_is_back_at_once_with_its_data(up):
    postgres = psutil.Process(up.pids["postgres"])
    postgres.kill()
    async with asyncio.timeout(RESTART_TIMEOUT_SECONDS):
        while up.pids.get("postgres") in {None, postgres.pid}:
            await asyncio.sleep(0.05)
    again()
    assert await read(up) == (["first"], ["first"])
    restarts = {one.name: one.restarts for one in status("one").processes}
    assert restarts == {"supervisor": 0, "kafka": 0, "postgres": 1}


async def test_a_second_stack_beside_it_shares_nothing_and_goes_without_a_trace(up):
    other = start("two", only=PARTS, provision=False)
    assert not {other.kafka, other.postgres_url} & {up.kafka, up.postgres_url}
    await write(other, "of the other")
    assert await read(other) == (["of the other"], ["of the other"])
    left = processes_of(other)
    reset("two")
    assert left
    assert all(is_gone(process) for process in left)
    assert not other.directory.exists()
    assert await read(up) == (["first"], ["first"])


async def test_after_kill_9_of_everything_it_comes_up_with_its_data(up):
    await write(up, "second")
    kill(processes_of(up))
    # A power cut in a container: the id in the file belongs to another process by now.
    pid_file = up.directory / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *pid_file.read_text().splitlines()[1:]]) + "\n")
    assert not status("one").running
    assert await read(again()) == (["first", "second"], ["first", "second"])


async def test_orphans_of_a_killed_supervisor_are_found_and_replaced(up):
    orphans = [psutil.Process(pid) for pid in load_state("one").pids.values()]
    kill(find_processes(up.directory)["supervisor"])
    assert {one.state for one in status("one").processes} == {"orphaned"}
    state = again()
    assert all(is_gone(orphan) for orphan in orphans)
    assert await read(state) == (["first", "second"], ["first", "second"])


async def test_down_leaves_no_process_and_up_has_the_data_still(up):
    assert stop("one")
    assert processes_of(up) == []
    assert not stop("one")
    assert await read(again()) == (["first", "second"], ["first", "second"])


async def test_a_port_that_another_program_takes_meanwhile_is_given_up(up, monkeypatch):
    stop("one")
    remembered = dict(load_state("one").ports)
    choose = ports.choose
    blind = iter([True])
    monkeypatch.setattr(
        ports, "choose", lambda known, usable: dict(known) if next(blind, False) else choose(known, usable)
    )
    said: list[str] = []
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind((ports.HOST, remembered["postgres"]))
        thief.listen()
        state = start("one", only=PARTS, provision=False, report=said.append)
    assert f"Another program took port {remembered['postgres']} before postgres could: choosing another" in said
    assert {part for part, port in state.ports.items() if port != remembered[part]} == {"postgres"}
    assert await read(state) == (["first", "second"], ["first", "second"])


async def test_ports_that_other_programs_take_at_once_are_given_up_together(up, monkeypatch):
    stop("one")
    remembered = dict(load_state("one").ports)
    choose = ports.choose
    blind = iter([True])
    monkeypatch.setattr(
        ports, "choose", lambda known, usable: dict(known) if next(blind, False) else choose(known, usable)
    )
    said: list[str] = []
    taken = ("kafka", "controller", "postgres")
    with contextlib.ExitStack() as thieves:
        for part in taken:
            thief = thieves.enter_context(socket.socket())
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind((ports.HOST, remembered[part]))
            thief.listen()
        state = start("one", only=PARTS, provision=False, report=said.append)
    moves = [line for line in said if line.startswith("Another program took port")]
    assert len(moves) == len(taken)
    assert sum(line.startswith("Starting ") for line in said) == 2
    assert await read(state) == (["first", "second"], ["first", "second"])


def test_nobody_else_can_read_what_a_stack_keeps(up):
    open_to_others = {
        str(path.relative_to(up.directory)): oct(path.stat().st_mode)
        for path in [up.directory, *up.directory.rglob("*")]
        if path.stat().st_mode & 0o077
    }
    # As root PostgreSQL runs as another user, who must get through to its data, and sees nothing on the way.
    passable = {".": "0o40711", "postgres": "0o40711"} if os.geteuid() == 0 else {}
    assert open_to_others == passable
    assert any((up.directory / "kafka" / "data").rglob("*.log"))
    assert (up.directory / "logs" / "kafka.log").exists()


def test_what_was_open_to_others_is_closed_at_the_next_start(up):
    stop("one")
    log, data = up.directory / "logs" / "kafka.log", up.directory / "kafka" / "data"
    log.chmod(0o644)
    data.chmod(0o755)
    again()
    assert (stat.S_IMODE(log.stat().st_mode), stat.S_IMODE(data.stat().st_mode)) == (0o600, 0o700)


def test_the_times_in_logs_name_their_zone(up):
    first = {
        name: (up.directory / "logs" / f"{name}.log").read_text().splitlines()[0]
        for name in ("supervisor", "kafka", "postgres")
    }
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", first["supervisor"])
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d) ", first["kafka"])
    # PostgreSQL has one format for times in its log, and the zone in words.
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC ", first["postgres"])


def test_down_also_stops_what_a_killed_supervisor_left(up):
    kill(find_processes(up.directory)["supervisor"])
    assert stop("one")
    assert processes_of(up) == []


def test_a_service_that_was_ready_and_ends_is_not_up(long_home):
    """It says which part ended, why, and where its log is."""

    def end_it(said: str) -> None:
        if said.startswith("scoring is ready"):
            kill([psutil.Process(load_state("crashes").pids["scoring"])])

    try:
        with pytest.raises(StackError) as failed:
            start("crashes", only=[*PARTS, "scoring"], report=end_it)
        # One that ended before has to live for a while: it is looked at again, and is up then.
        crashed = psutil.Process(_pid_of_scoring())
        said: list[str] = []
        start("crashes", only=[*PARTS, "scoring"], report=said.append)
        assert crashed.is_running()
        assert time.time() - crashed.create_time() >= 10
    finally:
        log = stack_directory("crashes") / "logs" / "scoring.log"
        last = log.read_text().splitlines()
        reset("crashes")
    told = str(failed.value)
    assert told.startswith("scoring was ready and ended again (signal SIGKILL")
    assert "The last line of its log: " in told
    assert any(line and line in told for line in last)
    assert f"The log is {log}; `plaudit logs scoring --stack crashes` shows it." in told


def _pid_of_scoring() -> int:
    deadline = time.monotonic() + RESTART_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        pid = load_state("crashes").pids.get("scoring")
        if pid is not None and psutil.pid_exists(pid):
            return pid
        time.sleep(0.05)
    raise AssertionError("scoring was not started again")
