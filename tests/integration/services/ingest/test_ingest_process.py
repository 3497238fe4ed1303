"""The real process of ingest: how it starts, stops, dies, and what is there afterwards."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.postgres import database_url
from shared.topics import EVENTS
from tests.integration.services.ingest.conftest import BATCH_TYPE, event
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

BUGGY = """
from dataclasses import replace
from services.ingest.main import SPEC
from shared.consumer import Subscription
from shared.service import run

async def buggy(tx, facts):
    raise KeyError("a bug in a handler")

(only,) = (one for one in SPEC.subscriptions if one.topic.name == "engagement.raw.v1")
run(replace(SPEC, subscriptions=[Subscription(only.topic, only.adapter, buggy)]))
"""

#: The host's own client waits for ever, as in a rebalance in which its loop has no part any more; or one of ours.
HANGS = """
import asyncio
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from services.ingest.main import SPEC
from shared.service import run
from shared.service.parts import Parts

start_host = AIOKafkaConsumerThread.on_start

async def on_start(thread):
    await start_host(thread)
    print("the host is there", flush=True)

async def hang(*_):
    await asyncio.Event().wait()

AIOKafkaConsumerThread.on_start = on_start
{what} = hang
run(SPEC)
"""


class Process:
    """One process of the service, and what it wrote to its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def lines(self, level: str) -> list[str]:
        """The messages of a level, each a line of JSON."""
        found = [orjson.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [one["message"] + one.get("exc_info", "") for one in found if one["level"] == level]

    async def port(self) -> int:
        """Where it listens, once it does."""

        async def said() -> int | None:
            if self._process.returncode is not None:
                raise AssertionError(self.log)
            _, found, rest = self.log.partition("listening on http://127.0.0.1:")
            return int(rest.split('"')[0]) if found else None

        return int(await until(said))

    def send(self, number: int) -> None:
        os.kill(self._process.pid, number)

    async def exit_status(self, seconds: float = 20) -> int:
        async with asyncio.timeout(seconds):
            return await self._process.wait()


@asynccontextmanager
async def process(stack: Any, path: Path, code: str | None = None, **settings: Any) -> AsyncIterator[Process]:
    given = stack.settings("ingest") | settings
    environment = os.environ | {f"PLAUDIT_{name.upper()}": str(value) for name, value in given.items()}
    command = ["-c", code] if code else ["-m", "services.ingest.main"]
    log = path / f"{uuid4().hex}.log"
    with log.open("wb") as output:
        made = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=output, stderr=output
        )
    try:
        yield Process(made, log)
    finally:
        if made.returncode is None:
            made.kill()
        await made.wait()


@pytest.fixture
async def pool(stack: Any) -> AsyncIterator[asyncpg.Pool]:
    url = database_url(stack.state.postgres_admin_url, "plaudit_ingest")
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as made:
        yield made


