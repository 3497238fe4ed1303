"""Statements of a year and months' ends: what they say is what is in the books, by hand and to the unit."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.lots.handlers.upkeep import expire_points
from tests.integration.services.rewards.finance import ByHand, Finance, filed
from tests.integration.services.rewards.test_liability import in_force, problem
from tests.integration.services.rewards.test_refunds_of_redemptions import refund

pytestmark = pytest.mark.stack

NOW = datetime.now(UTC)
YEAR, MONTH = NOW.year, f"{NOW:%Y-%m}"


async def use(finance: Finance, member: str, points: int | None = None) -> Any:
    """A sticker for 30 points, handed out, or a part of it."""
    body = {"member_id": finance.world.uuid(member), "reward_id": "sticker"}
    headers = {"Idempotency-Key": uuid4().hex}
    made = (await finance.maker.post("/v1/redemptions", json=body, headers=headers)).json()
    path = f"/v1/redemptions/{made['redemption_id']}/confirm"
    ended = await finance.approver.post(path, json={"points": points} if points else None)
    assert ended.status_code == 200, ended.text


async def a_month_of_work(finance: Finance) -> None:
    """Bob earns, uses, is corrected and loses some; then he and two others are paid what is left."""
    world = finance.world
    short = world.award("short", "bob", 40)
    short["data"]["expires_at"] = NOW + timedelta(seconds=30)
    await world.give(world.award("long", "bob", 500), short, world.award("wrong", "bob", 60))
    await world.give(world.award("not wrong", "bob", -60, amends="wrong"))
    await use(finance, "bob")
    await use(finance, "bob", 20)
    async with world.begin() as tx:
        tx.now += timedelta(minutes=1)
        await expire_points(tx)


async def test_a_statement_of_a_year_opens_moves_and_closes_by_the_books(finance: Finance) -> None:
    world = finance.world
    before = sum((await world.balance("bob")).values())
    await a_month_of_work(finance)
    path = f"/v1/members/{world.uuid('bob')}/statements"
    said = (await finance.maker.get(f"{path}/{YEAR}")).json()
    points = said["sums"][0]
    # What expires first was used first, all 40 of it: nothing of it was left to expire.
    moved = {"earned": before + 600, "corrected": -60, "redeemed": 50} | dict.fromkeys(
        ("written_off", "merged", "paid", "expired"), 0
    )
    assert points == {"currency": "PTS", "opening": 0, "closing": before + 490, "ended": 0} | moved
    assert said["is_preliminary"] is True
    (day,) = [one for one in said["days"] if one["currency"] == "PTS"]
    assert day == {"day": NOW.date().isoformat(), "currency": "PTS", "closing": before + 490} | moved
    held = (await finance.maker.get(f"/v1/members/{world.uuid('bob')}/balance")).json()
    assert points["closing"] == held["pending"] + held["available"] + held["reserved"]
    later = (await finance.maker.get(f"{path}/{YEAR + 1}")).json()
    assert (later["sums"][0]["opening"], later["sums"][0]["closing"]) == (before + 490, before + 490)
    assert later["days"] == []
    earlier = (await finance.maker.get(f"{path}/{YEAR - 1}")).json()
    assert (earlier["sums"][0]["closing"], earlier["is_preliminary"]) == (0, False)


async def test_money_becomes_payable_and_is_given_to_the_bank(finance: Finance) -> None:
    run = await filed(finance)
    world = finance.world
    (payout,) = [one for name, one in (await finance.payouts(run)).items() if name == "ada"]
    said = (await finance.maker.get(f"/v1/members/{world.uuid('ada')}/statements/{YEAR}")).json()
    points, money = said["sums"]
    assert (money["currency"], money["opening"], money["closing"]) == (payout["currency"], 0, 0)
    assert money["earned"] == money["paid"] == payout["amount_minor"]
    # They are set aside until the bank says that it has paid: only then they are gone.
    assert points["paid"] == 0
    await finance.outcome(run, "settled")
    said = (await finance.maker.get(f"/v1/members/{world.uuid('ada')}/statements/{YEAR}")).json()
    assert said["sums"][0]["paid"] == payout["points"]


async def test_a_months_end_ties_to_the_ledger_to_the_unit(finance: Finance) -> None:
    await in_force(finance)
    await a_month_of_work(finance)
    run = await filed(finance)
    await finance.outcome(run, "settled")
    body = {"member_id": finance.world.uuid("bob"), "reward_id": "sticker"}
    await finance.world.give(finance.world.award("more", "bob", 30))
    await finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "waits"})
    end = (await finance.maker.get(f"/v1/finance/month-ends/{MONTH}")).json()
    points = end["points"]
    assert (end["state"], end["is_preliminary"], end["balanced"], points["difference"]) == ("open", True, True, 0)
    came = points["opening"] + points["earned"] + points["corrected"]
    assert came - points["redeemed"] - points["paid"] - points["expired"] == points["closing"]
    assert (points["corrected"], points["redeemed"]) == (-60, 50)
    paid = [one for one in (await finance.payouts(run)).values() if one["state"] == "settled"]
    assert points["paid"] == sum(one["points"] for one in paid)
    settled = [one for one in end["payouts"] if one["state"] == "settled"]
    assert sum(one["count"] for one in settled) == len(paid)
    assert sum(one["amount_minor"] for one in settled) == sum(one["amount_minor"] for one in paid)
    assert [(one["kind"], one["count"], one["points"]) for one in end["open_items"]] == [("redemption", 1, 30)]
    balance = (await finance.maker.get("/v1/ledger/accounts")).json()["accounts"]
    kinds = ("pending", "available", "reserved")
    held = sum(one["amount"] for one in balance if one["kind"] in kinds and one["currency"] == "PTS")
    assert points["closing"] == held
    assert problem(await finance.maker.get("/v1/finance/month-ends/1999-01")) == (404, "unknown-period")


async def test_what_is_refunded_after_a_month_waited_for_nobody_at_its_end(
    finance: Finance, by_hand: ByHand
) -> None:
    world = finance.world
    world.later = -timedelta(days=NOW.day + 3)
    await world.give(world.award("early", "bob", 90, at=NOW + world.later))
    world.later = timedelta(0)
    await use(finance, "bob")
    redemption_id = str(
        await world.pool.fetchval("select redemption_id from redemptions where community = $1", world.community)
    )
    # It was reserved and handed out in the month before.
    await by_hand(
        """
        update redemptions set created_at = created_at - $2::interval, changed_at = changed_at - $2::interval
        where community = $1
        """,
        timedelta(days=NOW.day + 2),
    )
    path = f"/v1/finance/month-ends/{NOW - timedelta(days=NOW.day + 2):%Y-%m}"
    before = (await finance.maker.get(path)).json()["open_items"]
    assert (await refund(finance.maker, redemption_id)).status_code < 300
    assert before == (await finance.maker.get(path)).json()["open_items"] == []
    # It corrects that month, in the one that it is booked in.
    end = (await finance.maker.get(f"/v1/finance/month-ends/{MONTH}")).json()
    assert end["corrections"] == [{"kind": "redemption_refunded", "count": 1, "points": 30}]


async def test_what_corrects_an_earlier_month_is_said_in_the_one_it_is_booked_in(finance: Finance) -> None:
    world = finance.world
    world.later = -timedelta(days=NOW.day + 3)
    await world.give(world.award("early", "bob", 90, at=NOW + world.later))
    world.later = timedelta(0)
    await world.give(world.award("not early", "bob", -25, amends="early", at=NOW))
    end = (await finance.maker.get(f"/v1/finance/month-ends/{MONTH}")).json()
    assert end["corrections"] == [{"kind": "amendment", "count": 1, "points": -25}]
    before = (await finance.maker.get(f"/v1/finance/month-ends/{NOW - timedelta(days=NOW.day + 3):%Y-%m}")).json()
    assert (before["corrections"], before["points"]["closing"]) == ([], 90)
    assert end["points"]["opening"] == 90
