"""What an approver looks at: bank details with who set them, and what is not as in the last run."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.services.rewards.finance import IBANS, OTHER_IBAN, Finance, filed

pytestmark = pytest.mark.stack


async def test_bank_details_are_a_history_with_who_set_them(finance: Finance, person: Any, all_pages: Any) -> None:
    eve = await person()
    for iban in (OTHER_IBAN, OTHER_IBAN, IBANS["ada"]):
        await eve.set_payee("ada", iban, "Eve")
    url = f"/v1/payees/{finance.world.uuid('ada')}"
    listed = await all_pages(finance.maker, f"{url}/history", limit=2)
    assert [(one["revision"], one["name"], one["iban"]) for one in listed] == [
        (3, "Eve", "NL91…4300"),
        (2, "Eve", "DE89…3000"),
        (1, "Ada Müller", "NL91…4300"),
    ]
    assert [one["set"]["person_id"] == eve.person_id for one in listed] == [True, True, False]
    assert listed[0]["set"]["person_name"].startswith("Test ")
    now = (await finance.maker.get(url)).json()
    assert (now["revision"], now["iban"], now["changed_by_person"]) == (3, IBANS["ada"], eve.person_id)
    unknown = await finance.maker.get(f"/v1/payees/{finance.world.uuid('bob')}/history")
    assert unknown.status_code == 404


async def test_an_approver_sees_what_is_paid_and_what_changed_since_the_last_run(
    finance: Finance, person: Any, all_pages: Any
) -> None:
    world, eve = finance.world, await person()
    first = await filed(finance)
    terms = {"currency": "EUR", "points": 100, "minor": 500_000, "minimum_points": 500}
    await world.publish(2, terms | {"paying_account": {"name": "Eve", "iban": OTHER_IBAN, "bic": "COBADEFFXXX"}})
    await world.give(world.award("more", "ada", 1_000))
    await eve.set_payee("ada", OTHER_IBAN)
    await eve.set_payee("bob", IBANS["bob"])
    run = await finance.run()
    listed = {
        state: [one["run_id"] for one in await all_pages(finance.approver, "/v1/payout-runs", limit=1, **asked)]
        for state, asked in (("any", {}), ("open", {"state": "open"}), ("approved", {"state": "approved"}))
    }
    assert listed == {"any": [run["run_id"], first["run_id"]], "open": [run["run_id"]], "approved": []}

    review = (await finance.approver.get(f"/v1/payout-runs/{run['run_id']}/review")).json()

    assert (review["payment_count"], review["points"], review["amount_minor"]) == (2, 1_500, 7_500_000)
    assert (review["decided"], review["filed"]) == (None, None)
    last = (await finance.approver.get(f"/v1/payout-runs/{first['run_id']}/review")).json()
    assert last["decided"]["person_id"] != last["made"]["person_id"] == last["filed"]["person_id"]
    paid = (await finance.maker.get("/v1/payouts", params={"run": first["run_id"]})).json()["items"]
    assert {one["member_name"] for one in paid} == {"Ada", "Bob"}
    assert (review["last_run_id"], review["made"]["credential"]) == (first["run_id"], run["created_by"])
    assert {one["term"]: (one["before"], one["after"]) for one in review["term_changes"]} == {
        "payer.name": ("Example Community", "Eve"),
        "minor": ("50", "500000"),
    }
    assert (review["changed_payees_count"], review["reasons_against_you"]) == (2, [])
    changed = {
        one["member_id"]: one
        for one in await all_pages(finance.approver, f"/v1/payout-runs/{run['run_id']}/changed-payees", limit=1)
    }
    ada, bob = changed[world.uuid("ada")], changed[world.uuid("bob")]
    assert (ada["before"]["iban"], ada["after"]["iban"]) == ("NL91…4300", "DE89…3000")
    assert (bob["before"], bob["after"]["iban"]) == (None, "FR14…2606")
    assert ada["set"]["person_id"] == bob["set"]["person_id"] == eve.person_id
    own = (await eve.api.get(f"/v1/payout-runs/{run['run_id']}/review")).json()
    assert own["reasons_against_you"][0].startswith("you set or changed bank details of it")
    assert (await eve.api.get(f"/v1/payout-runs/{uuid4()}/review")).status_code == 404
    assert (await eve.api.get(f"/v1/payout-runs/{uuid4()}/changed-payees")).status_code == 404
