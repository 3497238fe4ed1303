"""What makes money payable again is said by one and confirmed by another; what was wrong is corrected so too."""

from typing import Any
from uuid import uuid4

import pytest

from services.rewards.payouts.outcomes.handlers import count_waiting
from shared.access_keys.store import put_people
from tests.integration.services.rewards.finance import Finance, check, filed
from tests.integration.services.world import EVERY_ROLE, add_person, person_fact, tie

pytestmark = pytest.mark.stack

FOUR_EYES = "urn:plaudit:problem:four-eyes"
ABOUT_YOURSELF = "urn:plaudit:problem:about-yourself"
REFUSED = "urn:plaudit:problem:payout-outcome-refused"


async def ids(finance: Finance, run: Any) -> list[str]:
    payouts = (await finance.payouts(run)).values()
    return [one["payout_id"] for one in payouts if one["state"] != "held"]


@pytest.mark.parametrize("state", ["returned", "failed", "reversed"])
async def test_the_maker_alone_makes_nothing_payable_again(finance: Finance, state: str, clients: Any) -> None:
    """The case as it was found: the maker posts an outcome for the whole run, and makes the next one."""
    world = finance.world
    run = await filed(finance)
    if state == "reversed":
        assert (await finance.outcome(run, "settled")).json()["changed_count"] == 1
    before = (await world.balance("ada"), await world.money())
    assert (await finance.propose(run, state)).status_code == 422

    proposed = await finance.propose(run, state, payout_ids=await ids(finance, run), reason="AC04")
    assert (proposed.status_code, proposed.json()["changed_count"]) == (202, 0)
    outcome = proposed.json()["outcome"]
    assert (outcome["state"], outcome["outcome"], outcome["decided"]) == ("proposed", state, None)
    shown = await finance.approver.get(f"/v1/payout-outcomes/{outcome['outcome_id']}")
    assert shown.json() == outcome | {"is_about_you": False}
    assert (await finance.approver.get(f"/v1/payout-outcomes/{uuid4()}")).status_code == 404
    assert (await world.balance("ada"), await world.money()) == before
    # By no key of theirs.
    person_id = outcome["proposed"]["person_id"]
    for api in (finance.maker, await clients(person_id=person_id)):
        answer = await finance.confirm(run, outcome, api)
        assert (answer.status_code, answer.json()["type"]) == (403, FOUR_EYES)
        assert "somebody else must confirm it" in answer.json()["detail"]

    confirmed = await finance.confirm(run, outcome)
    assert (confirmed.status_code, confirmed.json()["changed_count"]) == (200, 1)
    assert confirmed.json()["outcome"]["state"] == "confirmed"
    assert (await finance.confirm(run, outcome)).json()["changed_count"] == 0
    assert await world.balance("ada") == {"available": 1_250}
    assert await world.money() == {}
    # Saying it again changes nothing, and proposes nothing.
    again = await finance.propose(run, state, payout_ids=outcome["payout_ids"], reason="AC04")
    assert (again.status_code, again.json()["changed_count"], again.json()["outcome"]) == (200, 0, None)
    told = [fact["data"] for fact in await world.published() if fact["data"].get("state") == state]
    (details,) = told
    assert details["outcome_id"] == outcome["outcome_id"]
    assert details["person_id"] == confirmed.json()["outcome"]["decided"]["person_id"] != person_id
    assert (await world.check()).differences == 0


