"""What a bank takes in a file bounds a run; what is over goes into another, and nothing into two."""

from typing import Any

import pytest

from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import PAYER, Finance, check, filed, ibans_paid, shown

pytestmark = pytest.mark.stack


async def limited(finance: Finance, **limits: int) -> Finance:
    """Ada is owed 6.00, bob and eve 2.50 each; all have bank details, and a file takes only so much."""
    world = finance.world
    await world.give(world.award("e2", "eve", 1))
    assert (await finance.payee("eve")).status_code == 200
    await world.publish(2, TERMS | {"paying_account": PAYER | limits})
    return finance


async def amounts(finance: Finance, run: Any) -> dict[str, int]:
    return {name: one["amount_minor"] for name, one in (await finance.payouts(run)).items()}


async def test_what_is_over_a_files_count_goes_into_the_next_run(both: Finance) -> None:
    finance = await limited(both, file_max_count=2)
    preview = (await finance.maker.get("/v1/payout-run-preview")).json()
    assert (preview["paid"]["payouts_count"], preview["left_payable_count"]) == (2, 1)
    first = await finance.run()
    second = await finance.run()
    third = await finance.run()

    assert await amounts(finance, first) == {"ada": 600, "bob": 250}
    assert await amounts(finance, second) == {"eve": 250}
    assert await amounts(finance, third) == {}
    assert [one["left_payable_count"] for one in (first, second, third)] == [1, 0, 0]
    assert [one["complete"] for one in (first, second, third)] == [False, True, True]
    paid: list[str] = []
    for run in (first, second):
        assert (await finance.approve(run)).status_code == 200
        assert (await finance.file(run)).status_code == 200
        paid += await ibans_paid(finance, run)
    assert len(paid) == len(set(paid)) == 3
    assert (await check(finance))["balanced"]


async def test_what_is_over_a_files_sum_goes_into_the_next_run_and_a_large_payout_into_several(
    both: Finance,
) -> None:
    """With 5.00 in a file ada is paid 5.00 and then 1.00; the others wait beside her."""
    finance = await limited(both, file_max_minor=500)
    finance.world.configure(payouts_per_piece_max_count=1)  # what is taken already is seen from piece to piece
    preview = (await finance.maker.get("/v1/payout-run-preview")).json()
    assert (preview["paid"]["amount_minor"], preview["left_payable_count"]) == (500, 2)
    first = await filed(finance)
    first = await shown(finance, first)
    assert await amounts(finance, first) == {"ada": 500}
    assert (first["complete"], first["left_payable_count"], first["state"]) == (False, 2, "filed")
    second = await filed(finance)
    # Who was left comes first; what ada has left is below the minimum.
    assert await amounts(finance, second) == {"bob": 250, "eve": 250}
    assert (await shown(finance, second))["complete"] is True
    assert (await check(finance))["balanced"]


async def test_who_is_held_has_a_place_in_the_file_because_details_may_come(finance: Finance) -> None:
    """Only ada has bank details: bob is held beside her, and when his come the file has two, not three."""
    world = finance.world
    await world.give(world.award("e2", "eve", 1))
    await world.publish(2, TERMS | {"paying_account": PAYER | {"file_max_count": 2}})
    run = await finance.run()
    states = {name: one["state"] for name, one in (await finance.payouts(run)).items()}
    assert states == {"ada": "eligible", "bob": "held"}
    assert (run["complete"], run["left_payable_count"], run["left_held_count"]) == (True, 0, 1)
    for name in ("bob", "eve"):
        assert (await finance.payee(name)).status_code == 200
    assert (await finance.approve(run)).status_code == 200
    assert (await finance.file(run)).status_code == 200
    assert len(await ibans_paid(finance, run)) == 2


async def test_what_came_back_and_no_file_takes_is_left_and_counted_and_not_cut(both: Finance) -> None:
    """Its terms stick: it is owed whole, however little the bank takes now."""
    run = await filed(both)
    ada = (await both.payouts(run))["ada"]
    back = await both.outcome(run, "returned", payout_ids=[ada["payout_id"]], reason="MS03")
    assert back.status_code == 200, back.text
    await both.world.publish(2, TERMS | {"paying_account": PAYER | {"file_max_minor": 500}})
    small = await both.run()
    assert await amounts(both, small) == {}
    assert (small["complete"], small["left_payable_count"]) == (False, 1)
    await both.world.publish(3, TERMS | {"paying_account": PAYER | {"file_max_minor": 600}})
    assert await amounts(both, await both.run()) == {"ada": 600}
    assert (await check(both))["balanced"]
