"""Bugs and operators: a line that halts, dead letters replayed, offsets set where they should not be."""

import asyncio

import asyncpg
import pytest

from shared.topics import POINTS, SERVICES
from tests.faults import reconcile
from tests.faults.arena import FULL, Arena
from tests.faults.test_content import put
from tests.faults.test_database import FAILING, NOT_FAILING, TABLES

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

CRASHES_COUNT = 2
FOR_EVER = 10**9
DIVISION_BY_ZERO = "22012"


async def crashed(arena: Arena, name: str, times: int = CRASHES_COUNT) -> None:
    """Return once a worker has crashed so many times from now on."""
    worker = arena.workers[name]
    before = len(worker.exits)
    async with asyncio.timeout(120):
        while len(worker.exits) < before + times:
            await asyncio.sleep(0.05)
    assert all(code > 0 for code in worker.exits[before:]), worker.exits


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
        admin = await arena.admin(service)
        await admin.execute("update consumer_offsets set next_offset = 0")
        await admin.close()
        arena.workers.start(service)
        await run.count_in_flight()
        run.recovers()


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