async def test_who_noted_what_came_back_does_not_approve_its_being_paid_again(
    finance: Finance, clients: Any
) -> None:
    run = await filed(finance)
    world = finance.world
    noter_id = await add_person(world.pool, world.community)
    noter, same = await clients(person_id=noter_id), await clients(person_id=noter_id)
    body = {"state": "returned", "payout_ids": await ids(finance, run)}
    # A second run, made before it came back and filed after, stands: it paid other points.
    await world.give(world.award("later", "ada", 600))
    second = await filed(finance)
    outcome = (await noter.post(f"/v1/payout-runs/{run['run_id']}/outcome", json=body)).json()["outcome"]
    assert (await finance.confirm(run, outcome)).status_code == 200

    third = await finance.run()
    for api in (noter, same):
        answer = await api.post(f"/v1/payout-runs/{third['run_id']}/approve")
        assert (answer.status_code, answer.json()["type"]) == (403, FOUR_EYES)
        assert "you noted an outcome that made points of it payable again" in answer.json()["detail"].lower()
    # Made anew, it is the same; and who confirmed it may.
    assert (await finance.maker.post(f"/v1/payout-runs/{third['run_id']}/cancel")).status_code == 200
    fourth = await finance.run()
    assert (await noter.post(f"/v1/payout-runs/{fourth['run_id']}/approve")).status_code == 403
    assert (await finance.approve(fourth)).status_code == 200
    assert (await finance.file(fourth)).status_code == 200
    # What came back is paid: what is earned then has nothing to do with it.
    await world.give(world.award("new", "ada", 1_000))
    fifth = await finance.run()
    assert (await noter.post(f"/v1/payout-runs/{fifth['run_id']}/approve")).status_code == 200
    assert second["run_id"] != third["run_id"]


async def test_a_run_made_before_it_came_back_does_not_hide_who_noted_it(finance: Finance, clients: Any) -> None:
    """The run in between is made before the outcome and filed after it: it paid none of what came back."""
    world = finance.world
    run = await filed(finance)
    await world.give(world.award("later", "ada", 600))
    between = await finance.run()
    noter = await clients()
    body = {"state": "failed", "payout_ids": await ids(finance, run)}
    outcome = (await noter.post(f"/v1/payout-runs/{run['run_id']}/outcome", json=body)).json()["outcome"]
    assert (await finance.confirm(run, outcome)).status_code == 200
    assert (await noter.post(f"/v1/payout-runs/{between['run_id']}/approve")).status_code == 403
    assert (await finance.approve(between)).status_code == 200
    assert (await finance.file(between)).status_code == 200
    again = await finance.run()
    assert (await finance.payouts(again))["ada"]["points"] == 1_200
    assert (await noter.post(f"/v1/payout-runs/{again['run_id']}/approve")).status_code == 403


@pytest.mark.parametrize("state", ["returned", "failed", "reversed"])
async def test_a_wrong_outcome_is_corrected_by_opposite_entries_by_two(finance: Finance, state: str) -> None:
    world = finance.world
    run = await filed(finance)
    await finance.outcome(run, "settled") if state == "reversed" else None
    payout_ids = await ids(finance, run)
    assert (await finance.outcome(run, state, payout_ids=payout_ids)).json()["changed_count"] == 1
    assert await world.balance("ada") == {"available": 1_250}

    proposed = await finance.propose(run, "corrected", payout_ids=payout_ids, reason="the bank had paid it")
    assert proposed.status_code == 202
    assert await world.balance("ada") == {"available": 1_250}
    assert (await finance.confirm(run, proposed.json()["outcome"], finance.maker)).status_code == 403
    assert (await finance.confirm(run, proposed.json()["outcome"])).json()["changed_count"] == 1

    assert await world.balance("ada") == {"available": 50, "paid": 1_200}
    assert await world.lots("ada") == [0, 0, 0, 0, 50]
    assert await world.money() == {"payout_expense": -600, "bank": 600}
    assert (await check(finance))["balanced"]
    details = (await finance.maker.get(f"/v1/payouts/{payout_ids[0]}")).json()
    assert [one["state"] for one in details["changes"]][-2:] == [state, "corrected"]
    assert details["changes"][-1]["outcome_id"] == proposed.json()["outcome"]["outcome_id"]
    assert sum(lot["points"] for lot in details["lots"]) == 1_200
    states = [fact["data"]["state"] for fact in await world.published() if fact["type"] == "payout.changed.v1"]
    assert states[-2:] == [state, "corrected"]
    # It is at its end, and no run pays the points again.
    for wrong in ("returned", "failed", "reversed", "settled"):
        assert (await finance.propose(run, wrong, payout_ids=payout_ids)).status_code == 409
    assert "ada" not in await finance.payouts(await finance.run())