@pytest.fixture
async def key(pool: asyncpg.Pool) -> tuple[str, dict[str, str]]:
    """A community of its own and the header with its key."""
    community = f"c{uuid4().hex[:12]}"
    header = await authorization(pool, community, "events:write", "receipts:read")
    return community, header | {"content-type": BATCH_TYPE}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pool_max_count": "many"}, "pool_max_count"),
        ({"http_port": 70_000}, "http_port"),
        ({"log_level": "LOUD"}, "log_level"),
    ],
)
async def test_a_wrong_setting_ends_the_process_by_name(
    stack: Any, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    async with process(stack, tmp_path, **settings) as started:
        assert await started.exit_status() != 0
    assert said in started.log


async def test_a_port_that_is_taken_ends_the_process_and_says_so(stack: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with process(stack, tmp_path, http_port=port) as started:
            assert await started.exit_status() != 0
    assert f"cannot listen on 127.0.0.1:{port}; is another process using it?" in started.log


async def test_a_bug_in_a_handler_ends_the_process(
    stack: Any, tmp_path: Path, pool: asyncpg.Pool, key: tuple[str, dict[str, str]]
) -> None:
    community, headers = key
    async with process(stack, tmp_path, BUGGY) as buggy:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{await buggy.port()}") as client:
            answer = await client.post("/v1/events", content=orjson.dumps([event(1)]), headers=headers)
        assert answer.status_code == 202
        assert await buggy.exit_status() != 0
    assert any("a bug in a handler" in line for line in buggy.lines("ERROR") + buggy.lines("CRITICAL"))
    # Nothing was skipped: the same service without the bug accepts it.
    async with process(stack, tmp_path):
        query = "select count(*) from receipts where community = $1 and outcome = 'accepted'"

        async def accepted() -> bool:
            return bool(await pool.fetchval(query, community) == 1)

        await until(accepted)


@pytest.mark.parametrize("away", ["kafka", "postgres_url"])
async def test_a_start_that_waits_can_be_stopped(stack: Any, tmp_path: Path, away: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
    elsewhere = {away: address if away == "kafka" else f"postgresql://{address}"}
    async with process(stack, tmp_path, **elsewhere) as started:
        wanted = "waiting for Kafka" if away == "kafka" else "waiting for PostgreSQL"

        async def waits() -> bool:
            return wanted in started.log

        await until(waits)
        started.send(signal.SIGTERM)
        await started.exit_status(10)


class Platform:
    """A platform that sends batches and sends those again that were not acknowledged, as it is told to."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers
        self.url = ""
        self.acknowledged: set[str] = set()
        self.number = 0
        self.stop = False

    async def run(self, name: str) -> None:
        async with httpx.AsyncClient(timeout=5) as client:
            while not self.stop:
                numbers = [f"{name}-{self.number + one}" for one in range(10)]
                self.number += 10
                body = orjson.dumps([event(number, f"{name}{number[-1]}") for number in numbers])
                while not await self._taken(client, body):
                    await asyncio.sleep(0.02)
                self.acknowledged |= {f"post-{number}" for number in numbers}

    async def _taken(self, client: httpx.AsyncClient, body: bytes) -> bool:
        try:
            answer = await client.post(f"{self.url}/v1/events", content=body, headers=self._headers)
        except httpx.TransportError:
            return False
        assert answer.status_code in (202, 503), answer.text
        return answer.status_code == 202

    async def until_acknowledged(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.acknowledged) >= count

        await until(enough)


async def accepted_events(stack: Any, community: str, count: int) -> Counter[str]:
    """How often each event of the community is in the event log, once there are `count`."""
    consumer = AIOKafkaConsumer(**stack.state.broker.options, auto_offset_reset="earliest")
    await consumer.start()
    found: Counter[str] = Counter()
    try:
        consumer.assign([TopicPartition(EVENTS.name, number) for number in range(EVENTS.partitions)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(180):
            while len(found) < count:
                for batch in (await consumer.getmany(timeout_ms=100)).values():
                    prefix = f"{community}|".encode()
                    found.update(orjson.loads(one.value)["id"] for one in batch if one.key.startswith(prefix))
    finally:
        await consumer.stop()
    return found


async def test_a_stop_and_a_kill_under_load_lose_nothing_that_was_acknowledged(
    stack: Any, tmp_path: Path, pool: asyncpg.Pool, key: tuple[str, dict[str, str]]
) -> None:
    community, headers = key
    platform = Platform(headers)
    async with asyncio.TaskGroup() as senders:
        async with process(stack, tmp_path) as first:
            platform.url = f"http://127.0.0.1:{await first.port()}"
            for name in ("a", "b"):
                senders.create_task(platform.run(name))
            await platform.until_acknowledged(300)
            first.send(signal.SIGTERM)
            started = time.monotonic()
            assert await first.exit_status() == 0
            assert time.monotonic() - started < 45
            assert not first.lines("CRITICAL")
        async with process(stack, tmp_path) as second:
            platform.url = f"http://127.0.0.1:{await second.port()}"
            await platform.until_acknowledged(600)
            second.send(signal.SIGKILL)
            assert await second.exit_status() == -signal.SIGKILL
        async with process(stack, tmp_path) as third:
            platform.url = f"http://127.0.0.1:{await third.port()}"
            await platform.until_acknowledged(900)
            platform.stop = True
            await until(lambda: _done(senders))
            query = "select count(*) from events where community = $1"

            async def judged() -> bool:
                return bool(await pool.fetchval(query, community) >= len(platform.acknowledged))

            await until(judged)
            found = await accepted_events(stack, community, len(platform.acknowledged))
    assert set(found) == platform.acknowledged
    stored = await pool.fetchval("select count(*) from events where community = $1", community)
    assert stored == len(platform.acknowledged)
    # A relay killed between publishing and deleting publishes a batch twice: readers know an event by its uid.
    assert max(found.values()) <= 2


async def _done(group: asyncio.TaskGroup) -> bool:
    return not group._tasks


@pytest.mark.parametrize(
    ("what", "status", "seconds", "said"),
    [
        ("AIOKafkaConsumerThread.on_thread_stop", 0, 15, "the host has not ended in 3 s"),
        ("Parts.store_reads", 1, 4, "the service has not ended in 4 s"),
    ],
    ids=["the host", "a part"],
)
async def test_a_stop_that_hangs_ends_and_says_where(
    stack: Any, tmp_path: Path, what: str, status: int, seconds: float, said: str
) -> None:
    """What is stored and published does not wait for the host, which holds none of it."""
    async with process(stack, tmp_path, HANGS.format(what=what), stop_max_seconds=seconds) as one:
        await until(lambda: _is_all_there(one))
        one.send(signal.SIGTERM)
        assert await one.exit_status() == status
        (line,) = [line for line in one.lines("WARNING") + one.lines("CRITICAL") if said in line]
        assert "Worker._stop_on_signal" in line
        # Every part of ours was told, whatever the host does.
        assert "OutboxRelay]: Stopping" in one.log


async def _is_all_there(one: Process) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        ready = await http.get(f"http://127.0.0.1:{await one.port()}/readyz")
    return ready.is_success and "the host is there" in one.log
