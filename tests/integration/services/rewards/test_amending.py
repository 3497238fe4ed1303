"""Awards that come to amount to more or less: where the points go and come from, in any order and any batches."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rewards.lots.handlers.awards import on_awards
from services.rewards.lots.handlers.upkeep import expire_points, mature_points

OCTOBER = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


def earned(world: Any, name: str, points: int, at: datetime, **amended: Any) -> Any:
    """An award of Ada's, or what one amounts to since: `amends`, `revision`, `total`, `cause`."""
    made = world.uuid(f"award {name} {amended.get('revision', 0)}" if amended else f"award {name}")
    if amended:
        amended["amends"] = world.uuid(f"award {name}")
    return world.award_fact(made, "ada", points, world.uuid(f"event {name}"), at=at, **amended)


async def at(world: Any, moment: datetime, timer: Any, *facts: Any) -> None:
    async with world.begin() as tx:
        tx.now = moment
        if facts:
            await on_awards(tx, list(facts))
        else:
            await timer(tx)


async def test_a_retraction_never_takes_what_expired_a_second_time(world: Any) -> None:
    """500 of October, expired since, 500 of November; October's event is retracted."""
    world.configure(points_hold_seconds=5, points_lifetime_seconds=30 * 86_400)
    await at(world, OCTOBER, None, earned(world, "october", 500, OCTOBER))
    await at(world, OCTOBER + timedelta(seconds=6), mature_points)
    await at(world, NOVEMBER, None, earned(world, "november", 500, NOVEMBER))
    await at(world, NOVEMBER + timedelta(seconds=6), mature_points)
    await at(world, NOVEMBER + timedelta(seconds=6), expire_points)
    assert await world.balance("ada") == {"available": 500, "expired": 500}

    taken = earned(world, "october", -500, OCTOBER, revision=1, total=0)
    for _ in range(2):
        await at(world, NOVEMBER + timedelta(days=1), None, taken)

    assert await world.balance("ada") == {"available": 500}
    assert await world.lots("ada") == [0, 500]
    assert (await world.check()).differences == 0

    # Restored it has the expiry that it had, and so expires again; only once.
    given = earned(world, "october", 500, OCTOBER, revision=2, total=500, cause="restored")
    await at(world, NOVEMBER + timedelta(days=2), None, given)
    assert await world.balance("ada") == {"available": 1_000}
    for day in (3, 4):
        await at(world, NOVEMBER + timedelta(days=day), expire_points)
        assert await world.balance("ada") == {"available": 500, "expired": 500}
    assert (await world.check()).differences == 0


async def test_what_was_spent_and_taken_back_is_owed_until_it_is_restored(world: Any, api: Any) -> None:
    await world.publish()
    await world.give(world.award("a", "ada", 30))
    body = {"member_id": world.uuid("ada"), "reward_id": "sticker"}
    bought = (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "k"})).json()
    await api.post(f"/v1/redemptions/{bought['redemption_id']}/confirm")
    await world.give(world.award("not a", "ada", -30, amends="a"), world.award("b", "ada", 50))
    assert await world.balance("ada") == {"available": 20, "spent": 30}
    refused = await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "l"})
    assert refused.status_code == 409

    await world.give(world.award("a again", "ada", 30, amends="a", revision=2, total=30))

    assert await world.balance("ada") == {"available": 50, "spent": 30}
    assert await world.lots("ada") == [0, 50]
    assert (await world.check()).differences == 0


async def test_points_that_expire_while_others_are_owed_are_not_taken_twice(world: Any, api: Any) -> None:
    """What a debt stands against does not expire beside it: it pays."""
    await world.publish()
    world.configure(points_lifetime_seconds=30 * 86_400)
    now = datetime.now(UTC)
    await at(world, now, None, earned(world, "a", 30, now))
    body = {"member_id": world.uuid("ada"), "reward_id": "sticker"}
    assert (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "k"})).status_code == 201
    await at(world, now, None, earned(world, "a", -30, now, revision=1, total=0), earned(world, "b", 50, now))

    await at(world, now + timedelta(days=40), expire_points)

    assert await world.balance("ada") == {"reserved": 30, "expired": 20}
    assert (await world.check()).differences == 0