@pytest.mark.parametrize("redeemed", [1, 3])
async def test_a_member_who_used_the_points_meanwhile_owes_them(finance: Finance, redeemed: int) -> None:
    world = finance.world
    run = await filed(finance)
    payout_ids = await ids(finance, run)
    await finance.outcome(run, "returned", payout_ids=payout_ids)
    for _ in range(redeemed):
        body = {"member_id": world.uuid("ada"), "reward_id": "shirt"}
        headers = {"Idempotency-Key": uuid4().hex}
        reserved = (await finance.maker.post("/v1/redemptions", json=body, headers=headers)).json()
        await finance.maker.post(f"/v1/redemptions/{reserved['redemption_id']}/confirm")
    assert (await finance.outcome(run, "corrected", payout_ids=payout_ids)).json()["changed_count"] == 1
    assert await world.balance("ada") == {
        "available": 50 - 400 * redeemed,
        "paid": 1_200,
        "spent": 400 * redeemed,
    }
    assert (await world.check()).differences == 0
    await world.give(world.award("next", "ada", 2_000))
    assert (await world.check()).differences == 0
    lacking = await world.pool.fetchval(
        "select sum(lacking)::int from lots where community = $1 and member_id = $2",
        world.community,
        world.uuid("ada"),
    )
    assert sum(await world.lots("ada")) - lacking == 2_050 - 400 * redeemed
    assert (await world.balance("ada"))["available"] == 2_050 - 400 * redeemed


@pytest.mark.parametrize("decided", ["open", "approved", "filed"])
async def test_what_a_correction_takes_is_paid_by_no_other_run(finance: Finance, decided: str) -> None:
    world = finance.world
    run = await filed(finance)
    payout_ids = await ids(finance, run)
    await finance.outcome(run, "returned", payout_ids=payout_ids)
    other = await finance.run()
    if decided != "open":
        assert (await finance.approve(other)).status_code == 200
    if decided == "filed":
        assert (await finance.file(other)).status_code == 200
    assert (await finance.outcome(run, "corrected", payout_ids=payout_ids)).json()["changed_count"] == 1
    if decided == "open":
        assert (await finance.approve(other)).status_code == 200
    if decided != "filed":
        assert (await finance.file(other)).status_code == 409
        assert (await finance.payouts(other))["ada"]["state"] == "failed"
        assert await world.balance("ada") == {"available": 50, "paid": 1_200}
    else:
        # Too late: the bank has both, and the member owes the second.
        assert await world.balance("ada") == {"available": -1_150, "paid": 1_200, "reserved": 1_200}
    assert (await world.check()).differences == 0


async def test_what_was_never_in_a_file_is_not_corrected(both: Finance) -> None:
    run = await both.run()
    await both.approve(run)
    await both.world.give(both.world.award("back", "bob", -500, amends="b"))
    assert (await both.file(run)).status_code == 200
    bob = (await both.payouts(run))["bob"]
    assert bob["state"] == "failed"
    answer = await both.propose(run, "corrected", payout_ids=[bob["payout_id"]])
    assert answer.status_code == 409
    assert "was never in the bank's file" in answer.json()["detail"]


