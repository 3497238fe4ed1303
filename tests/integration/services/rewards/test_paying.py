"""Payouts: four eyes, one bank file, exact money, and nothing paid twice."""

import asyncio
import hashlib
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from lxml import etree

from services.rewards.bank_messages.pain001.domain import NAMESPACE
from services.rewards.payouts.domain import payout_id
from services.rewards.payouts.runs.domain.runs import run_id
from tests.integration.services.rewards.finance import IBANS, Finance

pytestmark = pytest.mark.stack


async def test_the_whole_way_from_points_to_settled_money(finance: Finance) -> None:
    world = finance.world
    run = await finance.run("2026-03")
    payouts = await finance.payouts(run)
    assert {name: (one["state"], one["points"], one["amount_minor"]) for name, one in payouts.items()} == {
        "ada": ("eligible", 1_200, 600),
        "bob": ("held", 500, 250),
    }
    assert payouts["bob"]["reason"] == "no bank details"
    assert await world.balance("ada") == {"available": 1_250}

    approved = (await finance.approve(run)).json()
    assert approved["state"] == "approved"
    assert await world.balance("ada") == {"available": 50, "reserved": 1_200}
    assert await world.lots("ada") == [0, 0, 0, 0, 50]
    assert await world.money() == {"payout_expense": -600, "payable": 600}

    filed = (await finance.file(run)).json()
    assert (filed["payment_count"], filed["control_sum_minor"]) == (1, 600)
    assert await world.money() == {"payout_expense": -600, "bank_in_transit": 600}
    assert (await finance.outcome(run, "sent")).json()["changed_count"] == 1
    assert (await finance.outcome(run, "settled")).json()["changed_count"] == 1
    assert (await finance.outcome(run, "settled")).json()["changed_count"] == 0
    assert await world.balance("ada") == {"available": 50, "paid": 1_200}
    assert await world.money() == {"payout_expense": -600, "bank": 600}
    assert (await world.check()).differences == 0

    facts = await world.published()
    states = [
        (fact["data"]["member_id"], fact["data"]["state"]) for fact in facts if fact["type"] == "payout.changed.v1"
    ]
    assert [state for member, state in states if member == world.uuid("ada")] == [
        "accrued",
        "eligible",
        "approved",
        "reserved",
        "submitted",
        "sent",
        "settled",
    ]
    assert [state for member, state in states if member == world.uuid("bob")] == ["accrued", "held"]
    lots = [fact["data"] for fact in facts if fact["type"] == "payout.lots.v1"]
    assert [(one["part"], one["parts"]) for one in lots] == [(1, 1)]
    assert {lot["award_id"]: lot["points"] for lot in lots[0]["lots"]} == {
        world.uuid(f"award a{n}"): points for n, points in enumerate([250, 250, 250, 250, 200])
    }
    assert len({fact["id"] for fact in facts}) == len(facts)


async def test_a_payout_explains_itself(finance: Finance, all_pages: Any) -> None:
    run = await finance.run()
    await finance.approve(run)
    payout = (await finance.payouts(run))["ada"]
    details = (await finance.maker.get(f"/v1/payouts/{payout['payout_id']}")).json()
    assert [change["state"] for change in details["changes"]] == ["accrued", "eligible", "approved", "reserved"]
    assert details["changes"][0]["changed_by"] == run["created_by"] != details["changes"][2]["changed_by"]
    assert sum(lot["points"] for lot in details["lots"]) == details["points"] == 1_200
    lots = await all_pages(finance.maker, f"/v1/payouts/{payout['payout_id']}/lots", limit=2)
    assert lots == details["lots"]
    assert (await finance.maker.get(f"/v1/payouts/{uuid4()}")).status_code == 404
    assert (await finance.maker.get(f"/v1/payouts/{uuid4()}/lots")).status_code == 404


async def test_who_made_a_run_may_not_approve_it(finance: Finance, clients: Any) -> None:
    run = await finance.run()
    refused = await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/approve")
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("You made the run; you set or changed bank details of it (payout ")
    without = await clients("payouts:write", "payouts:read")
    assert (await without.post(f"/v1/payout-runs/{run['run_id']}/approve")).status_code == 403
    assert (await finance.file(run)).status_code == 409
    assert (await finance.approve(run)).status_code == 200
    assert (await finance.approve(run)).status_code == 200
    assert await finance.world.balance("ada") == {"available": 50, "reserved": 1_200}


