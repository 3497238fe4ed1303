"""A run leaves by the rail of its currency; whom that does not reach waits and takes nobody's place."""

import pytest

from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import Finance, check, filed, shown

pytestmark = pytest.mark.stack

SWISS = {"name": "Muster AG", "iban": "CH5604835012345678009", "bic": "CRESCHZZ80A"}
OFF = "payouts in CHF are between accounts in Switzerland and Liechtenstein; this one is in {country}"


async def set_iban(finance: Finance, member: str, iban: str) -> None:
    body = {"name": member.title(), "iban": iban}
    answer = await finance.maker.put(f"/v1/payees/{finance.world.uuid(member)}", json=body)
    assert answer.status_code == 200, answer.text


async def test_a_run_in_francs_pays_swiss_accounts_and_others_wait(both: Finance) -> None:
    """Ada is owed 6.00 and bob 2.50, with accounts in NL and FR; ada gives a Swiss one instead."""
    world = both.world
    world.configure(payouts_per_run_max_count=1)
    await set_iban(both, "ada", "CH9300762011623852957")
    await world.publish(2, TERMS | {"currency": "CHF", "paying_account": SWISS})
    preview = (await both.maker.get("/v1/payout-run-preview")).json()
    assert (preview["currency"], preview["paid"]["payouts_count"], preview["held"]["payouts_count"]) == (
        "CHF",
        1,
        1,
    )

    run = await both.run()
    payouts = await both.payouts(run)
    assert {name: one["state"] for name, one in payouts.items()} == {"ada": "eligible", "bob": "held"}
    assert payouts["bob"]["reason"] == OFF.format(country="FR")
    # Another account on another rail changes nothing but the reason; one on the rail is paid.
    await set_iban(both, "bob", "DE89370400440532013000")
    bob = (await both.payouts(run))["bob"]
    assert (bob["state"], bob["reason"], bob["iban"]) == ("held", OFF.format(country="DE"), None)
    await set_iban(both, "bob", "LI21088100002324013AA")
    assert (await both.payouts(run))["bob"]["state"] == "eligible"
    assert (await both.approve(run)).status_code == 200
    assert (await both.file(run)).status_code == 200
    content = (await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file")).content.decode()
    assert content.count('Ccy="CHF"') == 2
    assert "<SvcLvl>" not in content
    assert (await both.outcome(run, "settled")).status_code == 200
    assert {one["state"] for one in (await shown(both, run))["payouts"]} == {"settled"}
    assert (await check(both))["balanced"]


async def test_runs_in_two_currencies_have_a_file_each_and_balance_each(both: Finance) -> None:
    """The programme pays euro, then francs: each run is in its own, and no sum is of both."""
    world = both.world
    euro = await filed(both)
    await set_iban(both, "ada", "CH9300762011623852957")
    await world.give(world.award("more", "ada", 1_000))
    await world.publish(2, TERMS | {"currency": "CHF", "paying_account": SWISS})
    francs = await filed(both)
    found = [(await shown(both, run))["currency"] for run in (euro, francs)]
    assert found == ["EUR", "CHF"]
    assert (await both.payouts(francs)).keys() == {"ada"}
    money = await world.money()
    assert money
    assert (await check(both))["balanced"]
