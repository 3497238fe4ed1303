"""A community pays EUR, JPY and KWD in one month: a rate, a run, a file and books that balance for each."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from beancount.core.data import Transaction
from beancount.loader import load_file
from click.testing import CliRunner
from lxml import etree

from plaudit.cli import main
from services.rewards.bank_messages.pain001.domain import NAMESPACE
from services.rewards.chain.handlers import chain
from shared.currencies import decimal_amount
from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import Finance, check, shown
from tests.integration.services.rewards.test_bank_checks import check as check_day
from tests.integration.services.rewards.test_bank_messages import hand_in, noted
from tests.integration.services.rewards.test_rates import in_force, problem
from tests.local_providers import served
from tests.unit.shared.bank_messages.messages import RETURNED, entry, payment, statement
from tests.waiting import until

pytestmark = pytest.mark.stack

YEN = {"name": "Example K.K.", "iban": "JPZGN 0001 001 1234567", "bic": "MHCBJPJT"}
DINARS = {"name": "Example W.L.L.", "iban": "KW81CBKU0000000000001234560101", "bic": "COMBKWKW"}
ALSO = [{"currency": "JPY", "paying_account": YEN}, {"currency": "KWD", "paying_account": DINARS}]
#: EUR 6.00 are JPY 979.26 and KWD 2.0148; ada has 1,250 points, and 100 of them are EUR 0.50.
ACCOUNTS = {
    "ada": {"iban": "NL91ABNA0417164300"},
    "bob": {"iban": "JPZGN 0005 025 7654321"},
    "eve": {"iban": "KW74NBOK0000000000001000372151"},
}
CURRENCIES = ("EUR", "JPY", "KWD")
DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3}


async def three(finance: Finance) -> None:
    """Everybody has 1,250 points, and an account in another currency."""
    world = finance.world
    await world.give(world.award("b2", "bob", 750), world.award("e2", "eve", 751))
    await world.publish(2, TERMS | {"also": ALSO})
    for member, account in ACCOUNTS.items():
        body = {"name": member.title(), **account}
        answer = await finance.maker.put(f"/v1/payees/{world.uuid(member)}", json=body)
        assert answer.status_code == 200, answer.text


async def make(finance: Finance, currency: str, key: str | None = None) -> Any:
    return await finance.maker.post(
        "/v1/payout-runs", json={"currency": currency}, headers={"Idempotency-Key": key or uuid4().hex}
    )


async def filed_in(finance: Finance, currency: str) -> Any:
    made = await make(finance, currency)
    assert made.status_code == 201, made.text
    run = made.json()
    assert (await finance.approve(run)).status_code == 200
    written = await finance.file(run)
    assert written.status_code == 200, written.text
    return run


async def test_one_month_pays_three_currencies_until_the_bank_settled_each(
    finance: Finance, tmp_path: Path
) -> None:
    world = finance.world
    await three(finance)
    policy = await in_force(
        finance, source="table", spread_basis_points=0, effective_from="2026-01-01", max_age_days=3_650
    )
    runs = {currency: await filed_in(finance, currency) for currency in CURRENCIES}
    payouts = {}
    for currency, member, minor in (("EUR", "ada", 600), ("JPY", "bob", 979), ("KWD", "eve", 2_014)):
        (payout,) = (await finance.payouts(runs[currency])).values()
        assert (payout["currency"], payout["points"], payout["amount_minor"]) == (currency, 1_200, minor)
        assert payout["member_id"] == world.uuid(member)
        payouts[currency] = payout
    assert payouts["EUR"]["exchange"] is None
    rate = payouts["JPY"]["exchange"]
    assert (rate["price_currency"], rate["rate"], rate["spread_basis_points"]) == ("EUR", "163.21", 0)
    assert rate["rate_policy_id"] == policy["policy_id"]
    assert (await shown(finance, runs["JPY"]))["exchange"] == rate

    # A file for each, with the decimals of its currency.
    for currency, payout in payouts.items():
        content = await finance.maker.get(f"/v1/payout-runs/{runs[currency]['run_id']}/file")
        root = etree.fromstring(content.content)
        (amount,) = root.iterfind(".//p:InstdAmt", NAMESPACE)
        assert (amount.get("Ccy"), amount.text) == (
            currency,
            str(decimal_amount(payout["amount_minor"], currency)),
        )
        assert len((amount.text or "").partition(".")[2]) == DECIMALS[currency]

    # The bank's statement of each account settles them, and the day agrees in each.
    for currency, payout in payouts.items():
        said = str(decimal_amount(payout["amount_minor"], currency))
        left = entry(said, payment(payout["end_to_end_id"]), way="DBIT", reference=f"D-{currency}", ccy=currency)
        await hand_in(finance.maker, statement("camt.053", left))
    assert await noted(finance) == {"ada": "settled", "bob": "settled", "eve": "settled"}
    found = await check_day(finance)
    assert [
        (day["currency"], day["ledger_minor"], day["payouts_minor"], day["bank_minor"], day["differences_count"])
        for day in found["days"]
    ] == [("EUR", 600, 600, 600, 0), ("JPY", 979, 979, 979, 0), ("KWD", 2_014, 2_014, 2_014, 0)]

    # The ledger balances in each, its chain is whole, and Beancount agrees.
    assert (await check(finance))["balanced"]
    sums = await world.pool.fetch(
        "select a.currency, sum(b.amount)::bigint as amount from accounts a join balances b"
        " using (community, account_id) where community = $1 group by 1",
        world.community,
    )
    assert {row["currency"]: row["amount"] for row in sums} == dict.fromkeys(("PTS", *CURRENCIES), 0)
    await books_agree(finance, tmp_path)


async def books_agree(finance: Finance, tmp_path: Path) -> None:
    """The chain of the ledger is whole, and Beancount takes what it exports, to the last decimal."""
    world = finance.world
    async with world.begin() as tx:
        while await chain(tx):
            pass

    async def is_all_past() -> bool:
        last: bool = await world.pool.fetchval(
            "select max(recorded_at) < now() from entries where community = $1", world.community
        )
        return last

    await until(is_all_past)
    books = tmp_path / "books.beancount"
    async with served(finance.maker._transport.app) as url:
        environment = {
            "PLAUDIT_URL": f"rewards={url}",
            "PLAUDIT_KEY": finance.maker.headers["Authorization"].removeprefix("Bearer "),
        }
        for said in (["verify", "--json"], ["export", str(books), "--as", "beancount"]):
            result = await asyncio.to_thread(CliRunner().invoke, main, ["ledger", *said], env=environment)
            assert result.exit_code == 0, result.output
            if "--json" in said:
                assert json.loads(result.output)["blocks"]
    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), books], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    loaded, errors, _ = load_file(str(books))
    assert errors == []
    paid: dict[str, str] = {}
    for one in loaded:
        for posting in one.postings if isinstance(one, Transaction) else ():
            if re.search(r":bank(:|$)", posting.account.lower()) and posting.units is not None:
                paid[posting.units.currency] = str(abs(posting.units.number))
    assert paid == {"EUR": "6.00", "JPY": "979", "KWD": "2.014"}


async def test_a_rate_stays_what_it_was_and_what_came_back_is_owed_at_it(finance: Finance) -> None:
    await three(finance)
    await in_force(finance, source="table", spread_basis_points=0, effective_from="2026-01-01", max_age_days=3_650)
    run = await filed_in(finance, "JPY")
    (payout,) = (await finance.payouts(run)).values()
    back = entry("979", payment(payout["end_to_end_id"], more=RETURNED), reference="R-bob", ccy="JPY")
    left = entry("979", payment(payout["end_to_end_id"]), way="DBIT", reference="D-bob", ccy="JPY")
    await hand_in(finance.maker, statement("camt.053", left, back))
    await noted(finance)
    (proposed,) = (await finance.approver.get("/v1/payout-outcomes", params={"state": "proposed"})).json()["items"]
    assert (await finance.confirm(run, proposed)).status_code == 200
    # Another rate, and new points: what came back is JPY 979 still, 100 points more are EUR 0.50 at the new one.
    await in_force(
        finance,
        source="table",
        spread_basis_points=0,
        units={"JPY": "200"},
        effective_from="2026-01-01",
        max_age_days=3_650,
    )
    await finance.world.give(finance.world.award("b3", "bob", 100))
    body = {"name": "Bob", "iban": "JPZGN 0005 025 7654322"}
    assert (await finance.maker.put(f"/v1/payees/{finance.world.uuid('bob')}", json=body)).status_code == 200
    made = await make(finance, "JPY")
    assert made.status_code == 201, made.text
    (again,) = (await finance.payouts(made.json())).values()
    assert (again["points"], again["amount_minor"]) == (1_300, 979 + 100)
    details = (await finance.maker.get(f"/v1/payouts/{again['payout_id']}")).json()
    assert [
        (part["points"], part["amount_minor"], part["rate_exchange"]["rate"], part["returned_payout_id"])
        for part in details["parts"]
    ] == [(1_200, 979, "163.21", payout["payout_id"]), (100, 100, "200", None)]
    assert (await check(finance))["balanced"]


async def test_without_a_rate_or_an_account_for_it_no_run_is_made(finance: Finance) -> None:
    await three(finance)
    assert problem(await make(finance, "JPY")) == (409, "no-rate-policy")
    assert problem(await make(finance, "CHF")) == (409, "no-payable-terms")
    await in_force(
        finance, source="table", units={"KWD": "0.3358"}, effective_from="2026-01-01", max_age_days=3_650
    )
    assert problem(await make(finance, "JPY")) == (409, "no-rate")
    made = await make(finance, "KWD", key="november")
    assert made.status_code == 201, made.text
    assert problem(await make(finance, "EUR", key="november")) == (409, "idempotency-key-reused")


async def test_members_are_paid_in_the_currency_of_their_account_and_by_no_other_run(
    finance: Finance,
) -> None:
    """Whoever chose another currency is in no run of the price's; whose account cannot be paid so is told."""
    await three(finance)
    run = await finance.run()
    assert (await finance.payouts(run)).keys() == {"ada"}
    ada = f"/v1/payees/{finance.world.uuid('ada')}"
    refused = await finance.maker.put(ada, json={"name": "Ada", **ACCOUNTS["ada"], "currency": "JPY"})
    assert problem(refused) == (422, "invalid-bank-details")
    (error,) = refused.json()["errors"]
    assert error["field"] == "/currency"
    assert "between accounts in Japan; this one is in NL" in error["detail"]
    bob = (await finance.maker.get(f"/v1/payees/{finance.world.uuid('bob')}")).json()
    assert (bob["iban"], bob["currency"]) == ("JPZGN00050257654321", "JPY")
    # They choose another one while their payout waits for its approval: it fails, and says why.
    swiss = {"name": "Ada", "iban": "CH9300762011623852957"}
    assert (await finance.maker.put(ada, json=swiss)).status_code == 200
    assert (await finance.maker.put(ada, json=swiss | {"currency": "CHF"})).json()["revision"] == 4
    assert (await finance.approve(run)).status_code == 200
    assert (await finance.payouts(run))["ada"]["state"] == "failed"
