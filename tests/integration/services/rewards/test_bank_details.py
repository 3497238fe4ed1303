"""Bank details: read as people write them, asked about, and not used again once a bank sent money back."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from services.rewards.bank_messages.pain001.domain import NAMESPACE
from services.rewards.payouts.runs.domain.days import is_target_day
from services.rewards.payouts.runs.domain.runs import NO_BANK_DETAILS
from tests.integration.services.rewards.finance import (
    IBANS,
    OTHER_IBAN,
    Finance,
    approved,
    check,
    filed,
    ibans_paid,
)

pytestmark = pytest.mark.stack

UNCONFIRMED = "urn:plaudit:problem:bank-details-unconfirmed"


async def put(finance: Finance, member: str, **more: Any) -> Any:
    body = {"name": "Ada Müller", "iban": IBANS["ada"]} | more
    return await finance.maker.put(f"/v1/payees/{finance.world.uuid(member)}", json=body)


async def shown_payee(finance: Finance, member: str) -> Any:
    return (await finance.maker.get(f"/v1/payees/{finance.world.uuid(member)}")).json()


async def sent_back(finance: Finance, state: str, reason: str) -> Any:
    """Ada's money was filed and came back; returns the run."""
    run = await filed(finance)
    if state == "reversed":
        assert (await finance.outcome(run, "settled")).status_code == 200
    ada = (await finance.payouts(run))["ada"]["payout_id"]
    noted = await finance.outcome(run, state, reason=reason, payout_ids=[ada])
    assert (noted.status_code, noted.json()["changed_count"]) == (200, 1)
    return run


async def next_of_ada(finance: Finance) -> tuple[Any, Any]:
    run = await finance.run()
    return run, (await finance.payouts(run))["ada"]


@pytest.mark.parametrize("state", ["returned", "failed", "reversed"])
@pytest.mark.parametrize("reason", ["AC04", "ac01 account number", "Bank: AC06 BlockedAccount"])
async def test_an_account_that_money_came_back_from_is_held_until_there_are_other_details(
    finance: Finance, state: str, reason: str
) -> None:
    first = await sent_back(finance, state, reason)
    run, held = await next_of_ada(finance)

    code = next(code for code in ("AC04", "AC01", "AC06") if code in reason.upper())
    assert (held["state"], held["iban"]) == ("held", None)
    assert "a bank sent the money back" in held["reason"]
    assert code in held["reason"]
    refused = (await shown_payee(finance, "ada"))["refused"]
    assert (refused["code"], refused["blamed"]) == (code, "account")
    assert refused["payout_id"] == (await finance.payouts(first))["ada"]["payout_id"]

    assert (await put(finance, "ada", iban=OTHER_IBAN)).json()["refused"] is None
    ada = (await finance.payouts(run))["ada"]
    assert (ada["state"], ada["iban"], ada["reason"]) == ("eligible", OTHER_IBAN, None)
    assert (await finance.approve(run)).status_code == 200
    assert (await finance.file(run)).status_code == 200
    assert await ibans_paid(finance, run) == [OTHER_IBAN]
    assert (await check(finance))["balanced"]


@pytest.mark.parametrize("reason", ["MS03", "AM05 Duplication", "TM01", "the bank was closed", None])
async def test_money_that_came_back_for_another_reason_goes_to_the_same_account(
    finance: Finance, reason: str | None
) -> None:
    run = await filed(finance)
    ada = (await finance.payouts(run))["ada"]["payout_id"]
    assert (await finance.outcome(run, "returned", reason=reason, payout_ids=[ada])).status_code == 200
    _, again = await next_of_ada(finance)
    assert (again["state"], again["iban"]) == ("eligible", IBANS["ada"])
    assert (await shown_payee(finance, "ada"))["refused"] is None


async def test_without_bank_details_the_reason_is_another(finance: Finance) -> None:
    run = await finance.run()
    assert (await finance.payouts(run))["bob"]["reason"] == NO_BANK_DETAILS


async def test_the_member_is_told_and_sees_no_account(finance: Finance) -> None:
    await sent_back(finance, "returned", "AC04")
    _, held = await next_of_ada(finance)
    url = f"/v1/members/{finance.world.uuid('ada')}/payouts"
    answer = await finance.maker.get(url)
    newest, older = answer.json()["items"]
    assert (newest["state"], newest["reason"]) == ("held", held["reason"])
    assert (older["state"], older["reason"]) == ("returned", "AC04")
    assert IBANS["ada"] not in answer.text
    assert "iban" not in newest
    assert (await finance.maker.get(f"/v1/members/{finance.world.uuid('eve')}/payouts")).json()["items"] == []
    assert (await finance.maker.get(f"/v1/members/{uuid4()}/payouts")).status_code == 404


