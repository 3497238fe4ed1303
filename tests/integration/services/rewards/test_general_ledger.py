"""The general ledger of finance: a mapping of two people, days handed over once, and the trial balance."""

import asyncio
import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.approvals.domain import Author
from services.rewards.general_ledger.domain.exports import Grain
from services.rewards.general_ledger.handlers import make_export
from tests.integration.services.rewards.finance import Finance, filed
from tests.integration.services.rewards.test_liability import in_force, problem, take_all

pytestmark = pytest.mark.stack

MAPPINGS, EXPORTS = "/v1/finance/account-mappings", "/v1/finance/journal-exports"
NUMBERS = {
    "payable": "2300",
    "payout_expense": "6800",
    "bank_in_transit": "1810",
    "bank": "1800",
    "points_liability": "2410",
    "points_expense": "6810",
}
TODAY = datetime.now(UTC).date()
MIA = Author(None, "Mia", "key")


async def mapped(finance: Finance, **changed: Any) -> Any:
    accounts = [{"account": name, "number": number} for name, number in NUMBERS.items()]
    body = {"effective_from": "2020-01-01", "accounts": accounts} | changed
    made = await finance.maker.post(MAPPINGS, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert made.status_code == 201, made.text
    decided = await finance.approver.post(f"{MAPPINGS}/{made.json()['mapping_id']}/approve")
    assert decided.status_code == 200, decided.text
    return decided.json()


async def export(finance: Finance, last: date, **more: Any) -> Any:
    body = {"last_day": last.isoformat()} | more
    return await finance.maker.post(EXPORTS, json=body, headers={"Idempotency-Key": uuid4().hex})


async def test_a_mapping_takes_two_people_and_names_nothing_twice(finance: Finance, all_pages: Any) -> None:
    accounts = [{"account": "bank", "number": "1800"}]
    body = {"effective_from": "2026-01-01", "accounts": accounts}
    made = (await finance.maker.post(MAPPINGS, json=body, headers={"Idempotency-Key": "m"})).json()
    one = f"{MAPPINGS}/{made['mapping_id']}"
    assert made["accounts"] == [{"account": "bank", "event": "*", "number": "1800"}]
    assert problem(await finance.maker.post(f"{one}/approve")) == (403, "account-mapping-four-eyes")
    assert (await finance.approver.post(f"{one}/approve")).json()["state"] == "approved"
    assert problem(await finance.maker.post(f"{one}/withdraw")) == (409, "account-mapping-decided")
    assert (await finance.maker.get(one)).json()["decided_by"] is not None
    twice = body | {"accounts": accounts * 2}
    refused = await finance.maker.post(MAPPINGS, json=twice, headers={"Idempotency-Key": "t"})
    assert problem(refused) == (422, "mapped-twice")
    assert refused.json()["errors"][0]["field"] == "/accounts/1"
    formula = body | {"accounts": [{"account": "bank", "number": "=1+1"}]}
    wrong = await finance.maker.post(MAPPINGS, json=formula, headers={"Idempotency-Key": "f"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "/accounts/0/number")
    assert [each["state"] for each in await all_pages(finance.maker, MAPPINGS, limit=1)] == ["approved"]


async def test_a_journal_names_what_is_mapped_to_nothing_and_sums_to_zero(finance: Finance) -> None:
    run = await filed(finance)
    await finance.outcome(run, "settled")
    asked = {"from": TODAY.isoformat(), "to": TODAY.isoformat()}
    found = (await finance.maker.get("/v1/finance/journal", params=asked)).json()
    assert {one["account"] for one in found["unmapped"]} == {
        "payout_expense",
        "payable",
        "bank_in_transit",
        "bank",
    }

    await mapped(finance)
    found = (await finance.maker.get("/v1/finance/journal", params=asked)).json()
    assert found["unmapped"] == []
    money = (await finance.world.money())["bank"]
    lines = {(one["event"], one["number"]): one["amount"] for one in found["lines"]}
    assert lines == {
        ("payout_reserved", "6800"): money,
        ("payout_reserved", "2300"): -money,
        ("payout_submitted", "2300"): money,
        ("payout_submitted", "1810"): -money,
        ("payout_settled", "1810"): money,
        ("payout_settled", "1800"): -money,
    }
    too_many = await finance.maker.get("/v1/finance/journal", params={"from": "2020-01-01", "to": "2026-01-01"})
    assert problem(too_many) == (409, "journal-export-refused")


@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31")])
async def test_there_are_no_books_at_the_ends_of_the_calendar(finance: Finance, days: tuple[str, str]) -> None:
    first, last = days
    for path in ("journal", "trial-balance"):
        refused = await finance.maker.get(f"/v1/finance/{path}", params={"from": first, "to": last})
        assert (refused.status_code, "1970" in refused.text) == (422, True), refused.text
    assert (await export(finance, date.fromisoformat(last), first_day=first)).status_code == 422


async def test_days_are_handed_over_once_with_the_liability_for_points(finance: Finance) -> None:
    world = finance.world
    await in_force(finance)
    await take_all(world)
    await mapped(finance)
    yesterday = TODAY - timedelta(days=1)
    assert problem(await export(finance, yesterday)) == (409, "journal-export-refused")
    assert problem(await export(finance, TODAY, first_day=yesterday.isoformat())) == (
        409,
        "journal-export-refused",
    )
    first = yesterday - timedelta(days=30)
    made = await export(finance, yesterday, first_day=first.isoformat(), grain="month")
    assert made.status_code == 201, made.text
    assert (made.json()["number"], made.json()["lines_count"]) == (1, 2)
    assert problem(await export(finance, yesterday)) == (409, "journal-export-refused")
    again = await export(finance, TODAY, first_day=yesterday.isoformat())
    assert problem(again) == (409, "journal-export-refused")

    shown = (await finance.approver.get(f"{EXPORTS}/1")).json()
    assert (shown["first_day"], shown["xero_files_count"]) == (first.isoformat(), 1)
    file = await finance.approver.get(f"{EXPORTS}/1/file")
    assert file.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    owed = f"{round(2249 * 0.8 * 0.95) / 100:.2f}"
    assert [(row["number"], row["debit"], row["credit"]) for row in rows] == [
        ("6810", owed, ""),
        ("2410", "", owed),
    ]
    xero = (await finance.approver.get(f"{EXPORTS}/1/file", params={"format": "xero"})).text
    lines = list(csv.DictReader(io.StringIO(xero)))
    assert [line["*Amount"] for line in lines] == [owed, f"-{owed}"]
    assert {line["*Narration"] for line in lines} == {f"Plaudit 1: points_earned {yesterday.isoformat()} EUR"}
    assert (await finance.approver.get(f"{EXPORTS}/1/file")).content == file.content
    missing = await finance.approver.get(f"{EXPORTS}/1/file", params={"format": "xero", "part": 2})
    assert problem(missing) == (404, "unknown-journal-export")
    assert problem(await finance.approver.get(f"{EXPORTS}/2")) == (404, "unknown-journal-export")

    # The next one has what is owed more, and what was booked in money since.
    await filed(finance)
    world.later = timedelta(days=1)
    await take_all(world)
    async with world.begin() as tx:
        following = await make_export(
            tx, community=world.community, first=None, last=TODAY, grain=Grain.DAY, by=MIA
        )
    world.later = timedelta(0)
    assert (following.number, following.first_day) == (2, TODAY)
    rows = list(csv.DictReader(io.StringIO((await finance.approver.get(f"{EXPORTS}/2/file")).text)))
    events = {row["event"] for row in rows}
    assert {"payout_reserved", "payout_submitted", "points_used"} <= events
    for event in events:
        of_event = [row for row in rows if row["event"] == event]
        assert sum(float(row["debit"] or 0) - float(row["credit"] or 0) for row in of_event) == pytest.approx(0)


async def test_two_exports_at_once_hand_no_day_over_twice(finance: Finance) -> None:
    await mapped(finance)
    yesterday = TODAY - timedelta(days=1)
    made = await asyncio.gather(*(export(finance, yesterday, first_day=yesterday.isoformat()) for _ in range(8)))
    assert sorted(one.status_code for one in made) == [201, *[409] * 7]
    assert await finance.world.count("journal_exports") == 1


async def test_a_trial_balance_of_days_leads_from_opening_to_closing(finance: Finance) -> None:
    run = await filed(finance)
    await finance.outcome(run, "settled")
    asked = {"from": TODAY.isoformat(), "to": TODAY.isoformat()}
    found = (await finance.maker.get("/v1/finance/trial-balance", params=asked)).json()
    assert {one["currency"] for one in found["totals"]} == {"EUR", "PTS"}
    for total in found["totals"]:
        assert (total["opening"], total["closing"]) == (0, 0)
        assert total["debit"] == total["credit"] > 0
    money = (await finance.world.money())["bank"]
    rows = {(one["account"], one["currency"]): one for one in found["accounts"]}
    assert (rows["bank", "EUR"]["credit"], rows["bank", "EUR"]["closing"]) == (money, -money)
    assert (rows["payable", "EUR"]["debit"], rows["payable", "EUR"]["credit"]) == (money, money)
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    later = await finance.maker.get("/v1/finance/trial-balance", params={"from": tomorrow, "to": tomorrow})
    rows = {(one["account"], one["currency"]): one for one in later.json()["accounts"]}
    assert (rows["bank", "EUR"]["opening"], rows["bank", "EUR"]["debit"]) == (-money, 0)
    backwards = {"from": tomorrow, "to": TODAY.isoformat()}
    refused = await finance.maker.get("/v1/finance/trial-balance", params=backwards)
    assert problem(refused) == (409, "journal-export-refused")
