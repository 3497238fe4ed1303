"""Points of members who are merged: one balance to use, and each its own again when they part."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.erasure.handlers import on_members
from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.finance import Finance, approved, check, filed
from tests.integration.services.rewards.upkeep import run_out

pytestmark = pytest.mark.stack


@pytest.fixture
def merging(world: Any) -> Merging:
    return Merging(world, on_members)


async def redeem(api: Any, world: Any, member: str, reward: str) -> Any:
    body = {"member_id": world.uuid(member), "reward_id": reward}
    return await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})


async def is_right(world: Any) -> None:
    found = await world.check()
    assert found.differences == 0, list(found.lines())


async def test_both_have_one_balance_and_each_its_own_when_they_part(
    world: Any, api: Any, merging: Merging
) -> None:
    await world.publish()
    await world.give(world.award("a", "ada", 250), world.award("b", "bob", 200))
    assert (await redeem(api, world, "ada", "shirt")).status_code == 409

    await merging.merge("bob", "ada")
    assert (await world.balance("ada"), await world.balance("bob")) == ({"available": 450}, {})
    # Whichever of the two is named; the oldest lots are used, Ada's first.
    made = await redeem(api, world, "bob", "shirt")
    assert (made.status_code, made.json()["member_id"]) == (201, world.uuid("ada"))
    assert (await world.lots("ada"), await world.lots("bob")) == ([0], [50])
    await world.give(world.award("c", "bob", 30))
    for name in ("ada", "bob"):
        shown = (await api.get(f"/v1/members/{world.uuid(name)}/balance")).json()
        assert (shown["member_id"], shown["available"], shown["reserved"]) == (world.uuid("ada"), 80, 400)
    await is_right(world)

    # What came after the merge is whose identity did it, and what is used stays used.
    await merging.unmerge("bob")
    assert await world.balance("ada") == {"reserved": 400}
    assert await world.balance("bob") == {"available": 80}
    await is_right(world)
    cancelled = await api.post(f"/v1/redemptions/{made.json()['redemption_id']}/cancel")
    assert cancelled.status_code == 200
    # Given back, each has its own.
    assert (await world.balance("ada"), await world.balance("bob")) == ({"available": 250}, {"available": 230})
    await is_right(world)
    statement = (await api.get(f"/v1/members/{world.uuid('bob')}/statement")).json()["items"]
    assert [one["kind"] for one in statement if one["account"] == "available"] == [
        "redemption_cancelled",
        "unmerge",
        "merge",
        "award",
    ]


async def test_every_transfer_of_members_who_were_one_shows_both_its_sides(
    world: Any, finance: Finance, merging: Merging
) -> None:
    # Into one, out of it, into another, and never back: an award of each time, and what was moved each time.
    await merging.merge("bob", "ada")
    await world.give(world.award("merged", "bob", 30))
    await merging.unmerge("bob")
    await merging.merge("bob", "eve")
    await merging.merge("eve", "ada")
    await world.give(world.award("again", "bob", 20))
    rows = await world.pool.fetch(
        "select transfer_id::text, kind from transfers where community = $1", world.community
    )

    kinds = set()
    for transfer_id, kind in rows:
        shown = (await finance.maker.get(f"/v1/ledger/transfers/{transfer_id}")).json()
        amounts = [one["amount"] for one in shown["entries"]]
        assert len(amounts) > 1, (kind, shown)
        assert sum(amounts) == 0, (kind, shown)
        kinds.add(kind)
    assert kinds >= {"award", "merge", "unmerge"}


async def test_what_was_reserved_before_a_merge_comes_back_to_who_stays(
    world: Any, api: Any, merging: Merging
) -> None:
    await world.publish()
    await world.give(world.award("a", "ada", 100), world.award("b", "bob", 100))
    made = (await redeem(api, world, "bob", "sticker")).json()
    await merging.merge("bob", "ada")
    listed = (await api.get("/v1/redemptions", params={"member": world.uuid("ada")})).json()["items"]
    assert [one["redemption_id"] for one in listed] == [made["redemption_id"]]
    await api.post(f"/v1/redemptions/{made['redemption_id']}/cancel")
    assert (await world.balance("ada"), await world.balance("bob")) == ({"available": 200}, {})
    await is_right(world)


async def test_an_award_that_amounts_to_less_is_taken_from_who_has_it(world: Any, merging: Merging) -> None:
    await world.give(world.award("a", "ada", 100), world.award("b", "bob", 100))
    await merging.merge("bob", "ada")
    await world.give(world.award("not b", "bob", -60, amends="b", total=40))
    assert await world.balance("ada") == {"available": 140}
    await merging.unmerge("bob")
    await world.give(world.award("not b 2", "bob", -40, amends="b", revision=2))
    assert (await world.balance("ada"), await world.balance("bob")) == ({"available": 100}, {})
    await is_right(world)


async def test_points_that_wait_or_expired_go_along(world: Any, merging: Merging) -> None:
    world.configure(points_hold_seconds=600, points_lifetime_seconds=86_400)
    at = datetime.now(UTC) - timedelta(hours=1)
    await world.give(world.award("b", "bob", 100, at=at))
    await merging.merge("bob", "ada")
    assert await world.balance("ada") == {"pending": 100}
    world.later = timedelta(hours=1)
    async with world.begin() as tx:
        await mature_points(tx)
    assert await world.balance("ada") == {"available": 100}
    world.later = timedelta(days=2)
    async with world.begin() as tx:
        await expire_points(tx)
    assert await world.balance("ada") == {"expired": 100}
    await merging.unmerge("bob")
    assert (await world.balance("ada"), await world.balance("bob")) == ({}, {"expired": 100})
    await world.give(world.award("not b", "bob", -100, amends="b"))
    assert await world.balance("bob") == {}
    await is_right(world)


async def test_a_run_that_is_open_pays_both_and_what_comes_back_is_owed_to_who_stays(both: Finance) -> None:
    world, merging = both.world, Merging(both.world, on_members)
    run = await approved(both)
    payouts = await both.payouts(run)
    await merging.merge("bob", "ada")
    assert (await both.file(run)).status_code == 200
    paid = [payouts[name]["payout_id"] for name in ("ada", "bob")]
    assert (await both.outcome(run, "returned", payout_ids=[paid[1]], reason="MS03")).status_code == 200
    assert (await both.outcome(run, "settled", payout_ids=[paid[0]])).status_code == 200
    assert (await check(both))["balanced"]
    assert await world.balance("bob") == {}
    # Ada's bank details are known, and what came back is hers.
    again = await filed(both)
    (payout,) = (await both.payouts(again)).values()
    assert (payout["member_id"], payout["points"]) == (world.uuid("ada"), 500)
    listed = (await both.maker.get(f"/v1/members/{world.uuid('bob')}/payouts")).json()["items"]
    assert {one["payout_id"] for one in listed} == {*paid, payout["payout_id"]}
    await merging.unmerge("bob")
    assert (
        await both.outcome(again, "returned", payout_ids=[payout["payout_id"]], reason="MS03")
    ).status_code == 200
    assert (await check(both))["balanced"]
    assert await world.balance("bob") == {"available": 500}


async def test_members_of_one_run_who_are_merged_before_it_is_approved(both: Finance) -> None:
    world, merging = both.world, Merging(both.world, on_members)
    run = await both.run()
    await merging.merge("bob", "ada")
    assert (await both.approve(run)).status_code == 200
    assert (await both.file(run)).status_code == 200
    assert (await both.outcome(run, "settled")).json()["changed_count"] == 2
    assert (await world.balance("ada"), await world.balance("bob")) == (
        {"available": 50, "paid": 1_200},
        {"paid": 500},
    )
    assert (await check(both))["balanced"]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_in_whatever_order_the_books_are_right(
    world: Any, api: Any, merging: Merging, seed: int
) -> None:
    """Awards, amendments, redemptions, expiry and merges of four members, checked after each tenth."""
    chance, names = random.Random(seed), ["ada", "bob", "cy", "dee"]
    world.configure(points_lifetime_seconds=86_400, reservation_ttl_seconds=1)
    await world.publish()
    now, given, reserved = datetime.now(UTC), list[tuple[str, str, int]](), list[str]()
    for step in range(70):
        member = chance.choice(names)
        match chance.randrange(8):
            case 0 | 1 | 2:
                key, points = f"{seed} {step}", chance.randrange(20, 300)
                at = now - timedelta(seconds=chance.randrange(86_000))
                await world.give(world.award(key, member, points, at=at))
                given.append((key, member, points))
            case 3 if given:
                key, of, points = given.pop(chance.randrange(len(given)))
                await world.give(world.award(f"not {key}", of, -points, amends=key))
            case 4:
                made = await redeem(api, world, member, "sticker")
                assert made.status_code in (201, 409), made.text
                if made.status_code == 201:
                    reserved.append(made.json()["redemption_id"])
            case 5 if reserved:
                verb = chance.choice(["confirm", "cancel"])
                await api.post(f"/v1/redemptions/{reserved.pop(chance.randrange(len(reserved)))}/{verb}")
            case 6 if member in merging.into:
                await merging.unmerge(member)
            case 6:
                other = chance.choice([one for one in names if merging.head(one) == one])
                if merging.head(member) != other and merging.head(member) == member:
                    await merging.merge(member, other)
            case _:
                world.later += timedelta(seconds=chance.randrange(2_000))
                for timer in (expire_reservations, expire_points):
                    async with world.begin() as tx:
                        await run_out(tx, timer)
        if step % 10 == 9:
            await is_right(world)
    for member in list(merging.into):
        await merging.unmerge(member)
    await is_right(world)
    for name in names:
        held = await world.pool.fetchval(
            "select coalesce(sum(remaining - lacking), 0)::bigint from lots"
            " where community = $1 and member_id = $2",
            world.community,
            world.uuid(name),
        )
        assert (await world.balance(name)).get("available", 0) == held


async def test_awards_and_redemptions_that_come_while_members_are_merged(
    world: Any, api: Any, merging: Merging
) -> None:
    await world.publish()
    await world.give(*(world.award(f"first {name}", name, 500) for name in ("ada", "bob", "cy")))

    async def earn(name: str) -> None:
        for number in range(12):
            await world.give(world.award(f"{name} {number}", name, 50))
            await world.give(world.award(f"not {name} {number}", name, -20, amends=f"{name} {number}", total=30))

    async def spend(name: str) -> None:
        for _ in range(6):
            made = await redeem(api, world, name, "sticker")
            assert made.status_code in (201, 409), made.text

    async def part_and_join() -> None:
        for _ in range(6):
            await merging.merge("bob", "ada")
            await merging.merge("ada", "cy")
            await merging.unmerge("bob")
            await merging.unmerge("ada")

    await asyncio.gather(
        *(earn(name) for name in ("ada", "bob", "cy")), *(spend(name) for name in ("ada", "bob")), part_and_join()
    )
    await is_right(world)
    merged = "select count(*) from merges where community = $1 and head_id is not null"
    assert await world.pool.fetchval(merged, world.community) == 0
