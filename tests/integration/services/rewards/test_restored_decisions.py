"""Who was let pass, which sanctions list is in force and what is on file, after a restore of rewards alone."""

from typing import Any

import pytest

from tests.integration.services.backups import backup, restore
from tests.integration.services.rewards.office import Office, published

pytestmark = pytest.mark.stack

LISTS = "/v1/finance/sanctions-lists"
NAMES = b"id,name,birth_date,country\nEX-17,Jan van der Voorbeeld,1970-01-31,NL\n"
SCHEDULES = "/v1/payout-schedules"
MONTHLY = {"effective_from": "2026-01-01", "every": "month", "on_day": 28}
POLICY = {"effective_from": "2020-01-01", "currency": "EUR", "countries": ["MT"]}


async def load(office: Office, key: str) -> Any:
    made = await office.ask(
        "POST", f"{LISTS}?title={key}", key=key, content=NAMES, headers={"Content-Type": "text/csv"}
    )
    return await office.ask("POST", f"{LISTS}/{made['list_id']}/approve", by="approver")


async def held(office: Office, run: Any) -> dict[str, Any]:
    found = (await office.ask("GET", "/v1/payouts", params={"run": run["run_id"]}))["items"]
    return {one["member_id"]: one for one in found if one["state"] == "held"}


async def test_what_people_decided_of_who_is_paid_is_not_forgotten(office: Office) -> None:
    ada, bob = (office.world.uuid(name) for name in ("ada", "bob"))
    attestations = f"/v1/payees/{bob}/attestations"
    async with office.open():
        await office.prepare()
        policy = await office.ask("POST", "/v1/finance/payout-policies", json=POLICY)
        await office.ask("POST", f"/v1/finance/payout-policies/{policy['policy_id']}/approve", by="approver")
        await load(office, "before")
        schedule = await office.ask("POST", SCHEDULES, json=MONTHLY)
        assert schedule["runs_stopped"] is None
        await office.ask("POST", f"{SCHEDULES}/{schedule['schedule_id']}/approve", by="approver")
        kept = {"kind": "tax_form", "form": "W-9", "received_on": "2026-01-12", "country": "US"}
        withdrawn = await office.ask("POST", attestations, json=kept)
        run = await office.run("first")
        payouts = await held(office, run)
        assert {ada, bob} <= payouts.keys()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)

        for member in (ada, bob):
            asked = {"check": "country", "reason": "they moved"}
            path = f"/v1/payouts/{payouts[member]['payout_id']}/clearances"
            made = await office.ask("POST", path, key=member, json=asked)
            if member == ada:
                await office.ask("POST", f"/v1/payout-clearances/{made['clearance_id']}/approve", by="approver")
        await load(office, "after")
        await office.ask("POST", f"/v1/payee-attestations/{withdrawn['attestation_id']}/withdraw")
        await office.ask("POST", attestations, json=kept | {"form": "W-8BEN", "country": None})
        await office.ask("POST", attestations, json={"kind": "age", "age_years": 18})
        clearances = (await office.ask("GET", "/v1/payout-clearances"))["items"]
        lists = (await office.ask("GET", LISTS))["items"]
        on_file = (await office.ask("GET", "/v1/payee-attestations"))["items"]
        await office.ask("POST", f"/v1/payout-runs/{run['run_id']}/cancel")
        await published(office)

    await restore(office.state, "rewards", saved)
    async with office.open():
        after = (await office.ask("GET", "/v1/payout-clearances"))["items"]
        assert after == [one | {"reason": ""} for one in clearances]
        assert [one["state"] for one in after] == ["proposed", "approved"]
        known = (await office.ask("GET", LISTS))["items"]
        shown = ("list_id", "title", "sha256", "state", "decided_at")
        assert [[one[name] for name in shown] for one in known] == [[one[name] for name in shown] for one in lists]
        # A form holds again, without its name; what was withdrawn stays so; an age is to be noted again.
        forms = (await office.ask("GET", "/v1/payee-attestations"))["items"]
        assert [one["form"] for one in forms] == ["", "W-9"]
        assert forms == [
            one | ({"form": ""} if one["form"] == "W-8BEN" else {}) for one in on_file if one["kind"] == "tax_form"
        ]
        assert [one["withdrawn"] is None for one in forms] == [True, False]
        async with office.asking() as pool:
            lost = await pool.fetchval(
                "select subject from not_rebuilt where community = $1 and subject like 'age of%'",
                office.world.community,
            )
        assert lost == f"age of member {bob}"
        # Nobody's name can be compared with a list that has none: nothing is paid before it is loaded again.
        refused = await office.send("POST", "/v1/payout-runs", key="second")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:payout-run-stopped")
        assert "load its file again" in refused.json()["detail"]
        why = (await office.ask("GET", "/v1/payout-run-preview"))["stopped"]
        assert why == "the names of the sanctions list in force (after) were lost: load its file again"
        (scheduled,) = (await office.ask("GET", SCHEDULES))["items"]
        assert scheduled["runs_stopped"] == why
        await load(office, "again")
        assert (await office.ask("GET", "/v1/payout-run-preview"))["stopped"] is None
        assert (await office.ask("GET", SCHEDULES))["items"][0]["runs_stopped"] is None
        run = await office.run("second")
        assert {one["member_id"] for one in (await held(office, run)).values()} & {ada, bob} == {bob}
