"""How a bank is asked to pay: by the programme's paying account, as the run was made, seen and sealed."""

import hashlib
import json
from typing import Any

import pytest
from lxml import etree

from services.rewards.bank_messages.pain001.domain import NAMESPACE
from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import PAYER, Finance, filed, shown

pytestmark = pytest.mark.stack

ADDRESS = {"town": "Zürich", "country": "CH", "street": "Zoë-Straße", "building": "7a", "lines": ["c/o Hall"]}
LIMITS = {"file_max_count": 10_000, "file_max_minor": 1_000_000}
ASKED = {"batch_booking": False, "purpose": "BONU", "instant": True, "address": ADDRESS, **LIMITS}


async def test_a_run_is_ordered_as_its_programme_says_and_its_approver_sees_it(both: Finance) -> None:
    first = await filed(both)
    assert (await shown(both, first))["ordering"] == {
        "address": None,
        "batch_booking": True,
        "purpose": None,
        "instant": False,
        "file_max_count": None,
        "file_max_minor": None,
    }
    await both.world.give(both.world.award("more", "ada", 1_000))
    await both.world.publish(2, TERMS | {"paying_account": PAYER | {"name": "Zürcher Café"} | ASKED})

    run = await both.run()

    review = (await both.approver.get(f"/v1/payout-runs/{run['run_id']}/review")).json()
    assert review["run"]["ordering"] == ASKED | {"address": ADDRESS | {"post_code": None}}
    assert review["run"]["payer_bank_name"] == "Zurcher Cafe"
    assert {one["term"]: one["after"] for one in review["term_changes"]} == {
        "payer.name": "Zürcher Café",
        "payer.address": "Zoë-Straße 7a, c/o Hall, Zürich, CH",
        "batch_booking": "false",
        "purpose": "BONU",
        "instant": "true",
        "file_max_count": "10000",
        "file_max_minor": "1000000",
    }
    assert await _seal_of(both, run) == run["seal"]
    # What is published later changes later runs.
    await both.world.publish(3, TERMS)
    assert (await both.approve(run)).status_code == 200
    assert (await both.file(run)).status_code == 200
    content = (await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file")).content
    order = etree.fromstring(content).find(".//p:PmtInf", NAMESPACE)
    assert order is not None
    said = {path: order.findtext(path, None, NAMESPACE) for path in PATHS}
    assert said == dict(zip(PATHS, ("false", "INST", "Zurich", "c/o Hall", "BONU"), strict=True))
    assert (await both.world.check()).differences == 0


async def _seal_of(finance: Finance, run: Any) -> str:
    """Computed from what the API shows, as docs/payouts.md says how."""
    payouts = (await finance.maker.get("/v1/payouts", params={"run": run["run_id"], "state": "eligible"})).json()
    of_payout = ("payout_id", "run_id", "member_id", "points", "amount_minor", "currency", "end_to_end_id")
    of_run = ("run_id", "created_by", "programme_id", "programme_version", "payer", "currency", "points", "minor")
    rows = [{key: one[key] for key in (*of_payout, "payee_name", "iban", "bic")} for one in payouts["items"]]
    document = {key: run[key] for key in (*of_run, "minimum_points", "execution_days")}
    document |= {"form": 1, "file_sha256": None, "payouts": sorted(rows, key=lambda row: row["payout_id"])}
    document["ordering"] = ASKED
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


PATHS = (
    "p:BtchBookg",
    "p:PmtTpInf/p:LclInstrm/p:Cd",
    "p:Dbtr/p:PstlAdr/p:TwnNm",
    "p:Dbtr/p:PstlAdr/p:AdrLine",
    "p:CdtTrfTxInf/p:Purp/p:Cd",
)


async def test_a_name_is_shown_as_the_bank_gets_it(both: Finance) -> None:
    assert (await both.payee("ada", "Ångström Łukasz & Söhne")).status_code == 200
    run = await both.run()

    ada = (await both.payouts(run))["ada"]
    assert (ada["payee_name"], ada["payee_bank_name"]) == ("Ångström Łukasz & Söhne", "Angstrom Lukasz + Sohne")
    assert (await both.approve(run)).status_code == 200
    assert (await both.file(run)).status_code == 200
    content = (await both.maker.get(f"/v1/payout-runs/{run['run_id']}/file")).content
    assert b"<Nm>Angstrom Lukasz + Sohne</Nm>" in content
