"""Debts that two people write off or have owed again, and what a policy lets members keep of points taken back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.debts.handlers import tidy_debts
from services.rewards.erasure.handlers import on_members
from services.rewards.metrics import DEBTS_OVERDUE
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.test_liability import in_force, problem
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack

WRITE_OFFS, POLICIES = "/v1/debt-write-offs", "/v1/finance/clawback-policies"


async def propose(finance: Finance, member: str, points: int, **more: Any) -> Any:
    body = {"member_id": finance.world.uuid(member), "points": points, "reason": "In good faith", **more}
    return await finance.maker.post(WRITE_OFFS, json=body, headers={"Idempotency-Key": uuid4().hex})


async def approve(finance: Finance, made: Any, by: Any = None) -> Any:
    return await (by or finance.approver).post(f"{WRITE_OFFS}/{made.json()['write_off_id']}/approve")


async def reverse(finance: Finance, made: Any) -> Any:
    path = f"{WRITE_OFFS}/{made.json()['write_off_id']}/reverse"
    return await finance.maker.post(path, json={"reason": "Wrong"}, headers={"Idempotency-Key": uuid4().hex})


async def redeemed(finance: Finance, member: str, reward: str = "shirt") -> Any:
    body = {"member_id": finance.world.uuid(member), "reward_id": reward}
    made = await finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})
    assert made.status_code == 201, made.text
    return made.json()["redemption_id"]


async def owing(finance: Finance) -> Any:
    """Bob, whose 500 points are taken back after he used 400 of them: he owes 400."""
    redemption = await redeemed(finance, "bob")
    world = finance.world
    await world.give(world.award("b taken", "bob", -500, "b", revision=1, total=0))
    assert await available(finance) == -400
    return redemption


async def written_off(finance: Finance) -> int:
    accounts = (await finance.maker.get("/v1/ledger/accounts")).json()["accounts"]
    return -sum(one["amount"] for one in accounts if one["kind"] == "debts_written_off")


async def ties(finance: Finance) -> None:
    """The ledger, a year's statement, the month and the liability say the same."""
    world, now = finance.world, datetime.now(UTC)
    found = await world.check()
    assert found.differences == 0, list(found.lines())
    for member in ("ada", "bob"):
        said = (await finance.maker.get(f"/v1/members/{world.uuid(member)}/statements/{now.year}")).json()
        balance = await world.balance(member)
        held = sum(balance.get(kind, 0) for kind in ("pending", "available", "reserved"))
        assert said["sums"][0]["closing"] == held
        assert said["days"][-1]["closing"] == held
    end = (await finance.maker.get(f"/v1/finance/month-ends/{now:%Y-%m}")).json()
    assert (end["balanced"], end["points"]["difference"]) == (True, 0), end
    assert end["points"]["written_off"] == await written_off(finance)
    worth = (await finance.maker.get("/v1/finance/liability")).json()
    assert worth["outstanding_points"] == end["points"]["closing"]


async def test_two_people_write_off_what_is_owed_then_and_what_comes_back_makes_it_good(finance: Finance) -> None:
    await in_force(finance)
    await owing(finance)
    world = finance.world
    assert problem(await propose(finance, "ada", 1)) == (409, "debt-write-off-refused")
    assert problem(await propose(finance, "bob", 401)) == (409, "debt-write-off-refused")
    made = await propose(finance, "bob", 400)
    assert (made.status_code, made.json()["state"], made.json()["booked_points"]) == (201, "proposed", None)
    assert problem(await approve(finance, made, finance.maker)) == (403, "debt-write-off-four-eyes")
    # What comes in meanwhile pays first.
    await world.give(world.award("more", "bob", 100))
    done = await approve(finance, made)
    assert (done.status_code, done.json()["booked_points"], done.json()["name"]) == (200, 300, "Bob")
    assert await available(finance) == 0
    assert await written_off(finance) == 300
    # Again is nothing, and it is not withdrawn any more.
    assert (await approve(finance, made)).json() == done.json()
    withdrawn = await finance.maker.post(f"{WRITE_OFFS}/{made.json()['write_off_id']}/withdraw")
    assert problem(withdrawn) == (409, "debt-write-off-decided")
    assert (await finance.maker.get("/v1/debts")).json()["items"] == []
    transfer = (await finance.maker.get(f"/v1/ledger/transfers/{done.json()['transfer_id']}")).json()
    assert {one["account"]: one["amount"] for one in transfer["entries"]} == {
        "debts_written_off": -300,
        "available": 300,
    }
    statement = (await finance.maker.get(f"/v1/members/{world.uuid('bob')}/statement")).json()["items"]
    assert statement[0]["kind"] == "debt_written_off"
    await ties(finance)
    # The award amounts to all that it did again: it fills what is lacking, makes good what he kept, and no more.
    await world.give(world.award("b restored", "bob", 500, "b", revision=2, total=500))
    assert await available(finance) == 200
    assert await written_off(finance) == 0
    await ties(finance)


