"""What awards say of their points: when they can be used, that they are taken, and of which score they are."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.rewards.lots.handlers.awards import on_awards
from services.rewards.lots.handlers.upkeep import expire_points, mature_points

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def award(world: Any, name: str, points: int, **more: Any) -> Any:
    made = world.uuid(f"award {name} {more.get('revision', 0)}" if "amends" in more else f"award {name}")
    return world.award_fact(made, "ada", points, world.uuid(f"event {name}"), at=NOON, **more)


async def at(world: Any, moment: datetime, *facts: Any, timer: Any = None) -> None:
    async with world.begin() as tx:
        tx.now = moment
        if facts:
            await on_awards(tx, list(facts))
        if timer is not None:
            await timer(tx)


async def test_points_are_pending_and_expire_as_their_rule_says(world: Any) -> None:
    """Fourteen days to wait and ninety to live, beside points that have neither."""
    terms = {"available_at": NOON + 14 * DAY, "expires_at": NOON + 90 * DAY}
    await at(world, NOON, award(world, "plain", 10), award(world, "slow", 100, **terms))
    assert await world.balance("ada") == {"available": 10, "pending": 100}
    await at(world, NOON + 13 * DAY, timer=mature_points)
    assert await world.balance("ada") == {"available": 10, "pending": 100}
    # Taken back in time it never becomes available, and restored it waits on.
    gone = {"amends": world.uuid("award slow"), **terms}
    await at(world, NOON + 13 * DAY, award(world, "slow", -100, revision=1, total=0, **gone))
    assert await world.balance("ada") == {"available": 10}
    await at(world, NOON + 13 * DAY, award(world, "slow", 100, revision=2, total=100, cause="restored", **gone))
    assert await world.balance("ada") == {"available": 10, "pending": 100}
    await at(world, NOON + 15 * DAY, timer=mature_points)
    assert await world.balance("ada") == {"available": 110}
    await at(world, NOON + 91 * DAY, timer=expire_points)
    assert await world.balance("ada") == {"available": 10, "expired": 100}
    # One whose time to wait was over when it came is available at once.
    await at(world, NOON + 20 * DAY, award(world, "late", 7, available_at=NOON + 14 * DAY))
    assert await world.balance("ada") == {"available": 17, "expired": 100}
    assert (await world.check()).differences == 0


async def test_an_award_below_zero_takes_points_and_gives_them_back_when_restored(world: Any) -> None:
    await at(world, NOON, award(world, "good", 30))
    await at(world, NOON, award(world, "bad", -20), award(world, "more", 5))
    assert await world.balance("ada") == {"available": 15}
    await at(world, NOON, award(world, "worse", -40))
    assert await world.balance("ada") == {"available": -25}
    back = award(world, "worse", 40, amends=world.uuid("award worse"), revision=1, total=0)
    await at(world, NOON, back, back)
    assert await world.balance("ada") == {"available": 15}
    assert (await world.check()).differences == 0


async def test_points_of_another_score_cannot_be_spent(world: Any) -> None:
    await at(world, NOON, award(world, "help", 30, score="helpfulness"), award(world, "good", 4))
    assert await world.balance("ada") == {"available": 4}
    assert (await world.check()).differences == 0
