"""One community sends all it can, and the events of another get through as if it didn't."""

import asyncio
import logging
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg
import orjson
import pytest
from plaudit_client import AsyncPlaudit

from tests.faults import load as loads
from tests.faults import reconcile
from tests.faults.arena import FULL, SEED, Arena, Pace
from tests.faults.conftest import once, quick
from tests.faults.report import REPORT, Row
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

FLOOD_COUNT = 20_000 if FULL else 5_000
FLOODS_COUNT = 4
#: Each of these gives as many awards as a programme may have rules.
DEAR_RULES_COUNT = 200
DEAR_COUNT = 300 if FULL else 150
#: As many of one request as the API lets anybody try.
DEAR_REQUEST_COUNT = 200
ALL_AT_ONCE = Pace(events_per_request=1_000, pause_seconds=0.0)
WARMING_COUNT = 3
QUIET_COUNT = 15
FLOODED_MIN_COUNT = 5
#: How much longer than in quiet an event of another may take.
FACTOR = 3.0
#: Faster than this is fast enough, whatever it is in quiet: the machines of tests have pauses of their own, which
#: the few samples of the short form cannot tell from a neighbour.
FLOOR_SECONDS = 0.3 if FULL else 1.0


@dataclass
class Neighbour:
    """A community that sends an event now and then, and how long the award of each took, in seconds."""

    name: str
    client: AsyncPlaudit
    scoring: asyncpg.Connection
    count: int = 0
    quiet: list[list[float]] = field(default_factory=list)
    flooded: list[float] = field(default_factory=list)

    async def award_seconds(self) -> float:
        """Send one event; how long it takes until its award is there."""
        self.count += 1
        event_id = f"one-{self.count}"
        uid = loads.event_uid(self.name, event_id)
        started = time.monotonic()
        await self.client.send([loads.message(event_id, datetime.now(UTC), "ada", f"reader-{self.count}")])
        sql = "select 1 from awards where community = $1 and event_uid = $2 limit 1"
        await until(lambda: self.scoring.fetchval(sql, self.name, uid))
        return time.monotonic() - started

    async def while_quiet(self) -> None:
        """Measure while nobody else sends; the first events wake everything up."""
        for _ in range(WARMING_COUNT):
            await self.award_seconds()
        self.quiet.append([await self.award_seconds() for _ in range(QUIET_COUNT)])

    async def while_flooded(self, is_over: Callable[[], bool]) -> None:
        """Measure until the flood is over."""
        while not is_over():
            self.flooded.append(await self.award_seconds())

    def assert_undisturbed(self) -> None:
        """The median is within the factor of that in quiet; the slowest of many is the machine's as much as ours.

        Quiet is before and after the flood, whichever took longer: others may have begun to use the machine.
        """
        quiet, flooded = max(map(statistics.median, self.quiet)), statistics.median(self.flooded)
        slowest = max(map(max, self.quiet))
        told = (
            f"{flooded:.3f} s (slowest of {len(self.flooded)}: {max(self.flooded):.3f} s), "
            f"in quiet {quiet:.3f} s (slowest {slowest:.3f} s)"
        )
        logging.getLogger(__name__).info(told)
        assert len(self.flooded) >= FLOODED_MIN_COUNT, told
        assert flooded <= max(FACTOR * quiet, FLOOR_SECONDS), told


@asynccontextmanager
async def neighbour(arena: Arena) -> AsyncIterator[Neighbour]:
    """A community beside the one that floods, measured in quiet before the body, and after it."""
    await arena.workers.ready()
    name = f"neighbour-{uuid.uuid4().hex[:10]}"
    key = await arena.community(name)
    scoring = await arena.admin("scoring")
    try:
        async with AsyncPlaudit(arena.state.service_urls["ingest"], key) as client:
            one = Neighbour(name, client, scoring)
            await one.while_quiet()
            yield one
            await arena.settled()
            await one.while_quiet()
    finally:
        await scoring.close()


@once
@quick
@pytest.mark.alone
async def test_a_flood_by_the_api(platform_under_faults: Arena) -> None:
    """Requests as large as may be, as fast as the door lets them in; all of it is there in the end, and once."""
    arena = platform_under_faults
    async with (
        neighbour(arena) as other,
        arena.run("36 flood of one community", count=FLOOD_COUNT, pace=ALL_AT_ONCE) as run,
    ):
        await other.while_flooded(lambda: run.throttled_seconds is not None)
        await run.count_in_flight()
        run.recovers()
    assert run.throttled_seconds, "nobody was told to wait"
    other.assert_undisturbed()