async def test_outcomes_are_listed_withdrawn_and_wait_once(both: Finance, all_pages: Any) -> None:
    run = await filed(both)
    first, second = await ids(both, run)
    one = (await both.propose(run, "returned", payout_ids=[first], reason="AC04")).json()["outcome"]
    same = await both.propose(run, "returned", payout_ids=[first], reason="AC04")
    assert (same.status_code, same.json()["outcome"]["outcome_id"]) == (202, one["outcome_id"])
    overlapping = await both.propose(run, "failed", payout_ids=[second, first])
    assert (overlapping.status_code, overlapping.json()["type"]) == (409, REFUSED)
    assert one["outcome_id"] in overlapping.json()["detail"]
    other = (await both.propose(run, "failed", payout_ids=[second])).json()["outcome"]
    async with both.world.begin() as tx:
        await count_waiting(tx)

    url = f"/v1/payout-runs/{run['run_id']}/outcomes/{one['outcome_id']}/withdraw"
    for _ in range(2):
        assert (await both.maker.post(url)).json()["state"] == "withdrawn"
    assert (await both.confirm(run, one)).status_code == 409
    assert (await both.confirm(run, other)).json()["changed_count"] == 1
    withdrawn = await both.maker.post(url.replace(one["outcome_id"], other["outcome_id"]))
    assert (withdrawn.status_code, withdrawn.json()["type"]) == (409, REFUSED)
    listed = await all_pages(both.maker, "/v1/payout-outcomes", limit=1, run=run["run_id"])
    assert [(item["outcome_id"], item["state"]) for item in listed] == [
        (other["outcome_id"], "confirmed"),
        (one["outcome_id"], "withdrawn"),
    ]
    assert await all_pages(both.maker, "/v1/payout-outcomes", limit=1, state="proposed") == []
    assert (await both.confirm(run, {"outcome_id": str(uuid4())})).status_code == 404
    assert (await both.confirm({"run_id": str(uuid4())}, one)).status_code == 404


@pytest.mark.parametrize("end", ["disabled", "revoked", "without a role"])
async def test_what_was_proposed_by_who_may_not_any_more_is_not_confirmed(finance: Finance, end: str) -> None:
    world = finance.world
    run = await filed(finance)
    outcome = (await finance.propose(run, "returned", payout_ids=await ids(finance, run))).json()["outcome"]
    person_id = outcome["proposed"]["person_id"]
    if end == "revoked":
        key = outcome["proposed"]["credential"]
        await world.pool.execute("update access_keys set revoked = true where key_id = $1", key)
    else:
        roles = EVERY_ROLE if end == "disabled" else ("moderator",)
        async with world.pool.acquire() as conn:
            fact = person_fact(world.community, person_id, *roles, disabled=end == "disabled", revision=2)
            await put_people(conn, [fact])
    answer = await finance.confirm(run, outcome)
    assert (answer.status_code, answer.json()["type"]) == (409, REFUSED)
    assert "may not do so any more" in answer.json()["detail"]
    assert await world.balance("ada") == {"available": 50, "reserved": 1_200}


async def test_nobody_approves_what_pays_them_nor_confirms_that_it_came_back(finance: Finance) -> None:
    world = finance.world
    person_id = await tie(world.pool, world.community, finance.approver, world.uuid("ada"))
    run = await finance.run()
    refused = await finance.approve(run)
    assert (refused.status_code, refused.json()["type"]) == (403, ABOUT_YOURSELF)
    (payout_id,) = await ids(finance, run)
    review = f"/v1/payout-runs/{run['run_id']}/review"
    assert (await finance.approver.get(review)).json()["reasons_against_you"] == [
        f"you are paid by it (payout {payout_id})"
    ]
    # Bob's is held, so it is none of bob's.
    for member, revision in (("bob", 3), ("ada", 4)):
        async with world.pool.acquire() as conn:
            members = [world.uuid(member)]
            fact = person_fact(world.community, person_id, *EVERY_ROLE, revision=revision, members=members)
            await put_people(conn, [fact])
        if member == "bob":
            assert (await finance.approve(run)).status_code == 200
    assert (await finance.approve(run)).json()["type"] == ABOUT_YOURSELF
    assert (await finance.file(run)).status_code == 200
    outcome = (await finance.propose(run, "returned", payout_ids=[payout_id], reason="AC04")).json()["outcome"]
    assert (await finance.confirm(run, outcome)).json()["type"] == ABOUT_YOURSELF
    shown = await finance.approver.get(f"/v1/payout-outcomes/{outcome['outcome_id']}")
    assert shown.json()["is_about_you"]
