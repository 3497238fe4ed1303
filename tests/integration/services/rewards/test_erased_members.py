"""Who was erased: what was open is decided, what is owed is paid, and bank details go when nobody needs them."""

from typing import Any

import pytest

from services.rewards.erasure.handlers import look_after, on_members
from shared.contracts.facts import MEMBER_ERASED
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.conftest import RewardsWorld
from tests.integration.services.rewards.finance import Finance, filed
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack


def erased(world: RewardsWorld, member: str, *, forfeits: bool) -> Any:
    data = {
        "member_id": world.uuid(member),
        "revision": 9,
        "erased_at": NOON,
        "identities": [world.identity("forum", member)],
        "forfeits": forfeits,
    }
    return MEMBER_ERASED.adapter.validate_python(world.fact("member.erased.v1", f"{member} erased", data))


async def erase(world: RewardsWorld, member: str, *, forfeits: bool) -> None:
    await world.handle(on_members, erased(world, member, forfeits=forfeits))
    async with world.begin() as tx:
        await look_after(tx)


async def bank_details(world: RewardsWorld, member: str) -> int:
    sql = "select count(*) from payee_changes where community = $1 and member_id = $2"
    return int(await world.pool.fetchval(sql, world.community, world.uuid(member)))


async def test_points_are_given_up_or_stay_booked(world: RewardsWorld, finance: Finance) -> None:
    shown = await finance.maker.get(f"/v1/members/{world.uuid('ada')}/open")
    assert shown.json() == {
        "points": {"available": 1250},
        "payable_minor": {},
        "payouts": {},
        "has_bank_details": True,
    }

    await erase(world, "ada", forfeits=True)
    await erase(world, "bob", forfeits=False)

    assert await world.balance("ada") == {"expired": 1250}
    assert await world.balance("bob") == {"available": 500}
    assert await bank_details(world, "ada") == 0
    assert (await world.check()).differences == 0
    # Nobody gives them bank details again, and a name that was told before does not come back.
    assert (await finance.payee("ada")).status_code == 404
    await world.handle(on_members, world.member("ada", "Ada", 8))
    names = await world.pool.fetch(
        "select name from followed_members where community = $1 order by name", world.community
    )
    assert [row["name"] for row in names] == ["Eve", None, None]


async def test_what_is_open_is_of_all_who_are_one(world: RewardsWorld, finance: Finance) -> None:
    await finance.run()
    reserved = await finance.maker.post(
        "/v1/redemptions",
        json={"member_id": world.uuid("bob"), "reward_id": "sticker"},
        headers={"Idempotency-Key": "one"},
    )
    assert reserved.status_code == 201, reserved.text
    before = (await finance.maker.get(f"/v1/members/{world.uuid('bob')}/open")).json()
    await Merging(world, on_members).merge("ada", "bob")

    shown = (await finance.maker.get(f"/v1/members/{world.uuid('bob')}/open")).json()

    assert shown["payouts"] == {"eligible": 1, "held": 1} | before["payouts"]
    assert shown["points"]["reserved"] == before["points"]["reserved"]
    assert shown["has_bank_details"]


async def test_bank_details_stay_until_no_run_asks_for_them(world: RewardsWorld, finance: Finance) -> None:
    run = await finance.run()

    await erase(world, "ada", forfeits=True)

    assert await bank_details(world, "ada") == 1
    shown = await finance.maker.get(f"/v1/members/{world.uuid('ada')}/open")
    assert shown.json()["payouts"] == {"eligible": 1}
    cancelled = await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")
    assert cancelled.status_code == 200, cancelled.text
    async with world.begin() as tx:
        await look_after(tx)
    assert await bank_details(world, "ada") == 0
    assert (await world.check()).differences == 0


async def test_a_payout_that_was_filed_is_paid_all_the_same(world: RewardsWorld, finance: Finance) -> None:
    run = await filed(finance)

    await erase(world, "ada", forfeits=True)

    assert await bank_details(world, "ada") == 0
    assert (await finance.outcome(run, "settled")).status_code == 200
    assert (await finance.payouts(run))["ada"]["state"] == "settled"
    assert (await world.check()).differences == 0


async def test_who_is_merged_gives_up_what_each_of_them_earned(world: RewardsWorld, finance: Finance) -> None:
    await Merging(world, on_members).merge("bob", "ada")

    await erase(world, "bob", forfeits=True)
    assert await world.balance("ada") == {"available": 1250, "expired": 500}
    await erase(world, "ada", forfeits=True)

    assert await world.balance("ada") == {"expired": 1750}
    assert await bank_details(world, "ada") == 0
    assert (await world.check()).differences == 0
