"""Entries by hand: proposed by one, booked once another confirms them, on the community's accounts of money."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.chain.handlers import chain
from services.rewards.journals.handlers import on_journals_told
from tests.integration.services.rewards.finance import ByHand, Finance, filed
from tests.integration.services.rewards.test_general_ledger import export
from tests.integration.services.rewards.test_months_shut import BEFORE, LAST, Books, at

pytestmark = pytest.mark.stack

CHARGES = [
    {"account": "bank", "currency": "EUR", "amount": 1250},
    {"account": "bank_charges", "currency": "EUR", "amount": -1250},
]


async def propose(finance: Finance, lines: Any, key: str | None = None, **more: Any) -> Any:
    body = {"reason": "The bank's charges", "lines": lines, **more}
    return await finance.maker.post("/v1/journals", json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def posted(finance: Finance, lines: Any, **more: Any) -> Any:
    proposed = await propose(finance, lines, **more)
    assert proposed.status_code == 201, proposed.text
    confirmed = await finance.approver.post(f"/v1/journals/{proposed.json()['journal_id']}/confirm")
    assert confirmed.status_code == 200, confirmed.text
    return confirmed.json()


async def chained(finance: Finance) -> None:
    async with finance.world.begin() as tx:
        while await chain(tx):
            pass


async def test_a_journal_is_booked_once_another_person_confirms_it(finance: Finance, all_pages: Any) -> None:
    run = await filed(finance)
    await finance.outcome(run, "settled")
    before = await finance.world.money()
    proposed = await propose(finance, CHARGES, "once")
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed"), proposed.text
    assert (await propose(finance, CHARGES, "once")).json() == proposed.json()
    assert (await propose(finance, [{**CHARGES[0], "amount": 1}, CHARGES[1]], "once")).status_code == 409
    assert await finance.world.money() == before
    path = f"/v1/journals/{proposed.json()['journal_id']}"
    refused = await finance.maker.post(f"{path}/confirm")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:four-eyes")

    confirmed = (await finance.approver.post(f"{path}/confirm")).json()

    assert confirmed["state"] == "posted"
    assert (await finance.approver.post(f"{path}/confirm")).status_code == 409
    assert (await finance.maker.post(f"{path}/withdraw")).status_code == 409
    assert await finance.world.money() == before | {"bank": before["bank"] + 1250, "bank_charges": -1250}
    transfer = (await finance.approver.get(f"/v1/ledger/transfers/{confirmed['transfer_id']}")).json()
    assert (transfer["kind"], transfer["cause_id"], transfer["is_whole"]) == (
        "journal",
        confirmed["journal_id"],
        True,
    )
    # It is in the chain and in the account's statement, and the check knows that it belongs there.
    await chained(finance)
    assert (await finance.world.check()).differences == 0
    accounts = (await finance.approver.get("/v1/ledger/accounts")).json()["accounts"]
    bank = next(one for one in accounts if one["kind"] == "bank")
    entries = await all_pages(finance.approver, f"/v1/ledger/accounts/{bank['account_id']}/entries", limit=2)
    assert confirmed["transfer_id"] in {one["transfer_id"] for one in entries}
    facts = [
        fact["data"] for fact in await finance.world.published() if fact["type"] == "ledger.journal_changed.v1"
    ]
    assert [fact["state"] for fact in facts] == ["proposed", "posted"]
    # What was wrong is taken back by another that names it.
    undone = await posted(
        finance,
        [{**line, "amount": -line["amount"]} for line in CHARGES],
        amends=confirmed["transfer_id"],
    )
    assert undone["amends"] == confirmed["transfer_id"]
    assert await finance.world.money() == before
    listed = await all_pages(finance.approver, "/v1/journals", limit=1)
    assert [one["journal_id"] for one in listed] == [undone["journal_id"], confirmed["journal_id"]]


async def test_money_of_two_currencies_is_exchanged_through_gain_and_loss(finance: Finance) -> None:
    dollars = [
        {"account": "bank", "currency": "EUR", "amount": 9_000},
        {"account": "fx_gain_loss", "currency": "EUR", "amount": -9_000},
        {"account": "bank", "currency": "USD", "amount": -10_000},
        {"account": "fx_gain_loss", "currency": "USD", "amount": 10_000},
    ]
    await posted(finance, dollars)
    books = (await finance.approver.get("/v1/ledger/accounts")).json()
    by_kind = {(one["kind"], one["currency"]): one["amount"] for one in books["accounts"]}
    assert (by_kind["fx_gain_loss", "EUR"], by_kind["fx_gain_loss", "USD"]) == (-9_000, 10_000)
    assert not any(one["total"] for one in books["totals"])


REFUSED = {
    "a sum that is not zero": ([{**CHARGES[0], "amount": 1251}, CHARGES[1]], {}, 409, "sum to 1"),
    "zero in two currencies together": ([CHARGES[0], {**CHARGES[1], "currency": "USD"}], {}, 409, "sum to"),
    "an account twice": ([CHARGES[0], CHARGES[0], {**CHARGES[1], "amount": -2500}], {}, 409, "two lines"),
    "nothing": ([{**line, "amount": 0} for line in CHARGES], {}, 409, "amount of 0"),
    "a member's account": ([CHARGES[0], {**CHARGES[1], "account": "payable"}], {}, 422, "account"),
    "what only the bank's words move": ([CHARGES[0], {**CHARGES[1], "account": "bank_in_transit"}], {}, 422, ""),
    "points": ([{**line, "currency": "PTS"} for line in CHARGES], {}, 422, "points"),
    "a currency that is none": ([{**line, "currency": "XXQ"} for line in CHARGES], {}, 422, "no currency"),
    "one line": ([CHARGES[0]], {}, 422, "lines"),
    "a transfer that is not there": (CHARGES, {"amends": str(uuid4())}, 409, "no such transfer"),
    "a month that is none": (CHARGES, {"month": "2026-13"}, 422, "month"),
    "a month before the first": (CHARGES, {"month": "2001-01"}, 404, "no month"),
}


@pytest.mark.parametrize(("lines", "more", "status", "why"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_booked_by_hand_is_not_proposed(
    finance: Finance, lines: Any, more: Any, status: int, why: str
) -> None:
    refused = await propose(finance, lines, **more)
    assert refused.status_code == status, refused.text
    assert why in refused.text
    assert await finance.world.count("journals") == 0


async def test_a_journal_corrects_no_points(finance: Finance, all_pages: Any) -> None:
    statement = await all_pages(finance.approver, f"/v1/members/{finance.world.uuid('ada')}/statement", limit=50)
    refused = await propose(finance, CHARGES, amends=statement[0]["transfer_id"])
    assert (refused.status_code, "kind award" in refused.text) == (409, True)


async def test_a_journal_is_of_an_open_month_until_that_is_closed(world: Any, clients: Any) -> None:
    books = Books(Finance(world, await clients(), await clients()))
    await world.publish()
    await books.booked(BEFORE, world.award("first", "ada", 900))
    await books.booked(LAST, world.award("second", "ada", 100))
    late = await propose(books.finance, CHARGES, month=BEFORE)
    await posted(books.finance, CHARGES, month=BEFORE)
    await books.chained()
    assert (await books.figures(BEFORE))["bank_charges", "EUR"] == (0, -1250)
    await books.closed(BEFORE)
    path = f"/v1/journals/{late.json()['journal_id']}/confirm"
    refused = await books.finance.approver.post(path)
    assert (refused.status_code, f"{BEFORE} is closed" in refused.text) == (409, True)
    assert (await propose(books.finance, CHARGES, month=BEFORE)).status_code == 409
    await books.reopen(BEFORE)
    assert (await books.confirm(BEFORE)).json()["state"] == "open"
    assert (await books.finance.approver.post(path)).status_code == 200
    await books.chained()
    assert (await books.figures(BEFORE))["bank_charges", "EUR"] == (0, -2500)
    assert (await books.closed(BEFORE))["state"] == "closed"
    assert (await world.check()).differences == 0
    assert at(BEFORE) < at(LAST)


async def test_a_journal_is_of_no_month_behind_one_that_is_shut_or_that_finance_has(
    world: Any, clients: Any
) -> None:
    books = Books(Finance(world, await clients(), await clients()))
    await world.publish()
    await books.booked(BEFORE, world.award("first", "ada", 900))
    await books.booked(LAST, world.award("second", "ada", 100))
    late = (await propose(books.finance, CHARGES, month=BEFORE)).json()
    path = f"/v1/journals/{late['journal_id']}/confirm"
    # Of months that nobody shut, the newest that is over may be the first.
    await books.closed(LAST)
    for refused in (await propose(books.finance, CHARGES, month=BEFORE), await books.finance.approver.post(path)):
        assert (refused.status_code, f"{LAST}, which comes after" in refused.text) == (409, True), refused.text
    await books.reopen(LAST)
    await books.confirm(LAST)
    last_day = date.fromisoformat(f"{LAST}-01") - timedelta(days=1)
    made = await export(books.finance, last_day, first_day=f"{BEFORE}-01")
    assert made.status_code == 201, made.text
    for refused in (await propose(books.finance, CHARGES, month=BEFORE), await books.finance.approver.post(path)):
        assert (refused.status_code, "by export 1" in refused.text) == (409, True), refused.text
    # The next export has what is of a later month.
    await posted(books.finance, CHARGES, month=LAST)
    asked = {"from": f"{LAST}-01", "to": datetime.now(UTC).date().isoformat()}
    journal = (await books.finance.maker.get("/v1/finance/journal", params=asked)).json()
    assert {one["account"] for one in journal["unmapped"]} == {"bank", "bank_charges"}


async def test_what_was_posted_is_booked_again_after_a_restore_and_once(finance: Finance, by_hand: ByHand) -> None:
    posted_one = await posted(finance, CHARGES)
    waiting = (await propose(finance, CHARGES)).json()
    before = await finance.world.money()
    facts = [fact for fact in await finance.world.published() if fact["type"] == "ledger.journal_changed.v1"]
    for table in ("journals", "journal_lines"):
        await by_hand(f"delete from {table} where community = $1")
    await by_hand("delete from transfers where community = $1 and kind = 'journal'")
    await by_hand(
        """
        delete from entries where community = $1 and account_id in (
            select account_id from accounts where community = $1 and kind in ('bank', 'bank_charges'))
        """
    )
    await by_hand(
        """
        delete from balances where community = $1 and account_id in (
            select account_id from accounts where community = $1 and kind in ('bank', 'bank_charges'))
        """
    )

    for _ in range(2):
        await finance.world.handle(on_journals_told, *facts)

    assert await finance.world.money() == before
    for one in (posted_one, waiting):
        assert (await finance.approver.get(f"/v1/journals/{one['journal_id']}")).json() == one