async def test_what_is_given_up_after_its_debt_was_written_off_makes_that_good(finance: Finance) -> None:
    await in_force(finance)
    redemption = await owing(finance)
    await approve(finance, await propose(finance, "bob", 300))
    assert (await available(finance), await written_off(finance)) == (-100, 300)
    cancelled = await finance.maker.post(f"/v1/redemptions/{redemption}/cancel")
    assert cancelled.status_code == 200
    # 100 were lacking still, 300 make good what he kept: nothing is given twice.
    assert (await available(finance), await written_off(finance)) == (0, 0)
    await ties(finance)


async def available(finance: Finance, member: str = "bob") -> int:
    return int((await finance.world.balance(member)).get("available", 0))


async def test_what_is_written_off_is_owed_again_by_two_once_less_what_made_it_good(finance: Finance) -> None:
    await in_force(finance)
    await owing(finance)
    first = await propose(finance, "bob", 400)
    assert problem(await reverse(finance, first)) == (409, "debt-write-off-refused")
    await approve(finance, first)
    world = finance.world
    await world.give(world.award("b half", "bob", 150, "b", revision=2, total=150))
    assert (await available(finance), await written_off(finance)) == (0, 250)
    again = await reverse(finance, first)
    assert again.status_code == 201, again.text
    assert problem(await reverse(finance, first)) == (409, "debt-write-off-refused")
    assert problem(await approve(finance, again, finance.maker)) == (403, "debt-write-off-four-eyes")
    done = await approve(finance, again)
    assert (done.json()["booked_points"], done.json()["points"]) == (250, 400)
    assert (await available(finance), await written_off(finance)) == (-250, 0)
    assert problem(await reverse(finance, first)) == (409, "debt-write-off-refused")
    assert problem(await reverse(finance, again)) == (409, "debt-write-off-refused")
    amends = (await finance.maker.get(f"/v1/ledger/transfers/{done.json()['transfer_id']}")).json()["amends"]
    assert (
        amends == (await finance.maker.get(f"{WRITE_OFFS}/{first.json()['write_off_id']}")).json()["transfer_id"]
    )
    # Anew is another decision.
    assert (await approve(finance, await propose(finance, "bob", 250))).json()["booked_points"] == 250
    await ties(finance)


async def test_at_once_no_more_is_written_off_than_is_owed(finance: Finance) -> None:
    await owing(finance)
    world = finance.world
    both = [await propose(finance, "bob", 300), await propose(finance, "bob", 300)]
    answers = await asyncio.gather(
        *(approve(finance, made) for made in (*both, *both)),
        *(world.give(world.award(f"in {n}", "bob", 10)) for n in range(4)),
    )
    booked = {one.json()["write_off_id"]: one.json()["booked_points"] for one in answers[:4] if one.is_success}
    sums = await written_off(finance)
    assert sums == sum(booked.values()) <= 400
    assert await available(finance) == -400 + 40 + sums
    assert await available(finance) in range(41)
    assert (await world.check()).differences == 0


async def test_nobody_has_their_own_debt_written_off(finance: Finance, clients: Any) -> None:
    await owing(finance)
    made = await propose(finance, "bob", 400)
    own = await clients()
    await tie(finance.world.pool, finance.world.community, own, finance.world.uuid("bob"))
    assert problem(await approve(finance, made, own)) == (403, "about-yourself")
    assert problem(await propose(Finance(finance.world, own, own), "bob", 400)) == (403, "about-yourself")
    await approve(finance, made)
    assert problem(await reverse(Finance(finance.world, own, own), made)) == (403, "about-yourself")


