"""What is due is taken in turns: a community with much keeps no other waiting."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.rewards.liability.handlers import take_next_day
from services.rewards.lots.due.store import EXPIRING
from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from services.rewards.main import SPEC
from services.rewards.redemptions.handlers.ending import expire_reservations
from services.rewards.turns.domain import Due, most_at_once
from services.rewards.turns.store import find_place, page_of_communities
from services.rewards.wallets.domain.wallets import UsedFor
from services.rewards.wallets.handlers.moving import free_expired, reserve
from tests.integration.services.conftest import application
from tests.integration.services.rewards.conftest import RewardsWorld
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.test_liability import in_force
from tests.integration.services.rewards.test_wallets import BY, Wallets
from tests.integration.services.rewards.upkeep import run_out
from tests.integration.services.world import authorization

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
        await run_out(tx, timer)
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


#: Reservations of points, for nothing: what is reserved of them is in no book.
_RESERVED = """
    insert into redemptions (community, redemption_id, member_id, reward_id, title, points, state, created_at,
                             expires_at, changed_at, changed_by, made_by)
    select $1 || c.ending, gen_random_uuid(), gen_random_uuid(), 'mug', 'Mug', 0, 'reserved', $3, $3, $3,
           'test', 'test'
    from unnest($2::text[], $4::int[]) as c(ending, number) cross join lateral generate_series(1, c.number)
"""
#: What was set aside at once, as many times by 1.
_SPLIT = """
    with one as (update wallet_reservations set amount = 1 where community = $1 returning *)
    insert into wallet_reservations (community, reservation_id, wallet_id, used_for, amount, posted, voided,
                                     refunded, moves, created_at, expires_at)
    select community, gen_random_uuid(), wallet_id, used_for, 1, 0, 0, 0, moves, created_at, expires_at
    from one cross join generate_series(2, $2::int)
"""
_WAITING = """
    select community, count(*) from redemptions
    where starts_with(community, $1) and state = 'reserved' and expires_at <= $2 group by 1
"""


async def test_ten_reservations_are_not_behind_another_communitys_many(world: Any) -> None:
    world.configure(upkeep_max_count=40)
    async with world.begin() as tx:
        undone = tx.conn.transaction()
        await undone.start()
        await run_out(tx, expire_reservations)
        before = tx.now - timedelta(hours=1)
        await tx.conn.execute(_RESERVED, world.community, ["", "-small"], before, [2_000, 10])
        # Others whose rows somebody altered stay due and have their share too: each has two of a piece at least.
        for _ in range(5):
            assert await expire_reservations(tx)
        waiting = dict(await tx.conn.fetch(_WAITING, world.community, tx.now))
        assert set(waiting) == {world.community}
        assert 1_800 <= waiting[world.community] < 2_000
        await undone.rollback()


async def set_aside(wallets: Wallets, number: int) -> None:
    """So many times 1 of a wallet of as much, whose time is over in an hour."""
    wallet = await wallets.funded(number, "PTS")
    world = wallets.world
    async with world.begin() as tx:
        await reserve(
            tx,
            community=world.community,
            wallet_id=wallet,
            reservation_id=str(uuid4()),
            amount=number,
            used_for=UsedFor.SEND,
            expires_at=tx.now + timedelta(hours=1),
            by=BY,
        )
        await tx.conn.execute(_SPLIT, world.community, number)


async def still_set_aside(tx: Any, *of: Wallets) -> list[int]:
    return [
        await tx.conn.fetchval(
            "select count(*) from wallet_reservations where community = $1 and voided = 0", one.world.community
        )
        for one in of
    ]


async def test_ten_set_aside_of_a_wallet_are_not_behind_another_communitys_many(
    world: Any, pool: Any, clients: Any
) -> None:
    async with AsyncExitStack() as stack:
        many, few = Wallets(Finance(world, await clients(), await clients())), await another(pool, stack)
        await set_aside(many, 2_000)
        await set_aside(few, 10)
        world.configure(upkeep_max_count=40)
        async with world.begin() as tx:
            undone = tx.conn.transaction()
            await undone.start()
            await run_out(tx, free_expired)
            tx.now += timedelta(hours=2)
            # Of other tests nothing is due.
            await tx.conn.execute(
                "update wallet_reservations set expires_at = null where community <> all($1)",
                [one.world.community for one in (many, few)],
            )
            assert await free_expired(tx)
            assert await still_set_aside(tx, many, few) == [1_980, 0]
            assert await free_expired(tx)
            assert await still_set_aside(tx, many, few) == [1_940, 0]
            await undone.rollback()


async def another(pool: Any, stack: AsyncExitStack) -> Wallets:
    """The wallets of another community."""
    world = RewardsWorld(pool)
    app = application(SPEC, world)
    people = []
    for _ in range(2):
        headers = await authorization(pool, world.community, "rewards:read", "payouts:write", "payouts:approve")
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://rewards", headers=headers, timeout=60
        )
        people.append(await stack.enter_async_context(client))
    return Wallets(Finance(world, *people))


async def test_who_is_not_in_a_turn_is_in_the_next(world: Any) -> None:
    world.configure(upkeep_max_count=100)
    at_once = most_at_once(100)
    async with world.begin() as tx:
        undone = tx.conn.transaction()
        await undone.start()
        await run_out(tx, expire_points)
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
        await run_out(tx, expire_points)
        assert await page_of_communities(tx.conn, EXPIRING, now=tx.now, after="", until=None, limit=9) == []
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
