"""What is due of lots is taken in turns: a community with many keeps no other waiting."""

from datetime import timedelta
from typing import Any

import pytest

from services.rewards.liability.handlers import take_next_day
from services.rewards.lots.due.domain import Due, most_at_once
from services.rewards.lots.due.store import find_place, page_of_communities
from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.test_liability import in_force

pytestmark = pytest.mark.stack

#: Lots of one community, copied from one award for one member.
_COPIES = """
    insert into lots (community, award_id, member_id, points, remaining, earned_at, expires_at, pending_until)
    select $1 || c.ending, gen_random_uuid(), gen_random_uuid(), 1, 1, $3, $4, $5
    from unnest($2::text[], $6::int[]) as c(ending, number) cross join lateral generate_series(1, c.number)
"""
_LEFT = """
    select community, count(*) from lots
    where starts_with(community, $1) and remaining > 0 and (expires_at <= $2 or pending_until <= $2) group by 1
"""


@pytest.mark.parametrize(("timer", "is_pending"), [(expire_points, False), (mature_points, True)])
async def test_ten_lots_are_not_behind_another_communitys_many(world: Any, timer: Any, is_pending: bool) -> None:
    world.configure(upkeep_max_count=40)
    async with world.begin() as tx:
        undone = tx.conn.transaction()
        await undone.start()
        # What others left behind has its turn before.
        while await timer(tx):
            pass
        before = tx.now - timedelta(hours=1)
        ended, waited = (None, before) if is_pending else (before, None)
        endings = ["", " small"]
        await tx.conn.execute(_COPIES, world.community, endings, before, ended, waited, [2_000, 10])
        assert await timer(tx)
        left = dict(await tx.conn.fetch(_LEFT, world.community, tx.now))
        # Half of the piece was each's, and the small one has nothing left.
        assert left == {world.community: 1_980}
        assert await timer(tx)
        assert dict(await tx.conn.fetch(_LEFT, world.community, tx.now)) == {world.community: 1_940}
        await undone.rollback()


async def test_who_is_not_in_a_turn_is_in_the_next(world: Any) -> None:
    world.configure(upkeep_max_count=100)
    at_once = most_at_once(100)
    async with world.begin() as tx:
        undone = tx.conn.transaction()
        await undone.start()
        while await expire_points(tx):
            pass
        before = tx.now - timedelta(hours=1)
        endings = [f" {number:03}" for number in range(2 * at_once + 5)]
        each = [20] * len(endings)
        await tx.conn.execute(_COPIES, world.community, endings, before, before, None, each)
        seen: list[int] = []
        for _ in range(3):
            assert await expire_points(tx)
            left = dict(await tx.conn.fetch(_LEFT, world.community, tx.now))
            seen.append(sum(1 for count in left.values() if count < 20) + len(endings) - len(left))
        # Five lots of each, in turns, and then from the beginning again.
        assert seen == [at_once, 2 * at_once, len(endings)]
        assert min(left.values()) == 10
        assert await find_place(tx.conn, Due.EXPIRY) == f"{world.community} {at_once - 6:03}"
        while await expire_points(tx):
            pass
        assert await page_of_communities(tx.conn, Due.EXPIRY, now=tx.now, after="", until=None, limit=9) == []
        await undone.rollback()


async def test_a_day_does_not_wait_for_what_ended_elsewhere(finance: Finance) -> None:
    """Another community's lots are not booked away yet: the day of this one is taken all the same."""
    await in_force(finance)
    world = finance.world
    async with world.begin() as tx:
        undone = tx.conn.transaction()
        await undone.start()
        before = tx.now - timedelta(days=3)
        await tx.conn.execute(_COPIES, world.community, [" many"], before, before, None, [500])
        while await take_next_day(tx):
            pass
        days = "select count(*) from liability_days where community = $1"
        assert await tx.conn.fetchval(days, world.community) == 1
        await undone.rollback()


async def test_what_is_due_of_one_is_found_by_its_own_index(world: Any) -> None:
    async with world.begin() as tx:
        undone = tx.conn.transaction()
        await undone.start()
        before = tx.now - timedelta(hours=1)
        await tx.conn.execute(_COPIES, world.community, ["", " small"], before, before, None, [20_000, 10])
        await tx.conn.execute("set local enable_seqscan = off")
        plan = await tx.conn.fetch(
            """
            explain (analyze, buffers off, timing off, summary off)
            select award_id from lots
            where community = $1 and expires_at <= $2 and remaining > owed and pending_until is null
            order by expires_at limit 50
            """,
            f"{world.community} small",
            tx.now,
        )
        text = "\n".join(line[0] for line in plan)
        assert "expiring_lots_of_community" in text
        assert "Rows Removed" not in text
        await undone.rollback()