async def test_the_debt_of_who_was_merged_is_that_of_who_stays(finance: Finance) -> None:
    await in_force(finance)
    await owing(finance)
    merging = Merging(finance.world, on_members)
    await merging.merge("bob", "eve")
    world = finance.world
    # Eve's 499 pay: nobody owes.
    assert problem(await propose(finance, "bob", 1)) == (409, "debt-write-off-refused")
    await redeemed(finance, "eve", "sticker")
    await world.give(world.award("e taken", "eve", -499, "e", revision=1, total=0))
    assert await available(finance, "eve") == -430
    done = await approve(finance, await propose(finance, "bob", 430))
    assert done.json()["booked_points"] == 430
    await merging.unmerge("bob")
    # Each keeps what was written off of their own lots.
    assert (await available(finance, "eve"), await available(finance)) == (0, 0)
    again = await reverse(finance, done)
    assert (await approve(finance, again)).json()["booked_points"] == 430
    assert (await available(finance, "eve"), await available(finance)) == (-30, -400)
    assert (await world.check()).differences == 0


async def policy(finance: Finance, treatment: str, since: str = "2020-01-01", **more: Any) -> Any:
    body = {"effective_from": since, "treatment": treatment, **more}
    made = await finance.maker.post(POLICIES, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert made.status_code == 201, made.text
    path = f"{POLICIES}/{made.json()['policy_id']}/approve"
    assert problem(await finance.maker.post(path)) == (403, "clawback-policy-four-eyes")
    decided = await finance.approver.post(path)
    assert decided.status_code == 200, decided.text
    return decided.json()


async def test_a_policy_says_what_becomes_of_used_points_that_are_taken_back(finance: Finance) -> None:
    await in_force(finance)
    world = finance.world
    few = await policy(finance, "keep_below", below_points=50)
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    await policy(finance, "keep", tomorrow)
    await redeemed(finance, "bob")
    # 100 are there yet; of the 49 that were used he keeps all, and of 51 none.
    await world.give(world.award("b less", "bob", -149, "b", revision=1, total=351))
    assert (await available(finance), await written_off(finance)) == (0, 49)
    await world.give(world.award("b even less", "bob", -51, "b", revision=2, total=300))
    assert (await available(finance), await written_off(finance)) == (-51, 49)
    noted = [await clawback(finance, name) for name in ("b less", "b even less")]
    assert noted == [
        {"policy_id": few["policy_id"], "used_points": 49, "kept_points": 49},
        {"policy_id": few["policy_id"], "used_points": 51, "kept_points": 0},
    ]
    await ties(finance)
    # What is not used is taken back as ever, and an award that takes points takes none back.
    await world.give(world.award("e less", "eve", -20, "e", revision=1, total=479), world.award("fine", "eve", -1))
    assert await available(finance, "eve") == 478
    assert await clawback(finance, "e less") is None
    await policy(finance, "keep")
    await world.give(world.award("b none", "bob", -300, "b", revision=3, total=0))
    assert (await available(finance), await written_off(finance)) == (-51, 349)
    # All that it was again: what is owed is paid, what was kept is made good.
    await world.give(world.award("b all", "bob", 500, "b", revision=4, total=500))
    assert (await available(finance), await written_off(finance)) == (100, 0)
    await ties(finance)
    refused = {"effective_from": "2026-01-01", "treatment": "keep", "below_points": 3}
    answer = await finance.maker.post(POLICIES, json=refused, headers={"Idempotency-Key": "no"})
    assert answer.status_code == 422


async def clawback(finance: Finance, award: str) -> Any:
    transfer_id = await finance.world.pool.fetchval(
        "select transfer_id from transfers where community = $1 and cause_id = $2 and kind = 'amendment'",
        finance.world.community,
        finance.world.uuid(f"award {award}"),
    )
    return (await finance.maker.get(f"/v1/ledger/transfers/{transfer_id}")).json()["clawback"]


async def test_who_owes_for_too_long_is_counted(finance: Finance) -> None:
    await owing(finance)
    world = finance.world
    async with world.begin() as tx:
        await tidy_debts(tx)
    before = DEBTS_OVERDUE._value.get()
    await world.pool.execute(
        "update debt_accounts set noted_at = now() - interval '91 days' where community = $1", world.community
    )
    async with world.begin() as tx:
        await tidy_debts(tx)
    assert DEBTS_OVERDUE._value.get() == before + 1
