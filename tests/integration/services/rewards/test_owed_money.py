"""Points expire in their second; money that came back is owed: it neither expires nor is worth less."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.lots.handlers.upkeep import expire_points
from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import IBANS, Finance, check, filed

pytestmark = pytest.mark.stack

LIFETIME = timedelta(days=10)


@pytest.fixture
async def living(world: Any, clients: Any) -> Finance:
    """A community in which points last for 10 days, and 100 of them are 1.00: ada has 1,000 since an hour."""
    world.configure(points_lifetime_seconds=int(LIFETIME.total_seconds()))
    await world.publish(terms=TERMS | {"minor": 100})
    await world.join("ada", "bob", "eve")
    made = Finance(world, await clients(), await clients())
    await world.give(world.award("a", "ada", 1_000, at=datetime.now(UTC) - timedelta(hours=1)))
    for name in ("ada", "bob"):
        assert (await made.payee(name)).status_code == 200
    return made


async def sweep(world: Any) -> None:
    async with world.begin() as tx:
        await expire_points(tx)


async def payout_of(finance: Finance, run: Any, member: str) -> Any:
    payout = (await finance.payouts(run))[member]
    return (await finance.maker.get(f"/v1/payouts/{payout['payout_id']}")).json()


@pytest.mark.parametrize("outcome", ["returned", "failed", "reversed"])
async def test_what_was_paid_and_comes_back_after_its_time_does_not_expire(living: Finance, outcome: str) -> None:
    world = living.world
    run = await filed(living)
    paid = (await living.payouts(run))["ada"]
    if outcome == "reversed":
        assert (await living.outcome(run, "settled")).json()["changed_count"] == 1
    await world.give(world.award("b", "bob", 700, at=datetime.now(UTC) - timedelta(hours=1)))
    world.later = LIFETIME + timedelta(days=1)
    back = await living.outcome(run, outcome, payout_ids=[paid["payout_id"]], reason="MS03")
    assert back.json()["changed_count"] == 1
    for _ in range(2):
        await sweep(world)
        world.later += timedelta(days=100)
    assert await world.balance("ada") == {"available": 1_000}
    assert await world.balance("bob") == {"expired": 700}
    again = await living.run()
    assert [(one["points"], one["amount_minor"]) for one in (await living.payouts(again)).values()] == [
        (1_000, 1_000)
    ]
    # A run that is given up takes nothing of that away.
    assert (await living.approve(again)).status_code == 200
    assert (await living.maker.post(f"/v1/payout-runs/{again['run_id']}/cancel")).json()["state"] == "cancelled"
    await sweep(world)
    assert await world.balance("ada") == {"available": 1_000}
    third = await filed(living)
    assert (await payout_of(living, third, "ada"))["amount_minor"] == 1_000
    assert (await living.outcome(third, "settled")).json()["changed_count"] == 1
    assert await world.balance("ada") == {"paid": 1_000}
    assert (await check(living))["balanced"]


async def test_what_was_computed_keeps_its_amount_at_another_rate(living: Finance) -> None:
    world = living.world
    run = await filed(living)
    paid = (await living.payouts(run))["ada"]
    assert paid["amount_minor"] == 1_000
    await world.publish(2, TERMS | {"minor": 50})
    await living.outcome(run, "returned", payout_ids=[paid["payout_id"]], reason="MS03")
    await world.give(world.award("more", "ada", 500, at=datetime.now(UTC)))

    again = await living.run()

    payout = await payout_of(living, again, "ada")
    assert (payout["points"], payout["amount_minor"]) == (1_500, 1_250)
    assert [(part["points"], part["amount_minor"], part["returned_payout_id"]) for part in payout["parts"]] == [
        (1_000, 1_000, paid["payout_id"]),
        (500, 250, None),
    ]
    # It comes back once more, at a third rate, and is paid for good.
    await living.approve(again)
    await living.file(again)
    await world.publish(3, TERMS | {"minor": 10})
    await living.outcome(again, "returned", payout_ids=[payout["payout_id"]], reason="MS03")
    last = await filed(living)
    assert (await payout_of(living, last, "ada"))["amount_minor"] == 1_250
    await living.outcome(last, "settled")
    assert await world.balance("ada") == {"paid": 1_500}
    await world.give(world.award("new", "ada", 1_000, at=datetime.now(UTC)))
    assert (await payout_of(living, await living.run(), "ada"))["amount_minor"] == 100
    assert (await check(living))["balanced"]
    told = [fact["data"] for fact in await world.published() if fact["type"] == "payout.changed.v1"]
    parts = {one["payout_id"]: one["parts"] for one in told if "parts" in one}
    assert [part["amount_minor"] for part in parts[payout["payout_id"]]] == [1_000, 250]


async def test_of_what_came_back_only_what_is_left_keeps_its_amount(living: Finance) -> None:
    """400 of 1,000 are redeemed: 600 are worth what they were, and points earned since what they are now."""
    world = living.world
    run = await filed(living)
    paid = (await living.payouts(run))["ada"]
    await world.publish(2, TERMS | {"minor": 50})
    await living.outcome(run, "returned", payout_ids=[paid["payout_id"]], reason="MS03")
    await redeem(living, "shirt", "ada")
    await world.give(world.award("more", "ada", 400, at=datetime.now(UTC)))
    payout = await payout_of(living, await living.run(), "ada")
    assert [(part["points"], part["amount_minor"]) for part in payout["parts"]] == [(600, 600), (400, 200)]
    assert (await check(living))["balanced"]


async def test_what_is_owed_is_paid_below_the_minimum(living: Finance) -> None:
    world = living.world
    run = await filed(living)
    paid = (await living.payouts(run))["ada"]
    await world.publish(2, TERMS | {"minimum_points": 5_000})
    await living.outcome(run, "returned", payout_ids=[paid["payout_id"]], reason="MS03")
    again = await filed(living)
    assert (await payout_of(living, again, "ada"))["amount_minor"] == 1_000


async def test_what_is_owed_and_stayed_held_is_taken_up_below_the_minimum(living: Finance) -> None:
    """Held by a run that was decided, it waits for the next one, and for no more points."""
    run = await filed(living)
    paid = (await living.payouts(run))["ada"]
    await living.world.publish(2, TERMS | {"minimum_points": 5_000})
    await living.outcome(run, "returned", payout_ids=[paid["payout_id"]], reason="AC04")
    held = await living.run()
    assert (await payout_of(living, held, "ada"))["state"] == "held"
    assert (await living.approve(held)).status_code == 200
    body = {"name": "Ada", "iban": IBANS["eve"]}
    assert (await living.maker.put(f"/v1/payees/{living.world.uuid('ada')}", json=body)).is_success
    again = await payout_of(living, await living.run(), "ada")
    assert (again["state"], again["amount_minor"]) == ("eligible", 1_000)


async def redeem(finance: Finance, reward: str, member: str) -> Any:
    body = {"member_id": finance.world.uuid(member), "reward_id": reward}
    return await finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})


async def test_points_are_unusable_in_the_second_in_which_their_time_is_over(living: Finance) -> None:
    """No timer runs here: nobody waits for it."""
    world = living.world
    ends_at = await world.pool.fetchval("select expires_at from lots where community = $1", world.community)
    world.later = ends_at - datetime.now(UTC) - timedelta(minutes=1)
    run = await living.run()
    assert (await living.payouts(run))["ada"]["points"] == 1_000
    assert (await redeem(living, "sticker", "ada")).status_code == 201

    world.later += timedelta(minutes=1, seconds=1)
    refused = await redeem(living, "sticker", "ada")
    assert (refused.status_code, refused.json()["detail"]) == (409, "30 points are missing; nothing was reserved")
    assert (await living.approve(run)).status_code == 200
    payout = (await living.payouts(run))["ada"]
    assert (payout["state"], payout["reason"][:31]) == ("failed", "the balance fell to 0 points si")
    assert await living.payouts(await living.run()) == {}
    assert await world.balance("ada") == {"reserved": 30, "expired": 970}
    # What was reserved and comes back can be used for a while yet.
    (redemption,) = (await living.maker.get("/v1/redemptions")).json()["items"]
    assert (await living.maker.post(f"/v1/redemptions/{redemption['redemption_id']}/cancel")).status_code == 200
    assert await world.balance("ada") == {"available": 30, "expired": 970}
    world.later += timedelta(days=32)
    await sweep(world)
    assert await world.balance("ada") == {"expired": 1_000}
    assert (await check(living))["balanced"]


async def test_the_balance_is_that_of_its_moment(living: Finance) -> None:
    world = living.world
    ends_at = await world.pool.fetchval("select expires_at from lots where community = $1", world.community)
    url = f"/v1/members/{world.uuid('ada')}/balance"

    async def at(moment: datetime) -> dict[str, int]:
        answer = await living.maker.get(url, params={"at": moment.isoformat()})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert datetime.fromisoformat(found["at"]) == moment
        return {kind: found[kind] for kind in ("available", "reserved", "expired") if found[kind]}

    a_moment = timedelta(microseconds=1)
    assert await at(ends_at - a_moment) == {"available": 1_000}
    assert await at(ends_at) == {"expired": 1_000}
    assert await at(datetime.now(UTC) - timedelta(days=1)) == {}
    before = datetime.now(UTC)
    assert (await redeem(living, "sticker", "ada")).status_code == 201
    assert await at(before) == {"available": 1_000}
    assert await at(datetime.now(UTC)) == {"available": 970, "reserved": 30}
    assert await at(ends_at) == {"reserved": 30, "expired": 970}
    assert "at" in (await living.maker.get(url)).json()
    assert (await living.maker.get(url, params={"at": "now"})).status_code == 422


async def test_what_expired_did_when_its_time_was_over_and_not_at_the_sweep(world: Any, api: Any) -> None:
    """The award lasted for an hour and until that day was over: the timer is late, the balance is not."""
    world.configure(points_lifetime_seconds=3_600)
    await world.join("ada")
    await world.give(world.award("a", "ada", 50, at=datetime.now(UTC) + timedelta(seconds=1)))
    url = f"/v1/members/{world.uuid('ada')}/balance"
    world.later = timedelta(hours=50)
    async with world.begin() as tx:
        await expire_points(tx)
    ends_at = await world.pool.fetchval("select expires_at from lots where community = $1", world.community)
    transferred = await world.pool.fetchval(
        "select event_time from transfers where community = $1 and kind = 'expiry'", world.community
    )
    assert transferred == ends_at
    answer = await api.get(url, params={"at": (ends_at + timedelta(minutes=1)).isoformat()})
    assert (answer.json()["available"], answer.json()["expired"]) == (0, 50)