async def test_a_bank_file_is_written_once_and_given_as_it_was_written(finance: Finance) -> None:
    run = await finance.run()
    url = f"/v1/payout-runs/{run['run_id']}/file"
    assert (await finance.maker.get(url)).status_code == 404
    await finance.approve(run)
    written = (await finance.file(run)).json()
    first = await finance.maker.get(url)
    assert (await finance.file(run)).json() == written
    again = await finance.maker.get(url)
    assert (first.content, first.headers["content-type"]) == (again.content, "application/xml")
    assert hashlib.sha256(first.content).hexdigest() == written["sha256"]

    root = etree.fromstring(first.content)
    payout = (await finance.payouts(run))["ada"]
    assert payout["state"] == "submitted"
    assert root.findtext(".//p:MsgId", "", NAMESPACE) == UUID(run["run_id"]).hex == written["message_id"]
    assert root.findtext(".//p:EndToEndId", "", NAMESPACE) == payout["end_to_end_id"]
    assert root.findtext(".//p:Cdtr/p:Nm", "", NAMESPACE) == "Ada Muller"
    assert root.findtext(".//p:InstdAmt", "", NAMESPACE) == "6.00"
    assert root.findtext(".//p:CdtrAcct//p:IBAN", "", NAMESPACE) == IBANS["ada"]


