"""Rates between currencies: policies of two people, files within their bounds, and what is refused by name."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from services.rewards.rates.handlers import count_rates
from services.rewards.rates.store.policies import count_stale
from tests.integration.services.rewards.finance import Finance

pytestmark = pytest.mark.stack

POLICIES, FILES = "/v1/finance/rate-policies", "/v1/finance/rate-files"
RATES, CONVERSION = "/v1/finance/rates", "/v1/finance/conversion"
TODAY = datetime.now(UTC).date()
TERMS = {
    "effective_from": "2020-01-01",
    "base": "EUR",
    "source": "file",
    "units": {"USD": "1.0956", "JPY": "163.21", "KWD": "0.3358"},
    "max_move_basis_points": 500,
    "spread_basis_points": 150,
    "max_age_days": 7,
}


async def propose(finance: Finance, **changed: Any) -> Any:
    made = await finance.maker.post(POLICIES, json=TERMS | changed, headers={"Idempotency-Key": uuid4().hex})
    assert made.status_code == 201, made.text
    return made.json()


async def in_force(finance: Finance, **changed: Any) -> Any:
    entry = await propose(finance, **changed)
    decided = await finance.approver.post(f"{POLICIES}/{entry['policy_id']}/approve")
    assert decided.status_code == 200, decided.text
    return decided.json()


def sheet(days_ago: int = 0, **units: str) -> str:
    names = {"USD": "1.10", "JPY": "160", "KWD": "0.3358"} | units
    return f"Date,{','.join(names)},\n{TODAY - timedelta(days=days_ago)},{','.join(names.values())},\n"


async def hand_in(finance: Finance, text: str, content_type: str = "text/csv") -> Any:
    return await finance.maker.post(FILES, content=text.encode(), headers={"Content-Type": content_type})


async def convert(finance: Finance, amount: int, source: str, target: str) -> Any:
    asked = {"amount_minor": amount, "source": source, "target": target}
    return await finance.maker.get(CONVERSION, params=asked)


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_a_policy_takes_two_people(finance: Finance, all_pages: Any) -> None:
    assert problem(await finance.maker.get(RATES)) == (409, "no-rate-policy")
    assert problem(await hand_in(finance, sheet())) == (409, "no-rate-policy")
    entry = await propose(finance, source="table", effective_from=TODAY.isoformat())
    one = f"{POLICIES}/{entry['policy_id']}"
    assert problem(await finance.maker.get(RATES)) == (409, "no-rate-policy")
    assert problem(await finance.maker.post(f"{one}/approve")) == (403, "rate-policy-four-eyes")
    decided = (await finance.approver.post(f"{one}/approve")).json()
    assert (decided["state"], decided["units"]) == ("approved", dict(sorted(TERMS["units"].items())))
    assert (await finance.approver.post(f"{one}/approve")).json() == decided
    assert problem(await finance.maker.post(f"{one}/withdraw")) == (409, "rate-policy-decided")
    other = await propose(finance)
    assert (await finance.maker.post(f"{POLICIES}/{other['policy_id']}/withdraw")).json()["state"] == "withdrawn"
    for field, value in (
        ("units", {"USD": "0"}),
        ("units", {"USD": 1.1}),
        ("units", {"EUR": "1"}),
        ("units", {"usd": "1"}),
        ("base", "USD"),
        ("spread_basis_points", 5001),
        ("max_age_days", 0),
        ("note", "by Mia"),
    ):
        wrong = await finance.maker.post(POLICIES, json=TERMS | {field: value}, headers={"Idempotency-Key": "w"})
        assert wrong.status_code == 422, wrong.text
    listed = await all_pages(finance.maker, POLICIES, limit=1)
    assert [one["state"] for one in listed] == ["withdrawn", "approved"]
    assert problem(await finance.maker.get(f"{POLICIES}/{uuid4()}")) == (404, "unknown-rate-policy")

    # A table is of the day from which it applies, and its rates are those that were approved.
    found = (await convert(finance, 1000, "EUR", "USD")).json()
    assert (found["worth_minor"], found["cost_minor"], found["rate"]) == (1079, 927, "1.0956")
    assert (await convert(finance, 1000, "JPY", "KWD")).json()["worth_minor"] == 2026
    assert problem(await convert(finance, 1000, "EUR", "CHF")) == (409, "no-rate")
    assert problem(await convert(finance, 10**12, "EUR", "JPY")) == (422, "converted-amount-too-large")
    assert (await convert(finance, 1000, "CHF", "CHF")).json()["worth_minor"] == 1000


async def test_a_file_is_taken_within_the_bounds_that_two_people_approved(
    finance: Finance, all_pages: Any
) -> None:
    policy = await in_force(finance)
    rates = (await finance.maker.get(RATES)).json()
    assert (rates["is_stale"], rates["day"], rates["policy"]) == (True, None, policy)
    assert problem(await convert(finance, 1000, "EUR", "USD")) == (409, "stale-rates")

    taken = await hand_in(finance, sheet(days_ago=1))
    assert (taken.status_code, taken.json()["is_new"]) == (201, True)
    again = await hand_in(finance, sheet(days_ago=1))
    assert (again.status_code, again.json()["sheet_id"]) == (200, taken.json()["sheet_id"])
    found = (await convert(finance, 1000, "EUR", "USD")).json()
    assert (found["rate"], found["sheet_id"]) == ("1.1", taken.json()["sheet_id"])
    assert found["worth_minor"] == 1083

    # A rate that left the bounds is taken from nobody alone; what is no file of rates says why.
    moved = await hand_in(finance, sheet(USD="1.1504"))
    assert problem(moved) == (409, "rate-moved-too-far")
    assert "USD is 1.1504, and 1.0956 in the policy" in moved.json()["detail"]
    assert problem(await hand_in(finance, sheet(days_ago=-2))) == (422, "invalid-rate-file")
    broken = await hand_in(finance, "Date,USD\n2026-01-30,much\n")
    assert (problem(broken), broken.json()["errors"][0]["line"]) == ((422, "invalid-rate-file"), 2)
    assert problem(await hand_in(finance, "{}", "application/json"))[0] == 415

    # One that the newest file lacks has no rate; an older file changes nothing.
    lacking = f"Date,USD\n{TODAY},1.11\n"
    assert (await hand_in(finance, lacking)).status_code == 201
    assert (await hand_in(finance, sheet(days_ago=3))).status_code == 201
    assert (await convert(finance, 1000, "EUR", "USD")).json()["rate"] == "1.11"
    assert problem(await convert(finance, 1000, "EUR", "JPY")) == (409, "no-rate")
    shown = {one["currency"]: one["refused"] for one in (await finance.maker.get(RATES)).json()["currencies"]}
    assert shown == {"JPY": "no_rate", "KWD": "no_rate", "USD": None}
    listed = await all_pages(finance.maker, FILES, limit=1)
    assert [one["day"] for one in listed] == [str(TODAY - timedelta(days=days)) for days in (0, 1, 3)]

    # Another policy holds for what was taken before it, too.
    await in_force(finance, units={"USD": "1.30"})
    assert problem(await convert(finance, 1000, "EUR", "USD")) == (409, "rate-moved-too-far")


async def stale_on(finance: Finance, days_ahead: int) -> int:
    async with finance.world.pool.acquire() as conn:
        day = TODAY + timedelta(days=days_ahead)
        return await count_stale(conn, day=day, community=finance.world.community)


async def test_rates_that_are_too_old_are_refused_and_counted_before(finance: Finance) -> None:
    assert await stale_on(finance, 0) == 0
    await in_force(finance, max_age_days=3)
    await propose(finance)
    assert await stale_on(finance, 0) == 1
    async with finance.world.begin() as tx:
        await count_rates(tx)
    assert (REGISTRY.get_sample_value("plaudit_rewards_rate_policies_waiting") or 0) >= 1
    assert (REGISTRY.get_sample_value("plaudit_rewards_rates_stale_soon") or 0) >= 1
    assert (await hand_in(finance, sheet(days_ago=3))).status_code == 201
    # In use today, and too old tomorrow.
    assert (await convert(finance, 1000, "EUR", "USD")).status_code == 200
    assert (await stale_on(finance, 0), await stale_on(finance, 1)) == (0, 1)
    assert (await hand_in(finance, sheet(days_ago=1))).status_code == 201
    assert (await stale_on(finance, 1), await stale_on(finance, 3)) == (0, 1)
    await in_force(finance, source="table", effective_from=str(TODAY - timedelta(days=4)), max_age_days=3)
    assert await stale_on(finance, 0) == 1
    refused = await convert(finance, 1000, "EUR", "USD")
    assert problem(refused) == (409, "stale-rates")
    assert "takes none older than 3 days" in refused.json()["detail"]


async def test_no_more_wait_or_come_in_a_day_than_may(finance: Finance) -> None:
    await in_force(finance)
    for _ in range(20):
        await propose(finance)
    refused = await finance.maker.post(POLICIES, json=TERMS, headers={"Idempotency-Key": "more"})
    assert problem(refused) == (409, "too-many-rate-policies")
    for number in range(24):
        assert (await hand_in(finance, sheet(USD=f"1.1{number:02}"))).status_code == 201
    assert problem(await hand_in(finance, sheet(USD="1.09"))) == (409, "too-many-rate-files")