async def test_what_was_refused_is_set_again_only_when_somebody_says_that_it_is_in_order(finance: Finance) -> None:
    await sent_back(finance, "returned", "AC06 BlockedAccount")
    before = await shown_payee(finance, "ada")
    for body in ({}, {"name": "A. Müller"}, {"iban": "nl91 abna 0417 1643 00"}, {"bic": "ABNANL2A"}):
        asked = await put(finance, "ada", **body)
        assert (asked.status_code, asked.json()["type"]) == (409, UNCONFIRMED)
        assert asked.json()["errors"][0]["field"] == "/confirm_account"
        assert "AC06 BlockedAccount" in asked.json()["detail"]
    assert await shown_payee(finance, "ada") == before
    assert (await put(finance, "ada", iban=OTHER_IBAN)).status_code == 200
    assert (await put(finance, "ada")).status_code == 409  # back to it is asked about all the same

    confirmed = (await put(finance, "ada", confirm_account=True)).json()
    assert (confirmed["revision"], confirmed["iban"], confirmed["refused"]) == (3, IBANS["ada"], None)
    assert (await put(finance, "ada")).json()["revision"] == 3  # no change, and nothing to ask
    _, again = await next_of_ada(finance)
    assert (again["state"], again["payee_revision"]) == ("eligible", 3)


@pytest.mark.parametrize(
    ("reason", "enough"),
    [
        ("BE01", {"name": "Ada Lovelace"}),
        ("RC01", {"bic": "ABNANL2A"}),
        ("AC04", {"iban": OTHER_IBAN}),
    ],
    ids=["holder", "bank", "account"],
)
async def test_new_details_have_to_differ_in_what_was_blamed(
    finance: Finance, reason: str, enough: dict[str, str]
) -> None:
    await sent_back(finance, "returned", reason)
    for change in ({"name": "Ada Lovelace"}, {"bic": "ABNANL2A"}, {"iban": OTHER_IBAN}):
        fits = change == enough or "iban" in change
        if not fits:
            assert (await put(finance, "ada", **change)).status_code == 409
    assert (await put(finance, "ada", **enough)).json()["refused"] is None
    _, again = await next_of_ada(finance)
    assert again["state"] == "eligible"


async def test_a_run_that_was_there_before_the_bank_said_so_does_not_pay_it(both: Finance) -> None:
    world = both.world
    first = await filed(both)
    await world.give(world.award("more", "ada", 1_000))
    open_run = await both.run()
    assert (await both.payouts(open_run))["ada"]["state"] == "eligible"
    ids = {name: one["payout_id"] for name, one in (await both.payouts(first)).items()}
    assert (await both.outcome(first, "returned", reason="AC04", payout_ids=[ids["ada"]])).status_code == 200
    assert (await both.approve(open_run)).status_code == 200
    ada = (await both.payouts(open_run))["ada"]
    assert ada["state"] == "failed"
    assert "AC04 ClosedAccountNumber" in ada["reason"]


async def test_an_approved_run_looks_again_before_its_file(both: Finance) -> None:
    world = both.world
    first = await filed(both)
    await world.give(world.award("more a", "ada", 1_000), world.award("more b", "bob", 1_000))
    second = await approved(both)
    ada = (await both.payouts(first))["ada"]["payout_id"]
    assert (await both.outcome(first, "returned", reason="AC04", payout_ids=[ada])).status_code == 200
    assert (await both.file(second)).json()["payment_count"] == 1
    payouts = await both.payouts(second)
    assert (payouts["ada"]["state"], payouts["bob"]["state"]) == ("failed", "submitted")
    assert "AC04 ClosedAccountNumber" in payouts["ada"]["reason"]
    assert (await check(both))["balanced"]


async def test_what_was_wrongly_said_to_have_come_back_blocks_nothing(finance: Finance) -> None:
    run = await sent_back(finance, "returned", "AC04")
    assert (await shown_payee(finance, "ada"))["refused"] is not None
    ada = (await finance.payouts(run))["ada"]["payout_id"]
    assert (await finance.outcome(run, "corrected", reason="it was paid", payout_ids=[ada])).status_code == 200
    assert (await shown_payee(finance, "ada"))["refused"] is None


async def test_what_waits_for_another_person_blocks_nothing_yet(finance: Finance) -> None:
    run = await filed(finance)
    ada = (await finance.payouts(run))["ada"]["payout_id"]
    assert (await finance.propose(run, "returned", reason="AC04", payout_ids=[ada])).status_code == 202
    assert (await shown_payee(finance, "ada"))["refused"] is None


