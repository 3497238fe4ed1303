"""A policy asks for a tax form on file and an age: finance attests them, and another approves the run."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.erasure.handlers import on_members
from services.rewards.payouts.attestations.store import forget_forms
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.finance import Finance, approved, check
from tests.integration.services.rewards.test_liability import problem
from tests.integration.services.rewards.test_payout_policies import findings, policy, states
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack

FORM = "held by finance: a tax form is needed"
AGE = "held by finance: the age is being checked"
W9 = {"kind": "tax_form", "form": "W-9", "received_on": "2026-01-12"}
OF_AGE = {"kind": "age", "age_years": 18}


async def attest(finance: Finance, member: str, *, by: Any = None, **said: Any) -> Any:
    path = f"/v1/payees/{finance.world.uuid(member)}/attestations"
    return await (by or finance.maker).post(path, json=said)


async def next_run(finance: Finance, before: Any) -> Any:
    assert (await finance.maker.post(f"/v1/payout-runs/{before['run_id']}/cancel")).status_code == 200
    return await finance.run()


async def test_above_its_countrys_total_a_payout_waits_for_a_tax_form(both: Finance) -> None:
    await policy(both, tax_forms=[{"country": "FR", "above_minor": 200}, {"country": "NL", "above_minor": 600}])
    run = await both.run()
    assert await states(both, run) == {"ada": ("eligible", 600, None), "bob": ("held", 250, FORM)}
    (one,) = await findings(both, check="tax_form")
    assert (one["country"], one["total_minor"], one["limit_minor"], one["waits"]) == ("FR", 250, 200, True)
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    over = await attest(both, "bob", **W9, valid_until=yesterday)
    assert over.status_code == 200, over.text
    run = await next_run(both, run)
    assert (await states(both, run))["bob"] == ("held", 250, FORM)
    noted = await attest(both, "bob", **W9)
    again = await attest(both, "bob", **W9)
    assert again.json() == noted.json()
    assert (await both.maker.get("/v1/payout-runs/" + run["run_id"])).json()["state"] == "open"
    run = await next_run(both, run)
    assert (await states(both, run))["bob"] == ("eligible", 250, None)
    # What it stands on is withdrawn before the file: the approval looks again.
    path = f"/v1/payee-attestations/{noted.json()['attestation_id']}/withdraw"
    withdrawn = await both.maker.post(path)
    assert withdrawn.json()["withdrawn"]["person_name"]
    assert (await both.maker.post(path)).json() == withdrawn.json()
    assert (await both.approve(run)).status_code == 200
    assert {name: said[0] for name, said in (await states(both, run)).items()} == {
        "ada": "reserved",
        "bob": "failed",
    }
    assert (await check(both))["balanced"]


async def test_who_is_not_known_to_be_old_enough_waits(both: Finance) -> None:
    await policy(both, minimum_age=18)
    run = await both.run()
    assert {name: said[2] for name, said in (await states(both, run)).items()} == {"ada": AGE, "bob": AGE}
    assert {one["minimum_age"] for one in await findings(both, check="minimum_age")} == {18}
    assert (await attest(both, "ada", kind="age", age_years=17)).status_code == 200
    assert (await attest(both, "bob", **OF_AGE)).status_code == 200
    run = await next_run(both, run)
    assert {name: said[0] for name, said in (await states(both, run)).items()} == {
        "ada": "held",
        "bob": "eligible",
    }
    # Whoever is one person with somebody who is old enough is, too.
    assert (await both.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200
    await Merging(both.world, on_members).merge("bob", into="ada")
    assert await states(both, await both.run()) == {"ada": ("eligible", 850, None)}


async def test_whoever_attests_does_not_approve_what_is_paid_for_it(both: Finance, person: Any) -> None:
    await policy(both, minimum_age=18)
    another = await person()
    assert (await attest(both, "ada", **OF_AGE)).status_code == 200
    assert (await attest(both, "bob", **OF_AGE, by=both.approver)).status_code == 200
    run = await both.run()
    refused = await both.approve(run)
    assert problem(refused) == (403, "four-eyes")
    assert "you attested what is on file of a payee of it" in refused.json()["detail"].lower()
    assert (await another.approve(run)).status_code == 200


async def test_what_is_attested_after_the_approval_counts_for_the_next_run(both: Finance) -> None:
    await policy(both, minimum_age=18)
    assert (await attest(both, "ada", **OF_AGE)).status_code == 200
    noted = (await attest(both, "bob", **OF_AGE)).json()
    run = await approved(both)
    # What the approval stands on is withdrawn, and whoever approved attests it anew.
    assert (await both.maker.post(f"/v1/payee-attestations/{noted['attestation_id']}/withdraw")).status_code == 200
    assert (await attest(both, "bob", **OF_AGE, by=both.approver)).status_code == 200
    assert (await both.file(run)).status_code == 200
    assert await states(both, run) == {"ada": ("submitted", 600, None), "bob": ("failed", 250, AGE)}
    run = await both.run()
    assert (await states(both, run))["bob"] == ("eligible", 250, None)
    assert problem(await both.approve(run)) == (403, "four-eyes")


async def test_nobody_attests_of_themselves(both: Finance, person: Any) -> None:
    themselves = await person()
    await tie(both.world.pool, both.world.community, themselves.keys[0], both.world.uuid("bob"))
    assert problem(await attest(both, "bob", **OF_AGE, by=themselves.api)) == (403, "about-yourself")
    noted = (await attest(both, "bob", **OF_AGE)).json()
    path = f"/v1/payee-attestations/{noted['attestation_id']}/withdraw"
    assert problem(await themselves.api.post(path)) == (403, "about-yourself")
    unknown = await both.maker.post(f"/v1/payee-attestations/{uuid4()}/withdraw")
    assert problem(unknown) == (404, "unknown-payee-attestation")


async def test_which_form_it_was_is_forgotten_with_its_member(both: Finance) -> None:
    world = both.world
    assert (await attest(both, "bob", **W9)).status_code == 200
    async with world.begin() as tx:
        await forget_forms(tx.conn, community=world.community, member_ids=[world.uuid("bob")])
    listed = (await both.maker.get("/v1/payee-attestations", params={"member": world.uuid("bob")})).json()["items"]
    assert [(one["kind"], one["form"], one["received_on"]) for one in listed] == [("tax_form", "", "2026-01-12")]


async def test_of_a_member_so_many_hold_and_what_is_over_or_withdrawn_does_not_count(both: Finance) -> None:
    both.world.configure(payee_attestations_per_member_max_count=1)
    over = W9 | {"received_on": "2020-01-01", "valid_until": "2020-12-31"}
    assert (await attest(both, "bob", **over)).status_code == 200
    noted = (await attest(both, "bob", **OF_AGE)).json()
    assert problem(await attest(both, "bob", **W9)) == (409, "too-many-payee-attestations")
    assert (await attest(both, "bob", **OF_AGE)).json()["attestation_id"] == noted["attestation_id"]
    withdrawn = await both.maker.post(f"/v1/payee-attestations/{noted['attestation_id']}/withdraw")
    assert withdrawn.status_code == 200
    assert (await attest(both, "bob", **W9)).status_code == 200
    # Of whom it is, and not of an age: the audit is kept when the member is erased.
    said = await both.world.pool.fetch(
        "select after from audit_entries where community = $1 and command like 'payee_attestation.%'",
        both.world.community,
    )
    assert said
    assert not any("age_years" in row["after"] for row in said)


async def test_a_form_of_one_country_counts_for_accounts_there_alone(both: Finance) -> None:
    await policy(both, tax_forms=[{"country": country, "above_minor": 0} for country in ("NL", "FR")])
    assert (await attest(both, "ada", **W9, country="US")).status_code == 200
    run = await both.run()
    assert (await states(both, run))["ada"][0] == "held"
    assert (await attest(both, "ada", **W9, country="NL")).status_code == 200
    assert (await attest(both, "bob", **W9)).status_code == 200
    run = await next_run(both, run)
    assert [said[0] for said in (await states(both, run)).values()] == ["eligible", "eligible"]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "tax_form", "form": "W-9"},
        {"kind": "tax_form", "received_on": "2026-01-12"},
        W9 | {"age_years": 18},
        W9 | {"valid_until": "2026-01-11"},
        W9 | {"form": "born 1990; 4 children"},
        {"kind": "age"},
        OF_AGE | {"form": "passport"},
        OF_AGE | {"birth_date": "1990-01-01"},
    ],
    ids=["no day", "no form", "both", "over before it came", "contents", "no age", "form of an age", "birth date"],
)
async def test_what_does_not_fit_is_refused(both: Finance, said: dict[str, Any]) -> None:
    assert (await attest(both, "bob", **said)).status_code == 422
