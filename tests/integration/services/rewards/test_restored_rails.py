"""A database of yesterday, and payouts in several currencies since: rates, runs and books are as they were."""

from typing import Any

import pytest

from shared.topics import PROGRAMMES, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import send
from tests.integration.services.rewards.finance import CATALOGUE
from tests.integration.services.rewards.office import TERMS, Office, everything, published
from tests.integration.services.rewards.test_three_currencies import YEN

pytestmark = pytest.mark.stack

RATES = {
    "effective_from": "2026-01-01",
    "base": "EUR",
    "source": "table",
    "units": {"JPY": "163.21"},
    "max_move_basis_points": 500,
    "spread_basis_points": 0,
    "max_age_days": 3_650,
}


async def pays_yen(office: Office) -> None:
    """The programme pays JPY, too, which Bob chose, at a rate that two people put in force."""
    world = office.world
    terms = TERMS | {"also": [{"currency": "JPY", "paying_account": YEN}]}
    document = {"programme": "demo", "rewards": {"catalogue": CATALOGUE, "payout": terms}}
    fact = world.programme_fact(2, document)
    await send(office.state, [(PROGRAMMES, record_key(world.community, "demo"), fact)])
    await office.until_has("programmes", 2)
    made = await office.ask("POST", "/v1/finance/rate-policies", key="rates", json=RATES)
    await office.ask("POST", f"/v1/finance/rate-policies/{made['policy_id']}/approve", by="approver")
    payee = {"name": "Bob", "iban": "JPZGN 0005 025 7654321"}
    await office.ask("PUT", f"/v1/payees/{world.uuid('bob')}", json=payee)


async def run_in(office: Office, currency: str) -> Any:
    run = await office.ask("POST", "/v1/payout-runs", key=currency, json={"currency": currency})
    await office.approve(run)
    await office.file(run)
    return run


async def test_payouts_at_a_rate_are_as_they_were_and_nobody_is_paid_again(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await pays_yen(office)
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        runs = {currency: await run_in(office, currency) for currency in ("EUR", "JPY")}
        await office.outcome(runs["JPY"], "settled", "bob")
        await office.outcome(runs["JPY"], "reversed", "bob", reason="recalled")
        # What came back in yen is owed in yen, at the rate of then.
        runs["JPY again"] = await office.ask("POST", "/v1/payout-runs", key="again", json={"currency": "JPY"})
        await published(office)
        before = await everything(office)
        files = {currency: await office.bytes_of(runs[currency]) for currency in ("EUR", "JPY")}
        money = (await office.ask("GET", "/v1/ledger/check"))["balanced"]
        (owed,) = (await office.payouts(runs["JPY again"])).values()
    assert money
    assert {run["currency"] for run in before["runs"]} == {"EUR", "JPY"}
    assert (owed["currency"], owed["amount_minor"], owed["exchange"]["rate"]) == ("JPY", 1_632, "163.21")

    await restore(office.state, "rewards", saved)
    async with office.open():
        assert await everything(office) == before
        assert {currency: await office.bytes_of(runs[currency]) for currency in ("EUR", "JPY")} == files
        assert (await office.check())["balanced"]
        for number, currency in enumerate(("EUR", "JPY")):
            again = await office.ask("POST", "/v1/payout-runs", key=f"new-{number}", json={"currency": currency})
            assert again["payouts"] == []
