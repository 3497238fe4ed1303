"""A broker that dies, goes away, or whose network fails."""

import asyncio

import pytest

from shared.topics import POINTS, RAW
from tests.faults import points
from tests.faults.arena import FULL, Arena
from tests.faults.conftest import quick
from tests.faults.wires import Trap
from tests.faults.workers import kill, pid_of

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]


@quick
async def test_broker_killed(platform_under_faults: Arena) -> None:
    """kill -9 of the broker; it is started again on what is on its disk."""
    arena = platform_under_faults
    async with arena.run("10 broker kill -9, restarted on its data") as run:
        await run.moment()
        before = pid_of(arena.state, "kafka")
        kill(before)
        run.recovers()
        async with asyncio.timeout(180):
            while arena.state.pids.get("kafka", before) == before:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("seconds", [2, 60] if FULL else [2])
async def test_broker_away(platform_under_faults: Arena, seconds: int) -> None:
    """Nobody reaches the broker for a while; the door says 503 and promises nothing."""
    arena = platform_under_faults
    async with arena.run(f"9 broker away for {seconds} s") as run:
        await run.moment()
        with arena.kafka.away():
            await asyncio.sleep(seconds)
        run.recovers()


@pytest.mark.parametrize("topic", [RAW, POINTS] if FULL else [POINTS], ids=lambda topic: topic.name)
async def test_connection_reset_after_a_write(platform_under_faults: Arena, topic) -> None:
    """The broker has the records, and the connection is reset before it says so; the process lives on."""
    arena = platform_under_faults
    async with arena.run("12 reset after the write left") as run:
        await run.moment()
        await run.sprung(arena.kafka.arm(Trap(points.written(topic.name), lambda: None)))


async def test_slow_network(platform_under_faults: Arena) -> None:
    """800 ms round trips to broker and database: everything takes longer, and nothing more."""
    arena = platform_under_faults
    async with arena.run("13 round trips of 800 ms") as run:
        await run.moment(0.3, 0.6)
        with arena.slow(0.8):
            await asyncio.sleep(10.0 if FULL else 4.0)
            run.recovers()
            await asyncio.sleep(10.0 if FULL else 2.0)


async def test_network_falls_silent(platform_under_faults: Arena) -> None:
    """No packet gets through to the broker for 20 s, and no connection is reset."""
    arena = platform_under_faults
    async with arena.run("9 broker silent for 20 s") as run:
        await run.moment()
        with arena.kafka.silent():
            await asyncio.sleep(20)
        run.recovers()
