"""Budgets in portions on a real database: workers do not wait for one another, and the last point is given."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.campaigns.domain.books import BookState
from services.scoring.campaigns.handlers.turning import change
from services.scoring.programmes.domain.publication import Author
from tests.integration.services.scoring.test_campaign_budgets import (
    TODAY,
    awarded,
    programme,
    publish,
    spent,
    turns_told,
)

__all__ = ["publish"]
pytestmark = pytest.mark.stack

IN_TIME_SECONDS = 60


def posts(world: Any, name: str, count: int, *, members: str) -> list[Any]:
    """Events of these members, worth five points each."""
    return [
        world.event(f"{name} {n}", members[n % len(members)], None, time=TODAY - timedelta(minutes=n))
        for n in range(count)
    ]


class KilledError(Exception):
    """A worker ends before its commit."""


async def score_and_die(world: Any, events: list[Any]) -> None:
    async with world.begin() as tx:
        await Scorer().on_activities(tx, events)
        raise KilledError


async def held(world: Any) -> dict[int, tuple[int, int]]:
    """What was spent of all from each portion, and what each may still spend."""
    rows = await world.pool.fetch(
        "select portion, points, room from campaign_spent where community = $1 and part = 'all'", world.community
    )
    return {row["portion"]: (row["points"], row["room"]) for row in rows}


async def test_a_batch_spends_while_another_has_spent_and_not_committed(world: Any, publish: Any) -> None:
    await publish(programme("{points: 10000, per_day: 5000}"))
    await world.score(*posts(world, "first", 1, members="a"))
    async with asyncio.timeout(IN_TIME_SECONDS):
        async with world.begin() as tx:
            await Scorer().on_activities(tx, posts(world, "one", 4, members="ab"))
            # These wait for nobody: neither whom room is made for, nor who finds it there.
            for name in ("two", "three"):
                await world.score(*posts(world, name, 4, members="cd"), scorer=Scorer())
        assert await spent(world) == await awarded(world)
    assert (await spent(world))["all"] == 65
    found = await held(world)
    assert [points for points, _ in found.values()] == [25, 40]
    assert all(room > 0 for _, room in found.values())


async def test_what_portions_have_is_called_back_before_anything_is_declined(world: Any, publish: Any) -> None:
    await publish(programme("{points: 500}"))
    await world.score(*posts(world, "first", 1, members="a"))
    async with world.begin() as tx:
        await Scorer().on_activities(tx, posts(world, "one", 1, members="b"))
        await world.score(*posts(world, "two", 1, members="c"), scorer=Scorer())
    rooms = [room for _, room in (await held(world)).values()]
    assert len(rooms) == 2
    assert min(rooms) > 0
    # A worker is killed on the way: what it had spent it has not.
    with pytest.raises(KilledError):
        await score_and_die(world, posts(world, "lost", 3, members="d"))
    for start in range(4):
        await world.score(*posts(world, f"more {start}", 30, members="abcdefgh"))
    assert (await spent(world))["all"] == 500
    assert await spent(world) == await awarded(world)
    assert [fact["data"]["what"] for fact in await turns_told(world)] == ["exhausted"]
    # What is taken back is given back, to whoever asks.
    await world.score(world.retraction("one 0"))
    assert [fact["data"]["what"] for fact in await turns_told(world)] == ["replenished"]
    await world.score(*posts(world, "last", 2, members="e"))
    assert (await spent(world))["all"] == 500


async def test_what_is_stopped_gives_nothing_from_portions_either(world: Any, publish: Any) -> None:
    await publish(programme("{points: 10000}"))
    by = Author(world.uuid("mia"), "Mia", "key")
    await world.score(*posts(world, "first", 4, members="ab"))
    for to, points in ((BookState.STOPPED, 20), (BookState.RUNNING, 40)):
        async with world.begin() as tx:
            await change(
                tx, community=world.community, campaign_id="spring", to=to, reason="Looking into it", by=by
            )
        await world.score(*posts(world, to.value, 4, members="ab"))
        assert (await spent(world))["all"] == points


CHECKED = """
    with books as (
        select part, sum(points)::int as spent, sum(points + room)::int as held from campaign_spent
        where community = $1 group by part
    ), given as (
        select unnest(array['all', 'rule:' || rule_id, 'day:' || d, 'week:' || date_trunc('week', d)::date])
            as part, sum(points)::int as points
        from (select *, coalesce(day, (event_time at time zone 'UTC')::date) as d from awards) a
        where community = $1 and rule_id <> 'free' group by 1
    )
    select part, coalesce(spent, 0) as spent, coalesce(held, 0) as held, coalesce(points, 0) as points
    from books full join given using (part)
"""


async def test_nothing_is_passed_by_workers_that_are_killed_while_the_budget_changes(
    world: Any, publish: Any
) -> None:
    world.configure(programme_lead_seconds=0)
    await publish(programme("{points: 600, per_rule: [{rule: post, points: 400}], per_day: 300}"))
    rng = Random(11)
    kinds = ["forum.post.v1", "chat.message.v1"]
    log: list[Any] = []
    for number in range(240):
        at = TODAY - timedelta(minutes=rng.randrange(4_000))
        log.append(world.event(f"{number}", rng.choice("abcdefghijkl"), None, type=rng.choice(kinds), time=at))
        if number % 6 == 5:
            log.append(world.retraction(f"{rng.randrange(number)}"))

    most = 600

    async def work(part: list[Any], chance: Random) -> None:
        scorer, start = Scorer(), 0
        while start < len(part):
            batch = part[start : start + chance.randrange(1, 7)]
            try:
                async with world.begin() as tx:
                    await scorer.on_activities(tx, batch)
                    if chance.random() < 0.2:
                        raise KilledError
            except KilledError:
                continue
            start += len(batch)
            # At every instant, in one look.
            for row in await world.pool.fetch(CHECKED, world.community):
                assert row["spent"] == row["points"]
                assert row["part"] != "all" or row["spent"] <= most

    async def together(log: list[Any]) -> None:
        async with asyncio.timeout(IN_TIME_SECONDS):
            await asyncio.gather(*(work(log[n::4], Random(n)) for n in range(4)))

    await together(log[:140])
    most = 900
    await publish(programme("{points: 900, per_day: 400}"))
    await together(log[140:])
    before = (await spent(world))["all"]
    assert before > 500
    most = max(before, 300)
    await publish(programme("{points: 300, per_day: 100}"))
    await together([world.retraction(f"{n}") for n in range(0, 240, 9)] + posts(world, "x", 30, members="mn"))
    after = await spent(world)
    assert after == await awarded(world)
    assert after["all"] < before
