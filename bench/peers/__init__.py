"""Other stream processors at the same work: count each member's points from one topic, and keep the totals.

Each runs in an environment of its own, made on demand from pinned requirements. It is run twice: once for
the rate, and once with three kills -9 on the way, started again after each. Then its durable totals are
compared with those of the topic.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench import messages
from bench.context import ROOT, Context
from bench.results import Peer
from plaudit.stack import StackState
from plaudit.stack.jars import KAFKA_VERSION
from plaudit.stack.paths import cache
from shared.kafka import create_producer, create_topics, send_records
from shared.postgres import database_url, role_name
from shared.topics import Topic

HERE = Path(__file__).parent
RECORD_COUNT = 120_000
QUICK_COUNT = 60_000
PARTITION_COUNT = 6
POLL_SECONDS = 0.05
#: Killed when so much is counted.
KILL_SHARES = (0.2, 0.5, 0.8)
#: Nothing counted for so long: it is over. Longer than a dead consumer's session.
SILENCE_SECONDS = 60.0
TIMEOUT_SECONDS = 400.0
#: The rate is that of the middle: neither connecting nor the last poll is counting.
FIRST_SHARE, LAST_SHARE = 0.1, 0.95
DATABASE = "scoring"
TABLE = "create table if not exists peer_totals (grp text, member text, points bigint, primary key (grp, member))"

Totals = Callable[[], Awaitable[Counter[str]]]


@dataclass(frozen=True)
class Program:
    """How a peer is started, and where its totals are: a topic, or the database.

    Without a `package` it runs in Plaudit's own environment.
    """

    name: str
    package: str
    command: tuple[str, ...]
    output: str
    note: str
    prepare: tuple[str, ...] = ()
    version: str = ""


PROGRAMS = (
    Program(
        "plaudit",
        "",
        ("-m", "bench.peers.plaudit.program"),
        "",
        "the consumer loop; offsets and totals in one PostgreSQL transaction",
    ),
    Program(
        "faust",
        "faust-streaming",
        ("{here}/program.py", "worker", "--loglevel", "warn"),
        "{group}-totals-changelog",
        "an agent and a table with its changelog, at least once",
    ),
    Program(
        "quix",
        "quixstreams",
        ("{here}/program.py",),
        "{group}-output",
        "stateful apply, RocksDB and changelog, its exactly-once setting",
    ),
    Program(
        "bytewax",
        "bytewax",
        ("-m", "bytewax.run", "program:flow", "-r", "{directory}/recovery", "-s", "1", "-b", "0"),
        "{group}-output",
        "stateful_map, snapshots every second in SQLite",
        prepare=("-m", "bytewax.recovery", "{directory}/recovery", "1"),
    ),
    Program(
        "faststream",
        "faststream",
        ("-m", "faststream", "run", "program:app"),
        "",
        "batches added up in PostgreSQL, acknowledged afterwards",
    ),
    Program(
        "kafka-streams",
        "",
        ("-m", "bench.peers.kafka_streams.program"),
        "{group}-output",
        "Java: aggregate with a RocksDB store and changelog, exactly_once_v2",
        version=KAFKA_VERSION,
    ),
)


async def run(context: Context) -> None:
    """Run every peer on the same records."""
    state = await context.infrastructure()
    await _execute(state, TABLE)
    await _execute(state, f"grant select, insert, update on peer_totals to {role_name(DATABASE)}")
    topic = f"bench.points.{uuid.uuid4().hex[:8]}"
    await create_topics(state.broker, [_topic(topic)])
    expected = await _fill(state, topic, QUICK_COUNT if context.quick else RECORD_COUNT)
    for program in PROGRAMS:
        try:
            await _peer(context, state, program, topic, expected)
        except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
            context.results.failures[f"peer {program.name}"] = f"{type(error).__name__}: {error}"
            context.say(f"{program.name}: {error}")


def _topic(name: str) -> Topic:
    return Topic(name, "benchmark", "member", (), (), (), partitions=PARTITION_COUNT)


async def _fill(state: StackState, topic: str, count: int) -> Counter[str]:
    """Put awards into the topic; return the points of each member."""
    expected: Counter[str] = Counter()
    records = []
    source = messages.rows()
    for number in range(count):
        member = str(uuid.uuid5(uuid.NAMESPACE_OID, source[number % len(source)][0]))
        points = 1 + number % 3
        expected[member] += points
        records.append((topic, member.encode(), orjson.dumps(_award(number, member, points))))
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    try:
        for start in range(0, count, 5_000):
            await send_records(producer, records[start : start + 5_000])
    finally:
        await producer.stop()
    return expected


def _award(number: int, member: str, points: int) -> dict[str, Any]:
    event = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
    data = {
        "award_id": event,
        "member_id": member,
        "points": points,
        "rule_id": "message",
        "beneficiary": "actor",
        "programme_id": "messages",
        "programme_version": 1,
        "event_uid": event,
        "event_type": "chat.message.v1",
        "event_time": "2004-04-15T14:56:01Z",
        "received_at": "2026-01-01T00:00:00Z",
    }
    envelope = {"specversion": "1.0", "id": event, "source": "/plaudit/scoring", "type": "points.awarded.v1"}
    return envelope | {"time": "2026-01-01T00:00:00Z", "community": "bench", "data": data}


async def _peer(context: Context, state: StackState, program: Program, topic: str, expected: Counter[str]) -> None:
    python = await asyncio.to_thread(_environment, program)
    version = await asyncio.to_thread(_version, python, program)
    clean = await _attempt(state, program, python, topic, expected, kill=False)
    rates = [clean.rate] if clean.rate else []
    killed = await _attempt(state, program, python, topic, expected, kill=True)
    missing = sum((expected - killed.totals).values())
    surplus = sum((killed.totals - expected).values())
    note = program.note
    if clean.totals != expected:
        note += "; wrong even without a kill"
    context.results.add(
        Peer(
            name=program.name,
            version=version,
            rates=rates,
            missing_after_kill=missing,
            surplus_after_kill=surplus,
            note=note,
        )
    )
    context.say_number(
        f"{program.name}: {clean.rate or 0:,.0f} records/s; after a kill {missing} lost, {surplus} twice"
    )


@dataclass
class Attempt:
    """What a run came to: records per second and the durable totals."""

    rate: float | None
    totals: Counter[str]


async def _attempt(
    state: StackState, program: Program, python: Path, topic: str, expected: Counter[str], *, kill: bool
) -> Attempt:
    group = f"peer-{program.name}-{uuid.uuid4().hex[:8]}"
    directory = Path(tempfile.mkdtemp(prefix="plaudit-peer-"))
    names = {"group": group, "directory": str(directory), "here": str(HERE / program.name)}
    output = program.output.format(**names)
    settings = _settings(state, program, topic, group, output, directory)
    await _execute(state, "truncate consumer_offsets")  # Plaudit's offsets are a service's, not a group's
    if output.endswith("-output"):
        await create_topics(state.broker, [_topic(output)])
    command = [str(python), *(part.format(**names) for part in program.command)]
    cwd = HERE / program.name if program.package else ROOT
    try:
        if program.prepare:
            (directory / "recovery").mkdir()
            prepare = [str(python), *(part.format(**names) for part in program.prepare)]
            await asyncio.to_thread(
                subprocess.run, prepare, check=True, env=settings, cwd=cwd, capture_output=True
            )
        async with _totals(state, group, output) as counted:
            process = _spawn(command, settings, cwd, directory)

            async def totals() -> Counter[str]:
                if process.poll() is not None:
                    log = (directory / "log").read_text(errors="replace")
                    raise RuntimeError(f"{program.name} ended by itself: {log[-500:]}")
                return cast(Counter[str], await counted())

            try:
                for share in KILL_SHARES if kill else ():
                    wanted = sum(expected.values()) * share
                    await _until(totals, lambda points, wanted=wanted: points >= wanted)  # type: ignore[misc]
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    process = _spawn(command, settings, cwd, directory)
                samples = await _until_silent(totals, sum(expected.values()))
                return Attempt(None if kill else _rate(samples, expected), await totals())
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _settings(
    state: StackState, program: Program, topic: str, group: str, output: str, directory: Path
) -> dict[str, str]:
    role = role_name(DATABASE)
    return os.environ | {
        "PEER_KAFKA": state.kafka,
        "PEER_KAFKA_USER": state.broker.user,
        "PEER_KAFKA_PASSWORD": state.broker.password,
        "PEER_POSTGRES": database_url(state.postgres_url, role, role, state.postgres_passwords[DATABASE]),
        "PEER_TOPIC": topic,
        "PEER_GROUP": group,
        "PEER_OUTPUT": output,
        "PEER_PARTITIONS": str(PARTITION_COUNT),
        "PEER_DIRECTORY": str(directory),
        "PLAUDIT_KAFKA": state.kafka,
        "PLAUDIT_KAFKA_USER": state.broker.user,
        "PLAUDIT_KAFKA_PASSWORD": state.broker.password,
        "PLAUDIT_POSTGRES_URL": state.postgres_url,
        "PLAUDIT_POSTGRES_PASSWORD": state.postgres_passwords[DATABASE],
        "PYTHONPATH": "" if program.package else str(ROOT),
    }


def _spawn(command: list[str], settings: dict[str, str], cwd: Path, directory: Path) -> subprocess.Popen[bytes]:
    """A process group of its own, so that a kill takes all of it."""
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(command, env=settings, cwd=cwd, stdout=log, stderr=log, start_new_session=True)


@contextlib.asynccontextmanager
async def _totals(state: StackState, group: str, output: str) -> Any:
    """A function that returns the durable totals of a group as they are now."""
    if not output:
        database = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(DATABASE)))

        async def from_database() -> Counter[str]:
            rows = await database.fetch("select member, points from peer_totals where grp = $1", group)
            return Counter({row["member"]: row["points"] for row in rows})

        try:
            yield from_database
        finally:
            await database.close()
        return
    consumer = AIOKafkaConsumer(
        **state.broker.options, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    totals: Counter[str] = Counter()

    async def from_topic() -> Counter[str]:
        if not consumer.assignment():
            await consumer._client.force_metadata_update()
            found = await consumer._client.fetch_all_metadata()
            partitions = found.partitions_for_topic(output)
            if not partitions:
                return Counter()
            consumer.assign([TopicPartition(output, number) for number in sorted(partitions)])
        while fetched := await consumer.getmany(timeout_ms=50, max_records=20_000):
            for batch in fetched.values():
                for record in batch:
                    member = record.key.decode().strip('"')
                    totals[member] = int(record.value) if record.value else 0
        return Counter(totals)

    try:
        yield from_topic
    finally:
        await consumer.stop()


async def _until(totals: Totals, condition: Callable[[int], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition(sum((await totals()).values())):
        if time.monotonic() > deadline:
            raise RuntimeError(f"a place for a kill was not reached within {TIMEOUT_SECONDS:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


async def _until_silent(totals: Totals, wanted: int) -> list[tuple[float, int]]:
    """Times and points counted, until all are there and nothing changes, or nothing has changed for long."""
    samples: list[tuple[float, int]] = []
    changed = time.monotonic()
    while True:
        points = sum((await totals()).values())
        now = time.monotonic()
        if not samples or points != samples[-1][1]:
            changed = now
        samples.append((now, points))
        patience = 3.0 if points == wanted else SILENCE_SECONDS
        if now - changed > patience:
            return samples
        await asyncio.sleep(POLL_SECONDS)


def _rate(samples: list[tuple[float, int]], expected: Counter[str]) -> float | None:
    """Records per second between the first and the last tenth of the points; None when it never got there."""
    wanted = sum(expected.values())
    record_count = wanted / 2  # an award has two points on average
    within = [one for one in samples if FIRST_SHARE * wanted <= one[1]]
    after = next((one for one in within if one[1] >= LAST_SHARE * wanted), None)
    if after is None or within[0] == after:
        # Too fast for the samples: from the last one with nothing to the first with everything.
        before = max((one for one in samples if one[1] < FIRST_SHARE * wanted), default=None)
        return record_count / (after[0] - before[0]) if after and before else None
    share = (after[1] - within[0][1]) / wanted
    return record_count * share / (after[0] - within[0][0])


async def _execute(state: StackState, sql: str) -> None:
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(DATABASE)))
    try:
        await admin.execute(sql)
    finally:
        await admin.close()


def _environment(program: Program) -> Path:
    """The Python of a peer's environment, made when it is not there or its requirements have changed."""
    if not program.package:
        return Path(sys.executable)
    requirements = HERE / program.name / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = cache() / "bench" / f"{program.name}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run([*install, "--require-hashes", "-r", str(requirements)], check=True, env=alone)
        (folder / "complete").touch()
    return python


def _version(python: Path, program: Program) -> str:
    if not program.package:
        return program.version
    code = f"from importlib.metadata import version; print(version({program.package!r}))"
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()
