"""Several workers of a service: who owns a partition, and what a worker does that wrongly thinks it does."""

import asyncio
import signal

import pytest

from tests.faults import points, reconcile
from tests.faults.arena import FULL, PROGRAMMES, Arena, Run
from tests.faults.conftest import quick
from tests.faults.load import Expected, amendment_id, who_took_back
from tests.faults.wires import Trap
from tests.faults.workers import free_port

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

SHORT_IDLE_SECONDS = "5"


@quick
@pytest.mark.parametrize("service", ["scoring", "ingest", "rewards"] if FULL else ["scoring"])
async def test_second_worker_joins_and_leaves(platform_under_faults: Arena, service: str) -> None:
    """Partitions move to a second worker and back while both have batches under way."""
    arena = platform_under_faults
    async with arena.run("20 rebalance in mid-batch") as run:
        await run.moment(0.0, 0.2)
        arena.workers.start(service, name=f"{service}-2", port=free_port())
        await arena.workers.ready(f"{service}-2")
        await run.count_in_flight()
        run.recovers()
        await asyncio.sleep(run.rng.uniform(0.2, 1.0))
        assert await arena.workers.stop(f"{service}-2") == 0


@pytest.mark.parametrize("in_transaction", [True, False])
async def test_worker_that_was_taken_for_dead(platform_under_faults: Arena, in_transaction: bool) -> None:
    """SIGSTOP for longer than the session: another worker takes over; the first wakes up and has to notice."""
    arena = platform_under_faults
    first = await arena.workers.restart("rewards", idle_transaction_seconds=SHORT_IDLE_SECONDS)
    await arena.workers.ready()
    second = "rewards-2"
    try:
        async with arena.run("21 zombie") as run:
            await run.moment(0.0, 0.1)
            if in_transaction:
                matches = points.batch_under_way("rewards", 1)
                trap = Trap(matches, lambda: first.send(signal.SIGSTOP), points.PASS)
                await run.sprung(arena.postgres.arm(trap))
            else:
                first.send(signal.SIGSTOP)
                await run.count_in_flight()
                run.recovers()
            arena.workers.start("rewards", name=second, port=free_port())
            await arena.workers.ready(second)
            await asyncio.gather(*run.probes)
            first.send(signal.SIGCONT)
            await arena.workers.ready()
            ends = len(first.exits)
            run.recovers()
            await asyncio.gather(*run.probes)
            assert len(first.exits) == ends, "the zombie died instead of giving up what it no longer owns"
    finally:
        first.send(signal.SIGCONT)
        await arena.workers.stop(second)
        await arena.workers.restart("rewards")
        await arena.workers.ready()


@pytest.mark.parametrize("service", ["scoring"])
async def test_two_relays(platform_under_faults: Arena, service: str) -> None:
    """Two processes publish from one outbox: nothing twice or out of order, even when one is killed."""
    arena = platform_under_faults
    other = arena.workers.start(service, name=f"{service}-2", port=free_port())
    await arena.workers.ready()
    try:
        async with arena.run("22 two relays at once") as run:
            await run.moment()
            trap = Trap(points.published_not_deleted(service), other.kill)
            arena.postgres.arm(trap)
            await run.count_in_flight()
            run.recovers()
        assert_amendments_follow(run, await reconcile.awards_in_order(arena.state, run.load.community))
    finally:
        await arena.workers.stop(f"{service}-2")


def assert_amendments_follow(run: Run, topic: list[str]) -> None:
    """In the topic, no amendment comes before the award that it amends, or before an earlier one of that."""
    place: dict[str, int] = {}
    for number, award in enumerate(topic):
        place.setdefault(award, number)
    chains = [[place[award], *_amendments(award, place)] for award in place]
    assert any(len(chain) > 1 for chain in chains), "no amendment in this load"
    assert all(chain == sorted(chain) for chain in chains)


def _amendments(award: str, place: dict[str, int]) -> list[int]:
    """Where the amendments of an award are, by revision."""
    found = []
    while (amendment := amendment_id(award, len(found) + 1)) in place:
        found.append(place[amendment])
    return found


async def test_leader_dies_with_a_timer_due(platform_under_faults: Arena) -> None:
    """The worker that leads Faust's timers is killed for good; the other leads, and does what is due."""
    arena = platform_under_faults
    service = "recognition"
    arena.workers.start(service, name="recognition-2", port=free_port())
    await arena.workers.ready()
    least = 3
    badge = f"  - {{id: writer-{least}, title: Three messages, rule: message, at_least: {least}}}\n"
    text = (PROGRAMMES / "messages.yaml").read_text()
    changed = text.replace("  badges:\n", f"  badges:\n  {badge}")

    async with arena.run("34 Faust's leader killed") as run:

        def with_badge(expected: Expected) -> None:
            for person, count in _written(run).items():
                member = run.load.member_of(person)
                if count >= least and member in expected.standing:
                    expected.standing[member].add(f"writer-{least}")

        run.adjust = with_badge
        await run.moment()
        await arena.publish(run.key, changed)
        worker = arena.workers[service]
        worker.stays_down = True
        worker.kill()
        await run.count_in_flight()
        run.recovers()
        await run.recovery_done()
        wanted = sum(1 for count in _written(run).values() if count >= least)
        async with asyncio.timeout(180):
            while await _holders(run, f"writer-{least}") < wanted:
                await asyncio.sleep(0.1)
        await arena.workers.stop(service)
        arena.workers.start(service)
        await arena.workers.ready()
        await arena.workers.stop("recognition-2")


def _written(run: Run) -> dict[str, int]:
    """Messages by sender that were not taken back."""
    unique = run.load.unique.values()
    taken_back = who_took_back(unique)
    counts: dict[str, int] = {}
    for one in unique:
        if "target" not in one["data"] and one["id"] not in taken_back:
            person = one["data"]["actor"]["id"]
            counts[person] = counts.get(person, 0) + 1
    return counts


async def _holders(run: Run, badge: str) -> int:
    rows = await run.databases.rows(
        "recognition",
        """
        select count(*) from grants g where community = $1 and name = $2 and reverses is null and not exists
            (select from grants r where r.community = g.community and r.reverses = g.grant_id)
        """,
        badge,
    )
    return int(rows[0][0])