@pytest.mark.parametrize(
    "iban",
    [
        "NL91\u200bABNA0417164300",
        "\ufeffNL91ABNA0417164300",
        "ＮＬ９１ABNA0417164300",
        "nl91-abna-0417-1643-00\u00a0\n",
    ],
    ids=["zero width", "byte order mark", "full width", "dashes"],
)
async def test_bank_details_are_read_as_people_write_them(finance: Finance, iban: str) -> None:
    answer = await put(finance, "bob", iban=iban, bic=" abna\u200bNL2A\ufeff", name="Bob\u200b ")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["iban"], answer.json()["bic"], answer.json()["name"]) == (
        IBANS["ada"],
        "ABNANL2A",
        "Bob",
    )


async def test_what_is_refused_is_named_and_masked(finance: Finance) -> None:
    refused = await put(finance, "bob", iban="NL91 ABNA 0417 1643 01")
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["field"]) == (422, "/iban")
    assert "NL91…4301" in error["detail"]
    assert "NL91ABNA" not in refused.text


@pytest.mark.parametrize(
    "iban",
    [
        "RS35260005601001611379",
        "ME25505000012345678951",
        "AL47212110090000000235698741",
        "MD24AG000225100013104168",
        "MK07250120000058984",
    ],
)
async def test_members_in_new_countries_of_sepa_are_paid(finance: Finance, iban: str) -> None:
    assert (await put(finance, "bob", iban=iban)).json()["iban"] == iban
    run = await filed(finance)
    file = await finance.maker.get(f"/v1/payout-runs/{run['run_id']}/file")
    assert iban in file.text


async def test_a_bank_of_another_country_is_asked_about_and_can_be_confirmed(finance: Finance) -> None:
    asked = await put(finance, "bob", bic="COBADEFFXXX")
    assert (asked.status_code, asked.json()["type"]) == (409, UNCONFIRMED)
    (error,) = asked.json()["errors"]
    assert error["field"] == "/confirm_bic_country"
    assert "COBADEFFXXX is in DE" in error["detail"]
    assert "`confirm_bic_country: true`" in error["detail"]
    assert (await finance.maker.get(f"/v1/payees/{finance.world.uuid('bob')}")).status_code == 404
    assert (await put(finance, "bob", bic="COBADEFFXXX", confirm_bic_country=False)).status_code == 409
    confirmed = await put(finance, "bob", bic="COBADEFFXXX", confirm_bic_country=True)
    assert (confirmed.status_code, confirmed.json()["bic"]) == (200, "COBADEFFXXX")
    gb = {"iban": "GB29NWBK60161331926819", "bic": "NWBKJESH"}
    assert (await put(finance, "bob", **gb)).status_code == 200  # a bank in Jersey


async def test_the_file_asks_for_a_day_on_which_euros_settle(finance: Finance) -> None:
    finance.world.configure(payout_execution_days=2, bank_time_zone="Asia/Tokyo", bank_cutoff=time(0))
    run = await filed(finance)
    answer = await finance.maker.get(f"/v1/payout-runs/{run['run_id']}/file")
    root = etree.fromstring(answer.content)
    asked = date.fromisoformat(root.findtext(".//p:ReqdExctnDt/p:Dt", "", NAMESPACE))
    written = root.findtext(".//p:CreDtTm", "", NAMESPACE)
    there = ZoneInfo("Asia/Tokyo")
    day = datetime.fromisoformat(written.replace("Z", "+00:00")).astimezone(there).date()
    # After a cut-off at midnight every file is of the day after, and so is none of the two days in between.
    between = [day + timedelta(days=n) for n in range(1, (asked - day).days)]
    assert is_target_day(asked)
    assert sum(map(is_target_day, between)) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "***"}, "name is wrong"),
        ({"bic": "12345678"}, "BIC is wrong"),
        ({"iban": "TR330006100519786457841326"}, "outside of SEPA"),
        ({"iban": "DE89 3704 0044 0532 0130 01"}, "IBAN is wrong"),
    ],
    ids=["name", "bic", "country", "digits"],
)
async def test_a_programme_of_before_with_an_account_that_cannot_pay_makes_no_run(
    finance: Finance, change: dict[str, str], says: str
) -> None:
    payer = {"name": "Example", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"} | change
    terms = {"currency": "EUR", "points": 100, "minor": 50, "minimum_points": 500, "paying_account": payer}
    await finance.world.publish(2, terms)
    refused = await finance.maker.post("/v1/payout-runs", headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["title"]) == (409, "No payout run can be made")
    assert says in refused.json()["detail"]
