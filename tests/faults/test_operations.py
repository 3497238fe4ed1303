"""Bugs and operators: a line that halts, dead letters replayed, offsets set where they should not be."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
from click.testing import CliRunner

from plaudit.cli import main
from shared.services import SERVICES
from shared.topics import POINTS, dead_letter_topic, record_key
from tests.faults import reconcile
from tests.faults.arena import FULL, Arena
from tests.faults.conftest import quick
from tests.faults.test_content import award_fact, put
from tests.faults.test_database import FAILING, NOT_FAILING, TABLES

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

CRASHES_COUNT = 2
FOR_EVER = 10**9
BY_HAND = "an earlier version did not understand it"
DIVISION_BY_ZERO = "22012"
#: What all the faults before this one sent is read once more: in a full run, some 700,000 events.
REREAD_SECONDS = 300.0


async def crashed(arena: Arena, name: str, times: int = CRASHES_COUNT) -> None:
    """Return once a worker has crashed so many times from now on."""
    worker = arena.workers[name]
    before = len(worker.exits)
    async with asyncio.timeout(120):
        while len(worker.exits) < before + times:
            await asyncio.sleep(0.05)
    assert all(code > 0 for code in worker.exits[before:]), worker.exits


@quick
@pytest.mark.parametrize("service", SERVICES if FULL else ["recognition"])
async def test_bug_that_fails_every_record(platform_under_faults: Arena, service: str) -> None:
    """The line halts: no record is skipped or drained into the dead letters. After the fix it goes on."""
    arena = platform_under_faults
    async with arena.run("27 a bug fails every record") as run:
        await run.moment()
        table = TABLES[service]
        admin = await arena.admin(service)
        try:
            await admin.execute(FAILING.format(table=table, times=FOR_EVER, sqlstate=DIVISION_BY_ZERO))
            await crashed(arena, service)
            await run.count_in_flight()
            assert await reconcile.dead_letters(arena.state) == run.dead_letters
        finally:
            await admin.execute(NOT_FAILING.format(table=table))
            await admin.close()
        run.recovers()


async def test_flood_of_invalid_records(platform_under_faults: Arena) -> None:
    """More invalid records than the limit: the service halts, and starting again lets no more of them through."""
    arena = platform_under_faults
    limit, flood = 30, 200
    await arena.workers.restart("rewards", dead_letters_max_per_minute=str(limit), batch_max_count="10")
    await arena.workers.restart("recognition", dead_letters_max_per_minute="1000")
    await arena.workers.restart("analytics", dead_letters_max_per_minute="1000")
    await arena.workers.ready()
    try:
        async with arena.run("27 flood of invalid records") as run:
            await run.moment()
            await put(arena, [(POINTS, b'{"type": "points.awarded.v1"}')] * flood)
            run.expected_dead_letters = dict.fromkeys(("rewards", "recognition", "analytics"), flood)
            await crashed(arena, "rewards")
            await run.count_in_flight()
            written = (await reconcile.dead_letters(arena.state))["rewards"] - run.dead_letters["rewards"]
            assert written <= limit
            # An operator has looked at them, and lets them pass.
            await arena.workers.restart("rewards", dead_letters_max_per_minute="1000")
            run.recovers()
    finally:
        for service in ("rewards", "recognition", "analytics"):
            await arena.workers.restart(service)
        await arena.workers.ready()


@pytest.mark.parametrize("service", SERVICES if FULL else ["rewards"])
async def test_offsets_reset_to_the_beginning(platform_under_faults: Arena, service: str) -> None:
    """Everything is read once more, and nothing counts once more."""
    arena = platform_under_faults
    async with arena.run("29 offsets reset to zero") as run:
        await run.moment()
        await arena.workers.stop(service)
        # What could not be read the first time is put aside once more.
        letters = await reconcile.records(arena.state, dead_letter_topic(service))
        origins = {_origin(one) for one in letters if one["data"]["reason"] != BY_HAND}
        run.expected_dead_letters = {service: len(origins)}
        admin = await arena.admin(service)
        await admin.execute("update consumer_offsets set next_offset = 0")
        await admin.close()
        arena.workers.start(service, dead_letters_max_per_minute="100000")
        await run.count_in_flight()
        run.recovers(within_seconds=REREAD_SECONDS)
    await arena.workers.restart(service)
    await arena.workers.ready()


def _origin(letter: dict[str, Any]) -> tuple[str, int, int]:
    data = letter["data"]
    return data["topic"], data["partition"], data["offset"]


async def test_offsets_beyond_the_end(platform_under_faults: Arena) -> None:
    """As after a topic was deleted and made anew: the service halts and says what to do. Nothing is skipped."""
    arena = platform_under_faults
    beyond = 1_000_000
    sql = "update consumer_offsets set next_offset = next_offset + $1 where topic = $2"
    async with arena.run("30 offsets beyond the end") as run:
        await run.moment()
        await arena.workers.stop("rewards")
        admin = await arena.admin("rewards")
        await admin.execute(sql, beyond, POINTS.name)
        worker = arena.workers.start("rewards")
        await crashed(arena, "rewards")
        await run.count_in_flight()
        assert "docs/runbooks/offsets-out-of-range.md" in worker.written()
        assert await _offsets(admin) >= beyond
        await arena.workers.stop("rewards")
        await admin.execute(sql, -beyond, POINTS.name)
        await admin.close()
        arena.workers.start("rewards")
        run.recovers()


async def _offsets(admin: asyncpg.Connection) -> int:
    return int(await admin.fetchval("select min(next_offset) from consumer_offsets where topic = $1", POINTS.name))


async def test_dead_letters_replayed_twice(platform_under_faults: Arena) -> None:
    """What an earlier version put aside counts once it is sent again, and only once however often it is."""
    arena = platform_under_faults
    async with arena.run("28 dead letters replayed twice") as run:
        await run.moment()
        run.recovers()
        await run.recovery_done()
        await arena.settled()
        # An award as it lies in the topic, and one that rewards has put aside before it could count it.
        known = (await reconcile.records(arena.state, POINTS))[-1]
        other = f"{run.load.community}-b"
        aside = award_fact(other)
        letters = [_dead_letter(number, fact) for number, fact in enumerate((known, aside))]
        await put(arena, [(dead_letter_topic("rewards"), orjson.dumps(letter)) for letter in letters])
        run.expected_dead_letters = {"rewards": len(letters)}
        for _ in range(2):
            await asyncio.to_thread(_replay, arena.state.name, len(letters))
        await arena.settled()
        for service in ("rewards", "recognition", "analytics"):
            table = {"rewards": "transfers", "recognition": "applied_awards", "analytics": "awards"}[service]
            rows = await reconcile.Databases(arena.state, other).rows(
                service, f"select count(*) from {table} where community = $1"
            )
            assert rows[0][0] == 1, service


def _dead_letter(number: int, fact: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"00000000-0000-5000-8000-{number:012}",
        "source": "/plaudit/rewards",
        "type": "record.dead_lettered.v1",
        "time": datetime.now(UTC),
        "community": "unknown",
        "data": {
            "service": "rewards",
            "topic": POINTS.name,
            "partition": 0,
            "offset": number,
            "key_base64": base64.b64encode(record_key(fact["community"], fact["data"]["member_id"])).decode(),
            "value_base64": base64.b64encode(orjson.dumps(fact)).decode(),
            "value_truncated": False,
            "reason": BY_HAND,
        },
    }


def _replay(stack: str, count: int) -> None:
    """Replay the last dead letters of rewards with the command."""
    runner = CliRunner()
    listed = runner.invoke(main, ["dlq", "list", "rewards", "--stack", stack, "--json"], catch_exceptions=False)
    places = [str(one["place"]) for one in json.loads(listed.output)[-count:]]
    chosen = [part for place in places for part in ("--place", place)]
    done = runner.invoke(main, ["dlq", "replay", "rewards", "--stack", stack, *chosen], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert f"{count} records sent again" in done.output
