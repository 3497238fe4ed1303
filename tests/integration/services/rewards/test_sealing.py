"""What is paid is what was approved: lists are sealed and named, and looked at again before they are filed."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import date as day
from typing import Any

import pytest
from lxml import etree

from services.rewards.bank_messages.pain001.domain import NAMESPACE
from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import (
    IBANS,
    OTHER_IBAN,
    PAYER,
    ByHand,
    Finance,
    approved,
    assert_altered,
    check,
    filed,
    ibans_paid,
    shown,
)

pytestmark = pytest.mark.stack

DIFFERS = "urn:plaudit:problem:payout-seal-differs"


async def test_bank_details_that_changed_after_approval_are_not_paid_and_the_others_go(both: Finance) -> None:
    run = await approved(both)
    body = {"name": "Ada Müller", "iban": OTHER_IBAN}
    assert (await both.maker.put(f"/v1/payees/{both.world.uuid('ada')}", json=body)).status_code == 200

    written = (await both.file(run)).json()

    assert (written["payment_count"], written["control_sum_minor"]) == (1, 250)
    assert await ibans_paid(both, run) == [IBANS["bob"]]
    payouts = await both.payouts(run)
    assert (payouts["ada"]["state"], payouts["bob"]["state"]) == ("failed", "submitted")
    assert payouts["ada"]["reason"] == "the bank details changed since the run was approved"
    assert await both.world.balance("ada") == {"available": 1_250}
    assert await both.world.lots("ada") == [250] * 5
    assert await both.world.money() == {"payout_expense": -250, "bank_in_transit": 250}
    assert (await both.world.check()).differences == 0
    again = await approved(both)
    assert (await both.file(again)).json()["control_sum_minor"] == 600
    assert await ibans_paid(both, again) == [OTHER_IBAN]


async def test_the_same_bank_details_set_again_change_nothing(both: Finance) -> None:
    run = await approved(both)
    assert (await both.payee("ada")).status_code == 200
    assert (await both.file(run)).json()["control_sum_minor"] == 850


@pytest.mark.parametrize(
    ("taken_back", "left", "balance"), [(range(5), 0, {}), (range(1), 1_000, {"available": 1_000})]
)
async def test_points_taken_back_after_approval_are_not_paid_and_the_others_go(
    both: Finance, taken_back: range, left: int, balance: dict[str, int]
) -> None:
    world = both.world
    run = await approved(both)
    await world.give(*(world.award(f"not a{n}", "ada", -250, amends=f"a{n}") for n in taken_back))

    assert (await both.file(run)).json()["control_sum_minor"] == 250

    ada = (await both.payouts(run))["ada"]
    assert ada["state"] == "failed"
    assert ada["reason"] == (f"points were taken back since the run was approved: {left} of 1200 are left")
    assert await world.balance("ada") == balance
    assert sum(await world.lots("ada")) == balance.get("available", 0)
    assert (await world.check()).differences == 0


async def test_points_taken_back_that_others_cover_are_paid(both: Finance) -> None:
    world = both.world
    run = await approved(both)
    await world.give(world.award("more", "ada", 200))
    await world.give(world.award("not a0", "ada", -250, amends="a0"))
    assert await world.balance("ada") == {"reserved": 1_200}
    assert (await both.file(run)).json()["control_sum_minor"] == 850


async def test_a_run_of_which_nothing_can_be_paid_any_more_writes_no_file_and_says_why(finance: Finance) -> None:
    run = await approved(finance)
    await finance.maker.put(f"/v1/payees/{finance.world.uuid('ada')}", json={"name": "Ada", "iban": OTHER_IBAN})

    for _ in range(2):
        refused = await finance.file(run)
        assert (refused.status_code, refused.json()["title"]) == (409, "The payout run does not allow that")

    assert (await finance.payouts(run))["ada"]["state"] == "failed"
    assert await finance.world.balance("ada") == {"available": 1_250}
    assert await finance.world.count("payout_files") == 0
    assert (await finance.world.check()).differences == 0
    assert (await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200


async def test_a_programme_published_after_the_run_was_made_does_not_change_who_pays_or_when(
    both: Finance,
) -> None:
    run = await both.run()
    other = {"name": "Somebody Else", "iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}
    await both.world.publish(2, TERMS | {"paying_account": other, "minor": 99})
    both.world.configure(payout_execution_days=30)
    await both.approve(run)
    assert (await both.file(run)).json()["control_sum_minor"] == 850
    content = (await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file")).content
    root = etree.fromstring(content)
    assert root.findtext(".//p:DbtrAcct//p:IBAN", "", NAMESPACE) == PAYER["iban"]
    created, date = (root.findtext(path, "", NAMESPACE) for path in (".//p:CreDtTm", ".//p:ReqdExctnDt/p:Dt"))
    # The next day on which banks work, and not thirty of them later.
    assert 0 < (day.fromisoformat(date) - day.fromisoformat(created[:10])).days < 10
    assert run["execution_days"] == 1
    assert (await shown(both, run))["payer"] == PAYER


async def test_a_run_shows_the_seal_of_what_it_pays_and_approval_may_name_it(both: Finance) -> None:
    run = await both.run()
    assert len(run["seal"]) == 64
    assert (await shown(both, run))["seal"] == run["seal"]
    listed = (await both.maker.get("/v1/payout-runs")).json()["items"]
    assert [one["seal"] for one in listed] == [run["seal"]]

    url = f"/v1/payout-runs/{run['run_id']}/approve"
    other = await both.approver.post(url, json={"seal": "0" * 64})
    assert (other.status_code, other.json()["type"]) == (409, DIFFERS)
    assert run["seal"] in other.json()["detail"]
    assert (await shown(both, run))["state"] == "open"
    assert await both.world.balance("ada") == {"available": 1_250}
    for wrong in ({"seal": "abc"}, {"seel": run["seal"]}):
        assert (await both.approver.post(url, json=wrong)).status_code == 422
    for _ in range(2):
        answer = await both.approver.post(url, json={"seal": run["seal"]})
        assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    assert (await both.approver.post(url, json={"seal": "0" * 64})).json()["type"] == DIFFERS


async def test_an_approver_can_compute_the_seal_from_what_the_api_shows(
    both: Finance, all_pages: Callable[..., Awaitable[Any]]
) -> None:
    """As docs/payouts.md says how."""
    run = await both.run()
    payouts = await all_pages(both.approver, "/v1/payouts", limit=1, run=run["run_id"], state="eligible")
    of_payout = ("payout_id", "run_id", "member_id", "points", "amount_minor", "currency", "end_to_end_id")
    of_payee = ("payee_name", "iban", "bic")
    terms = ("currency", "points", "minor", "minimum_points", "execution_days")
    of_run = ("run_id", "created_by", "programme_id", "programme_version", "payer")
    document = {key: run[key] for key in (*of_run, *terms)}
    rows = [{key: payout[key] for key in (*of_payout, *of_payee)} for payout in payouts]
    document |= {"form": 1, "file_sha256": None, "payouts": sorted(rows, key=lambda row: row["payout_id"])}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert hashlib.sha256(text.encode()).hexdigest() == run["seal"]

    await both.approve(run)
    written = (await both.file(run)).json()
    document["file_sha256"] = written["sha256"]
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == (await shown(both, run))["seal"]


async def test_a_run_that_changed_under_the_approvers_eyes_has_another_seal(finance: Finance) -> None:
    run = await finance.run()
    await finance.payee("bob")
    changed = await shown(finance, run)
    assert changed["seal"] != run["seal"]
    url = f"/v1/payout-runs/{run['run_id']}/approve"
    refused = await finance.approver.post(url, json={"seal": run["seal"]})
    assert (refused.status_code, refused.json()["type"]) == (409, DIFFERS)
    assert (await finance.approver.post(url, json={"seal": changed["seal"]})).status_code == 200


async def test_what_fails_at_approval_is_not_in_the_list_that_is_approved(both: Finance) -> None:
    run = await both.run()
    await both.world.give(*(both.world.award(f"not a{n}", "ada", -250, amends=f"a{n}") for n in range(4)))
    answer = await both.approver.post(f"/v1/payout-runs/{run['run_id']}/approve", json={"seal": run["seal"]})
    assert (answer.status_code, answer.json()["seal"] == run["seal"]) == (200, False)
    assert (await both.file(run)).json()["control_sum_minor"] == 250
    assert (await check(both))["balanced"] is True


async def test_a_run_from_before_lists_were_sealed_can_only_be_given_up(both: Finance, by_hand: ByHand) -> None:
    for decided in (False, True):
        run = await approved(both) if decided else await both.run()
        await by_hand("delete from payout_seals where community = $1")
        assert (await shown(both, run))["seal"] is None
        refused = await (both.file(run) if decided else both.approve(run))
        assert (refused.status_code, refused.json()["title"]) == (409, "The payout run does not allow that")
        assert "cancel it" in refused.json()["detail"]
        assert (await both.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200
        assert await both.world.balance("ada") == {"available": 1_250}
        assert (await check(both))["balanced"] is True


async def test_a_file_without_seals_is_not_given_out_and_takes_what_the_bank_said(
    both: Finance, by_hand: ByHand
) -> None:
    """Seals that somebody deleted look like none that ever were: the bank may have the file, nobody gets it."""
    run = await filed(both)
    await by_hand("delete from payout_seals where community = $1")
    assert_altered(await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file"))
    assert (await both.outcome(run, "settled")).json()["changed_count"] == 2
    found = await check(both)
    assert found["balanced"] is False
    assert [one["reason"] for one in found["seal_differences"]] == ["it is filed, and has no seal"]


async def test_a_file_is_kept_back_while_the_broker_hangs(both: Finance) -> None:
    run = await filed(both)
    both.world.told.hangs = True
    kept_back = await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file")
    both.world.told.hangs = False
    given = await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file")

    assert (kept_back.status_code, kept_back.json()["type"]) == (503, "urn:plaudit:problem:bank-file-not-told-yet")
    assert int(kept_back.headers["retry-after"]) > 0
    assert given.status_code == 200