async def test_a_pending_award_is_amended_where_it_waits(world: Any) -> None:
    world.configure(points_hold_seconds=3600)
    await at(world, OCTOBER, None, earned(world, "a", 10, OCTOBER))
    await at(world, OCTOBER, None, earned(world, "a", -7, OCTOBER, revision=1, total=3, cause="limit"))
    assert await world.balance("ada") == {"pending": 3}
    await at(world, OCTOBER + timedelta(hours=2), mature_points)
    await at(world, OCTOBER + timedelta(hours=2), None, earned(world, "a", 2, OCTOBER, revision=2, total=5))
    assert await world.balance("ada") == {"available": 5}
    assert (await world.check()).differences == 0


@pytest.mark.usefixtures("new_rows")
@pytest.mark.parametrize("hold", [0, 3600])
@pytest.mark.parametrize("seed", range(3))
async def test_any_chains_in_any_batches_with_repetitions_come_to_the_same(
    world: Any, seed: int, hold: int
) -> None:
    """Also where an amendment comes before its award, as after an award was put aside and delivered later."""
    chance = random.Random(seed)
    world.configure(points_hold_seconds=hold)
    totals: dict[tuple[str, str], int] = {}
    revisions: Counter[str] = Counter()
    facts = []
    for number in range(400):
        if totals and chance.random() < 0.5:
            name, member = chance.choice(sorted(totals))
            total = chance.choice((0, chance.randrange(1, 60)))
            if total == totals[name, member]:
                continue
            revisions[name] += 1
            change, revision = total - totals[name, member], revisions[name]
            more = {"amends": name, "revision": revision, "total": total}
            facts.append(world.award(f"{name} {revision}", member, change, **more))
        else:
            name, member, total = f"a{number}", f"m{chance.randrange(8)}", chance.randrange(1, 50)
            facts.append(world.award(name, member, total))
        totals[name, member] = total
    if seed:
        chance.shuffle(facts)
    place = 0
    while place < len(facts):
        size = chance.choice((1, 2, 7, 90))
        again = chance.sample(facts[:place], min(place, 3))
        await world.give(*again, *facts[place : place + size])
        place += size
    kind = "pending" if hold else "available"
    expected: Counter[str] = Counter()
    lots: defaultdict[str, list[int]] = defaultdict(list)
    for (_, member), total in totals.items():
        expected[member] += total
        lots[member].append(total)
    for member, points in expected.items():
        assert (await world.balance(member)).get(kind, 0) == points
        assert sorted(await world.lots(member)) == sorted(lots[member])
    assert (await world.check()).differences == 0
    if hold:
        await at(world, datetime.now(UTC) + timedelta(hours=2), mature_points)
        assert sum([(await world.balance(member)).get("available", 0) for member in expected]) == sum(
            lots_of(lots)
        )
        assert (await world.check()).differences == 0


def lots_of(lots: dict[str, list[int]]) -> list[int]:
    return [total for of_member in lots.values() for total in of_member]


async def test_the_statement_says_which_award_was_amended_and_why(world: Any, api: Any, all_pages: Any) -> None:
    await world.give(world.award("a", "ada", 30), world.award("a 1", "ada", -30, amends="a"))
    await world.give(world.award("a 2", "ada", 20, amends="a", revision=2, total=20))
    lines = await all_pages(api, f"/v1/members/{world.uuid('ada')}/statement", limit=2)
    awarded = next(line for line in lines if line["kind"] == "award")
    amended = {line["revision"]: line for line in lines if line["kind"] == "amendment"}
    assert {line["amends"] for line in amended.values()} == {awarded["transfer_id"]}
    assert [(amended[n]["amount"], amended[n]["why"]) for n in (1, 2)] == [(-30, "retracted"), (20, "retracted")]
    assert [awarded[name] for name in ("amends", "revision", "why")] == [None, None, None]