async def test_two_files_at_once_are_one(finance: Finance) -> None:
    run = await finance.run()
    await finance.approve(run)
    answers = await asyncio.gather(*(finance.file(run) for _ in range(5)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert await finance.world.count("payout_files") == 1


async def test_ids_follow_from_what_is_paid_so_that_a_retry_pays_nothing_more(finance: Finance) -> None:
    world = finance.world
    answers = await asyncio.gather(
        *(finance.maker.post("/v1/payout-runs", headers={"Idempotency-Key": "march"}) for _ in range(5))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    run = answers[0].json()
    assert run["run_id"] == run_id(world.community, "march")
    payouts = await finance.payouts(run)
    assert payouts["ada"]["payout_id"] == payout_id(run["run_id"], world.uuid("ada"))
    assert await world.count("payouts") == 2


async def test_two_runs_never_pay_the_same_points(finance: Finance) -> None:
    runs = await asyncio.gather(*(finance.run() for _ in range(4)))
    assert Counter(sum(state["count"] for state in run["payouts"]) for run in runs) == {2: 1, 0: 3}
    for run in runs:
        assert (await finance.approve(run)).status_code == 200
    assert await finance.world.balance("ada") == {"available": 50, "reserved": 1_200}
    assert (await finance.world.check()).differences == 0


async def test_a_payout_whose_points_went_fails_at_approval_and_says_why(finance: Finance) -> None:
    run = await finance.run()
    world = finance.world
    await world.give(*(world.award(f"not a{n}", "ada", -250, amends=f"a{n}") for n in range(4)))
    assert (await finance.approve(run)).status_code == 200
    payout = (await finance.payouts(run))["ada"]
    assert payout["state"] == "failed"
    assert payout["reason"].startswith("the balance fell to 250 points")
    assert await world.balance("ada") == {"available": 250}
    assert (await finance.file(run)).status_code == 409
    await world.give(world.award("more", "ada", 750))
    again = await finance.run()
    assert (await finance.payouts(again))["ada"]["points"] == 1_000


async def test_a_payout_of_which_some_points_went_pays_the_rest_and_says_so(finance: Finance) -> None:
    run = await finance.run()
    await finance.world.give(finance.world.award("not a0", "ada", -130, amends="a0"))
    assert (await finance.approve(run)).status_code == 200
    payout = (await finance.payouts(run))["ada"]
    assert (payout["state"], payout["points"], payout["amount_minor"]) == ("reserved", 1_100, 550)
    assert (payout["computed_points"], payout["computed_minor"]) == (1_200, 600)
    said = "the balance fell to 1120 points since the run was made: 1100 of 1200 are paid"
    assert payout["reason"] == said
    assert await finance.world.balance("ada") == {"available": 20, "reserved": 1_100}
    assert (await finance.file(run)).json()["control_sum_minor"] == 550
    assert (await finance.outcome(run, "settled")).json()["changed_count"] == 1
    details = (await finance.maker.get(f"/v1/payouts/{payout['payout_id']}")).json()
    assert [one["reason"] for one in details["changes"] if one["state"] == "approved"] == [said]
    assert (await finance.world.check()).differences == 0
    told = [fact["data"] for fact in await finance.world.published() if fact["type"] == "payout.changed.v1"]
    points = {one["state"]: one["points"] for one in told if one["member_id"] == finance.world.uuid("ada")}
    assert (points["eligible"], points["approved"], points["settled"]) == (1_200, 1_100, 1_100)


async def test_bank_details_that_changed_after_the_run_was_made_are_not_paid(finance: Finance) -> None:
    run = await finance.run()
    await finance.payee("ada", "Somebody Else")
    await finance.approve(run)
    payout = (await finance.payouts(run))["ada"]
    assert (payout["state"], payout["reason"]) == ("failed", "the bank details changed since the run was made")


async def test_what_is_held_becomes_eligible_with_bank_details(finance: Finance) -> None:
    run = await finance.run()
    assert (await finance.payee("bob")).status_code == 200
    bob = (await finance.payouts(run))["bob"]
    assert (bob["state"], bob["iban"], bob["reason"]) == ("eligible", IBANS["bob"], None)
    await finance.approve(run)
    assert (await finance.file(run)).json()["control_sum_minor"] == 850


async def test_what_stayed_held_is_taken_up_by_the_next_run(finance: Finance) -> None:
    first = await finance.run()
    await finance.approve(first)
    assert (await finance.payouts(first))["bob"]["state"] == "held"
    await finance.payee("bob")
    assert (await finance.payouts(first))["bob"]["state"] == "held"
    second = await finance.run()
    assert (await finance.payouts(second))["bob"]["state"] == "eligible"
    left = (await finance.payouts(first))["bob"]
    assert (left["state"], left["reason"]) == ("failed", f"taken up by payout run {second['run_id']}")


async def test_money_that_comes_back_gives_the_points_back(finance: Finance) -> None:
    world = finance.world
    await finance.payee("bob")
    run = await finance.run()
    await finance.approve(run)
    await finance.file(run)
    bob = (await finance.payouts(run))["bob"]
    answer = await finance.outcome(
        run, "returned", reason="AC04 ClosedAccountNumber", payout_ids=[bob["payout_id"]]
    )
    assert answer.json()["changed_count"] == 1
    assert await world.balance("bob") == {"available": 500}
    assert await world.lots("bob") == [500]
    assert (await finance.payouts(run))["bob"]["reason"] == "AC04 ClosedAccountNumber"
    await finance.outcome(run, "settled")
    wrong = await finance.outcome(run, "sent", payout_ids=[bob["payout_id"]])
    reason = f"Payout {bob['payout_id']}: a payout that is returned cannot become sent"
    assert (wrong.status_code, wrong.json()["detail"].split(".")[0]) == (409, reason)
    assert wrong.json()["errors"] == [{"field": "/payout_ids/0", "detail": reason}]
    ada = (await finance.payouts(run))["ada"]["payout_id"]
    await finance.outcome(run, "reversed", reason="recalled", payout_ids=[ada])
    assert await world.balance("ada") == {"available": 1_250}
    assert await world.money() == {}
    assert (await finance.outcome(run, "sent", payout_ids=[str(uuid4())])).status_code == 409
    assert (await world.check()).differences == 0


async def test_outcomes_need_a_file(finance: Finance) -> None:
    run = await finance.run()
    await finance.approve(run)
    ada = (await finance.payouts(run))["ada"]
    assert (await finance.outcome(run, "failed", payout_ids=[ada["payout_id"]])).status_code == 409
    assert (await finance.outcome(run, "settled")).status_code == 409
    assert (await finance.payouts(run))["ada"] == ada
    assert ada["state"] == "reserved"


async def filed(finance: Finance) -> Any:
    """A run whose bank file has ada and bob."""
    await finance.payee("bob")
    run = await finance.run()
    await finance.approve(run)
    assert (await finance.file(run)).json()["payment_count"] == 2
    return run


@pytest.mark.parametrize("state", ["returned", "failed", "reversed"])
async def test_a_misspelt_field_never_makes_more_payable_than_was_named(finance: Finance, state: str) -> None:
    run = await filed(finance)
    if state == "reversed":
        await finance.outcome(run, "settled")
    payouts, money, balance = (
        await finance.payouts(run),
        await finance.world.money(),
        await finance.world.balance("ada"),
    )
    bob = payouts["bob"]["payout_id"]
    await finance.world.outbox()

    misspelt = await finance.outcome(run, state, payout_id=[bob], reason="AC04")
    assert misspelt.status_code == 422
    errors = {error["field"]: error["detail"] for error in misspelt.json()["errors"]}
    assert errors["/payout_id"] == "There is no field `payout_id` here; did you mean `payout_ids`?"
    for unnamed in ({}, {"payout_ids": None}, {"payout_ids": []}, {"all": True}):
        refused = await finance.outcome(run, state, reason="AC04", **unnamed)
        assert refused.status_code == 422, refused.text
        assert "/payout_ids" in [error["field"] for error in refused.json()["errors"]]

    assert await finance.payouts(run) == payouts
    assert (await finance.world.money(), await finance.world.balance("ada")) == (money, balance)
    assert await finance.world.outbox() == []

    named = await finance.outcome(run, state, payout_ids=[bob], reason="AC04")
    assert (named.status_code, named.json()["changed_count"]) == (200, 1)
    assert await finance.world.balance("ada") == balance


async def test_what_makes_nothing_payable_may_be_said_of_all(finance: Finance) -> None:
    run = await filed(finance)
    assert (await finance.outcome(run, "sent")).json()["changed_count"] == 2
    assert (await finance.outcome(run, "settled", payout_id=["x"])).status_code == 422
    assert (await finance.outcome(run, "settled")).json()["changed_count"] == 2


async def test_commands_without_a_body_take_none(finance: Finance) -> None:
    run = await finance.run()
    bob = (await finance.payouts(run))["bob"]["payout_id"]
    url = f"/v1/payout-runs/{run['run_id']}"
    before = await finance.payouts(run)
    for command in ("approve", "cancel", "file"):
        refused = await finance.approver.post(f"{url}/{command}", json={"payout_ids": [bob]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/payout_ids")
    made = await finance.maker.post(
        "/v1/payout-runs", json={"members": [finance.world.uuid("ada")]}, headers={"Idempotency-Key": "of-ada"}
    )
    assert (made.status_code, made.json()["errors"][0]["field"]) == (422, "/members")
    assert await finance.payouts(run) == before
    assert await finance.world.count("payout_runs") == 1
    assert (await finance.maker.post(f"{url}/cancel", json={})).json()["state"] == "cancelled"


async def test_runs_need_terms_that_a_bank_can_pay(finance: Finance) -> None:
    world = finance.world
    headers = {"Idempotency-Key": "k"}
    paying = {"name": "Example", "iban": "DE00370400440532013000", "bic": "COBADEFFXXX"}
    terms = {"currency": "EUR", "points": 100, "minor": 50, "minimum_points": 500, "paying_account": paying}
    for version, (change, reason) in enumerate(
        [
            (None, "rewards.payout"),
            ({}, "IBAN is wrong"),
            ({"currency": "CAD"}, "CAD"),
            (
                {"currency": "USD", "paying_account": paying | {"iban": "DE89370400440532013000"}},
                "on another rail",
            ),
        ],
        start=2,
    ):
        await world.publish(version, None if change is None else {**terms, **change})
        refused = await finance.maker.post("/v1/payout-runs", headers=headers)
        assert refused.status_code == 409
        assert reason in refused.json()["detail"]
    assert (await finance.approver.post(f"/v1/payout-runs/{uuid4()}/approve")).status_code == 404
    assert (await finance.maker.get(f"/v1/payout-runs/{uuid4()}")).status_code == 404


async def test_a_run_takes_only_so_many_and_says_that_more_are_left(both: Finance) -> None:
    both.world.configure(payouts_per_run_max_count=1)
    first = await both.run()
    assert (first["complete"], sum(one["count"] for one in first["payouts"])) == (False, 1)
    assert (first["left_payable_count"], first["left_held_count"], first["progress"]) == (1, 0, None)
    second = await both.run()
    assert (second["complete"], sum(one["count"] for one in second["payouts"])) == (True, 1)
    listed = (await both.maker.get("/v1/payout-runs", params={"limit": 1})).json()
    assert [one["run_id"] for one in listed["items"]] == [second["run_id"]]
    rest = (await both.maker.get("/v1/payout-runs", params={"after": listed["next"]})).json()
    assert [one["run_id"] for one in rest["items"]] == [first["run_id"]]


async def test_payouts_are_listed_by_state_run_and_member(finance: Finance, all_pages: Any) -> None:
    run = await finance.run()
    api, world = finance.maker, finance.world
    assert len(await all_pages(api, "/v1/payouts", limit=1)) == 2
    assert len(await all_pages(api, "/v1/payouts", limit=1, state="held", run=run["run_id"])) == 1
    assert len(await all_pages(api, "/v1/payouts", limit=5, member=world.uuid("ada"))) == 1
    assert await all_pages(api, "/v1/payouts", limit=5, member=world.uuid("eve")) == []
    assert (await api.get("/v1/payouts", params={"state": "paid"})).status_code == 422


async def test_many_lots_are_told_in_parts(finance: Finance) -> None:
    world = finance.world
    await world.give(*(world.award(f"small{n}", "eve", 1) for n in range(1_101)))
    await finance.payee("eve")
    run = await finance.run()
    await finance.approve(run)
    facts = [fact["data"] for fact in await world.published() if fact["type"] == "payout.lots.v1"]
    eve = (await finance.payouts(run))["eve"]
    parts = [fact for fact in facts if fact["payout_id"] == eve["payout_id"]]
    assert [(one["part"], one["parts"], len(one["lots"])) for one in parts] == [
        (1, 3, 500),
        (2, 3, 500),
        (3, 3, 102),
    ]
    assert sum(lot["points"] for one in parts for lot in one["lots"]) == eve["points"] == 1_600


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"iban": "NL00ABNA0417164300"}, "/iban"),
        ({"iban": "TR330006100519786457841326"}, "/iban"),
        ({"bic": "NOTABIC"}, "/bic"),
        ({"name": "😀"}, "/name"),
        ({"BIC": "PSSTFRPPPAR"}, "/BIC"),
    ],
)
async def test_bank_details_are_checked(finance: Finance, change: dict[str, str], field: str) -> None:
    url = f"/v1/payees/{finance.world.uuid('bob')}"
    body = {"name": "Bob", "iban": IBANS["bob"], "bic": "PSSTFRPPPAR"}
    refused = await finance.maker.put(url, json=body | change)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert (await finance.maker.get(url)).status_code == 404
    put = await finance.maker.put(
        url, json=body | {"name": "Zoë & Bob", "iban": "fr14 2004 1010 0505 0001 3M02 606"}
    )
    assert put.json() == (await finance.maker.get(url)).json()
    assert (put.json()["iban"], put.json()["bank_name"]) == (IBANS["bob"], "Zoe + Bob")
    assert (await finance.maker.put(f"/v1/payees/{uuid4()}", json=body)).status_code == 404


async def test_redeeming_and_paying_at_once_never_uses_points_twice(finance: Finance) -> None:
    world = finance.world
    run = await finance.run()

    async def redeem() -> Any:
        body = {"member_id": world.uuid("ada"), "reward_id": "shirt"}
        return await finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": uuid4().hex})

    await asyncio.gather(finance.approve(run), *(redeem() for _ in range(5)))

    balance = await world.balance("ada")
    payout = (await finance.payouts(run))["ada"]
    expected = {"reserved": 1_200, "failed": 0}[payout["state"]]
    assert balance["available"] + balance["reserved"] == 1_250
    assert (balance["reserved"] - expected) % 400 == 0
    assert balance["available"] >= 0
    assert (await world.check()).differences == 0


@pytest.mark.parametrize("approved", [False, True])
async def test_a_run_can_be_given_up_before_its_file_is_written(finance: Finance, approved: bool) -> None:
    world = finance.world
    run = await finance.run()
    if approved:
        await finance.approve(run)
    for _ in range(2):
        cancelled = await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert await world.balance("ada") == {"available": 1_250}
    assert await world.lots("ada") == [250] * 5
    assert await world.money() == {}
    assert (await finance.approve(run)).status_code == 409
    again = await finance.run()
    assert (await finance.payouts(again))["ada"]["state"] == "eligible"
    await finance.approve(again)
    await finance.file(again)
    assert (await finance.maker.post(f"/v1/payout-runs/{again['run_id']}/cancel")).status_code == 409
    assert (await world.check()).differences == 0