@once
async def test_floods_of_several_at_once(platform_under_faults: Arena) -> None:
    """What all may send together goes to those who flood; whoever sends little is let in beside them."""
    arena = platform_under_faults
    names = [f"flood-{number}-{uuid.uuid4().hex[:10]}" for number in range(FLOODS_COUNT)]
    keys = [await arena.community(name) for name in names]

    async def flood(name: str, key: str) -> int:
        events = loads.build(name, Random(f"{SEED} {name}"), FLOOD_COUNT // FLOODS_COUNT).unique
        async with AsyncPlaudit(arena.state.service_urls["ingest"], key) as client:
            assert (await client.send(events.values())).accepted == len(events)
            assert client.throttled_seconds > 0
        return len(events)

    async with neighbour(arena) as other:
        flooding = asyncio.gather(*map(flood, names, keys))
        await other.while_flooded(flooding.done)
        counts = await flooding
    await arena.settled()
    for name, count in zip(names, counts, strict=True):
        rows = await reconcile.Databases(arena.state, name).rows(
            "analytics", "select count(*), count(distinct event_uid) from events where community = $1"
        )
        assert tuple(rows[0]) == (count, count)
    assert len(other.flooded) >= FLOODED_MIN_COUNT
    assert other.client.throttled_seconds == 0, "who sends little was told to wait"


@once
@quick
@pytest.mark.alone
async def test_a_flood_of_dear_events(platform_under_faults: Arena) -> None:
    """Each event has two hundred awards behind the door: it counts as that many, and the others' come in time."""
    arena = platform_under_faults
    name = f"dear-{uuid.uuid4().hex[:10]}"
    key = await arena.community(name)
    rules = [
        {"id": f"rule-{number}", "title": "R", "on": ["chat.message.v1"], "points": 1}
        for number in range(DEAR_RULES_COUNT)
    ]
    document = {"programme": "messages", "title": "Dear", "rules": rules}
    begins = datetime.fromisoformat((await arena.publish(key, orjson.dumps(document).decode()))["effective_from"])

    async def has_begun() -> bool:
        return datetime.now(UTC) > begins

    await until(has_begun)
    events = [loads.message(f"dear-{n}", datetime.now(UTC), f"p{n % 50}", "q") for n in range(DEAR_COUNT)]

    async def flood() -> float:
        async with AsyncPlaudit(arena.state.service_urls["ingest"], key) as client:
            for start in range(0, DEAR_COUNT, DEAR_REQUEST_COUNT):
                assert not (await client.send(events[start : start + DEAR_REQUEST_COUNT])).rejected
            return client.throttled_seconds

    async with neighbour(arena) as other:
        flooding = asyncio.create_task(flood())
        await other.while_flooded(flooding.done)
        assert await flooding > 0, "nobody was told to wait"
    rows = await reconcile.Databases(arena.state, name).rows(
        "scoring", "select count(*), count(distinct award_id) from awards where community = $1"
    )
    assert tuple(rows[0]) == (DEAR_COUNT * DEAR_RULES_COUNT,) * 2
    other.assert_undisturbed()


@once
async def test_a_flood_by_an_import(platform_under_faults: Arena, tmp_path: Path) -> None:
    """The command obeys, and ends well: its events are there, and once."""
    arena = platform_under_faults
    name = f"import-{uuid.uuid4().hex[:10]}"
    await arena.community(name)
    events = loads.build(name, Random(f"{SEED} import"), FLOOD_COUNT).unique
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, events.values())))
    async with neighbour(arena) as other:
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "plaudit", "import", "cloudevents", str(file), "--json"),
            *("--stack", arena.state.name, "--community", name),
            stdout=asyncio.subprocess.PIPE,
        )
        importing = asyncio.create_task(command.communicate())
        await other.while_flooded(importing.done)
        summary = orjson.loads((await importing)[0])
    await arena.settled()

    assert command.returncode == 0
    assert (summary["accepted"], summary["duplicate"], summary["pending"]) == (len(events), 0, 0)
    assert summary["throttled_seconds"] > 0
    databases = reconcile.Databases(arena.state, name)
    for service in ("ingest", "analytics"):
        rows = await databases.rows(service, "select event_uid::text as uid from events where community = $1")
        assert sorted(row["uid"] for row in rows) == sorted(loads.event_uid(name, one) for one in events)
    other.assert_undisturbed()


@once
async def test_a_backfill_beside_what_comes_live(platform_under_faults: Arena) -> None:
    """What comes live has its awards in their time while the past waits behind the door.

    Ingest is killed with half of that still to be judged. All of it is there in the end, and once.
    """
    arena = platform_under_faults
    name = f"past-{uuid.uuid4().hex[:10]}"
    key = await arena.community(name)
    events = loads.build(name, Random(f"{SEED} past"), FLOOD_COUNT).unique
    ingest = await arena.admin("ingest")
    judged = 0

    async def backfill() -> None:
        async with AsyncPlaudit(arena.state.service_urls["ingest"], key, backfill=True) as client:
            assert (await client.send(events.values())).accepted == len(events)

    async def is_half_judged() -> bool:
        nonlocal judged
        judged = await ingest.fetchval("select count(*) from events where community = $1", name)
        return judged >= len(events) // 2

    try:
        async with neighbour(arena) as other:
            sending = asyncio.create_task(backfill())
            halfway = asyncio.create_task(until(is_half_judged))
            await other.while_flooded(halfway.done)
            await asyncio.gather(sending, halfway)
            arena.workers["ingest"].kill()
            killed_at = time.monotonic()
            await other.award_seconds()
            recovered = time.monotonic() - killed_at
            await arena.workers.ready()
    finally:
        await ingest.close()
    assert judged < len(events), "nothing was left to be judged after the kill"
    databases = reconcile.Databases(arena.state, name)
    sent = {loads.event_uid(name, one) for one in events}
    found = [
        [
            row["uid"]
            for row in await databases.rows(
                service, "select event_uid::text as uid from events where community = $1"
            )
        ]
        for service in ("ingest", "analytics")
    ]
    lost = max(len(sent.difference(uids)) for uids in found)
    doubled = max(len(uids) - len(set(uids)) for uids in found)
    REPORT.append(Row("41 backfill, ingest killed", len(events) - judged, lost, doubled, recovered))
    assert [sorted(uids) for uids in found] == [sorted(sent)] * 2
    other.assert_undisturbed()
