"""Processes that die at the worst moment, and processes that are told to stop."""

import asyncio
import signal

import pytest

from shared.services import SERVICES
from shared.topics import EVENTS, POINTS, RAW, RECOGNITION, Topic
from tests.faults import points
from tests.faults.arena import Arena
from tests.faults.conftest import quick
from tests.faults.points import Matches
from tests.faults.wires import Proxy, Trap

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(240)]

STATEMENTS_UNTIL_COUNT = 4
OUTBOXES: dict[str, Topic] = {"ingest": EVENTS, "scoring": POINTS, "recognition": RECOGNITION}


async def killed_at(arena: Arena, name: str, service: str, proxy: Proxy, matches: Matches, skip: int = 3) -> None:
    """kill -9 of a service at such a message, after a random moment; then it is started again."""
    async with arena.run(name) as run:
        await run.moment()
        trap = Trap(matches, arena.workers[service].kill, skip=run.rng.randrange(skip))
        await run.sprung(proxy.arm(trap))


@quick
async def test_killed_at_four_points_of_one_load(platform_under_faults: Arena) -> None:
    """The front door, the ledger, scoring and its relay die, each at its worst moment, while one load comes in."""
    arena = platform_under_faults
    async with arena.run("3+5+6+7 four kills in one load") as run:
        await run.moment(0.1, 0.3)
        before_answer = Trap(points.answered(202), arena.workers["ingest"].kill)
        in_transaction = Trap(
            points.batch_under_way("rewards", run.rng.randint(1, 4)), arena.workers["rewards"].kill
        )
        after_commit = Trap(points.batch_committed("recognition"), arena.workers["recognition"].kill)
        before_delete = Trap(points.published_not_deleted("scoring"), arena.workers["scoring"].kill)
        arena.door.arm(before_answer)
        for trap in (in_transaction, after_commit, before_delete):
            arena.postgres.arm(trap)
        for trap in (before_answer, in_transaction, after_commit, before_delete):
            await run.sprung(trap)


async def test_ingest_killed_before_it_sends(platform_under_faults: Arena) -> None:
    """Nothing was promised: the client sends again."""
    arena = platform_under_faults
    await killed_at(arena, "1 ingest killed before send", "ingest", arena.kafka, points.about_to_write(RAW.name))


async def test_ingest_killed_before_the_acknowledgement(platform_under_faults: Arena) -> None:
    """The broker has the events and nobody knows: the client sends again, and they count once."""
    arena = platform_under_faults
    await killed_at(
        arena, "2 ingest killed after send, before ack", "ingest", arena.kafka, points.written(RAW.name)
    )


async def test_ingest_killed_before_it_answers(platform_under_faults: Arena) -> None:
    """Everything is done but the 202: the client sends again, and the events count once."""
    arena = platform_under_faults
    await killed_at(arena, "3 ingest killed after ack, before 202", "ingest", arena.door, points.answered(202))


@pytest.mark.parametrize("service", SERVICES)
async def test_consumer_killed_before_its_transaction(platform_under_faults: Arena, service: str) -> None:
    """Records were fetched, and nothing of them has reached the database."""
    arena = platform_under_faults
    name = "4 consumer killed before its transaction"
    await killed_at(arena, name, service, arena.postgres, points.batch_begins(service))


@pytest.mark.parametrize("service", SERVICES)
async def test_consumer_killed_in_mid_transaction(platform_under_faults: Arena, service: str) -> None:
    """Some statements of the batch were carried out, and none is committed."""
    arena = platform_under_faults
    async with arena.run("5 consumer killed in mid-transaction") as run:
        await run.moment()
        statements = run.rng.randint(1, STATEMENTS_UNTIL_COUNT)
        trap = Trap(points.batch_under_way(service, statements), arena.workers[service].kill)
        await run.sprung(arena.postgres.arm(trap))


@pytest.mark.parametrize("service", SERVICES)
async def test_consumer_killed_after_its_commit(platform_under_faults: Arena, service: str) -> None:
    """The facts and the outbox are committed; the process dies before it hears of it or publishes anything."""
    arena = platform_under_faults
    name = "6 consumer killed after COMMIT, before publish"
    await killed_at(arena, name, service, arena.postgres, points.batch_committed(service))


@pytest.mark.parametrize("service", list(OUTBOXES))
async def test_relay_killed_before_it_deletes(platform_under_faults: Arena, service: str) -> None:
    """The broker has the messages and the outbox has them still: they are published twice and count once."""
    arena = platform_under_faults
    name = "7 relay killed after publish, before delete"
    await killed_at(arena, name, service, arena.postgres, points.published_not_deleted(service))


@pytest.mark.parametrize("service", SERVICES)
async def test_service_told_to_stop_in_mid_batch(platform_under_faults: Arena, service: str) -> None:
    """SIGTERM while a transaction is open: the batch is finished, the process ends by itself with 0."""
    arena = platform_under_faults
    worker = arena.workers[service]
    async with arena.run("8 SIGTERM in mid-batch") as run:
        await run.moment()
        trap = Trap(points.batch_under_way(service, 1), lambda: worker.send(signal.SIGTERM), points.PASS)
        ends = len(worker.exits)
        await run.sprung(arena.postgres.arm(trap))
        async with asyncio.timeout(180):
            while len(worker.exits) == ends:
                await asyncio.sleep(0.02)
        assert worker.exits[-1] == 0


@pytest.mark.parametrize("service", SERVICES)
async def test_service_killed_again_and_again(platform_under_faults: Arena, service: str) -> None:
    """kill -9 at five random moments in a row, wherever it stands."""
    arena = platform_under_faults
    async with arena.run("4-7 killed five times at any point") as run:
        for _ in range(5):
            await asyncio.sleep(run.rng.uniform(0.2, 3.0))
            arena.workers[service].kill()
        await run.count_in_flight()
        run.recovers()
