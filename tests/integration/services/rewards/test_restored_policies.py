"""What two people of finance put in force after a backup: read back after a restore, and applied as before."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.services.backups import backup, restore
from tests.integration.services.rewards.office import Office, published

pytestmark = pytest.mark.stack

TODAY = datetime.now(UTC).date()
#: Where each is proposed, what its id is called, what it says, and what another says.
KINDS = {
    "/v1/finance/liability-policies": (
        "policy_id",
        {
            "effective_from": "2020-01-01",
            "currency": "EUR",
            "basis": "cost",
            "minor_per_point": "0.95",
            "estimate": "rate",
            "expected_redemption": "0.8",
            "vintage_unit": "year",
        },
        {"minor_per_point": "0.123456789", "estimate": "ladder", "vintage_unit": "month", "basis": "deferral"},
    ),
    "/v1/finance/account-mappings": (
        "mapping_id",
        {"effective_from": "2020-01-01", "accounts": [{"account": "bank", "number": "1800"}]},
        {
            "accounts": [
                {"account": "points_liability", "event": "points_used", "number": "2410"},
                {"account": "points_liability", "number": "2400"},
            ],
            "tax_rate": "Exempt €",
        },
    ),
    "/v1/finance/rate-policies": (
        "policy_id",
        {
            "effective_from": "2020-01-01",
            "base": "EUR",
            "source": "file",
            "units": {"USD": "1.0956", "JPY": "163.21"},
            "max_move_basis_points": 500,
            "spread_basis_points": 150,
            "max_age_days": 7,
        },
        {"units": {"KWD": "0.335800000001", "AUD": "1.1"}, "max_age_days": 9},
    ),
    "/v1/finance/payout-policies": (
        "policy_id",
        {"effective_from": "2020-01-01", "currency": "EUR"},
        {
            "holding_days": 14,
            "minimum_minor": 500,
            "countries": ["DE", "NL"],
            "stop_above_minor": 60_000,
            "stops_shared_accounts": True,
            "tax_forms": [{"country": "FR", "above_minor": 120_000}],
            "minimum_age": 18,
        },
    ),
}


async def propose(office: Office, path: str, key: str, *then: str, **changed: Any) -> Any:
    id_name, terms, _ = KINDS[path]
    made = await office.ask("POST", path, key=key, json=terms | changed)
    for verb in then:
        by = "approver" if verb == "approve" else "maker"
        await office.ask("POST", f"{path}/{made[id_name]}/{verb}", by=by)
    return made


async def everything(office: Office) -> dict[str, Any]:
    """All that rewards says of what two people decided, and what follows from it today."""
    found = {path: (await office.ask("GET", path))["items"] for path in KINDS}
    found["files"] = (await office.ask("GET", "/v1/finance/rate-files"))["items"]
    found["rates"] = await office.ask("GET", "/v1/finance/rates")
    found["worth"] = (await office.ask("GET", "/v1/finance/liability"))["liability_minor"]
    return found


async def test_what_finance_put_in_force_is_there_again(office: Office) -> None:
    async with office.open():
        await office.prepare()
        # Known to the backup as waiting, and approved after it.
        waiting = {path: await propose(office, path, "first") for path in KINDS}
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        for path, (id_name, _, other) in KINDS.items():
            await office.ask("POST", f"{path}/{waiting[path][id_name]}/approve", by="approver")
            await propose(office, path, "second", "approve", **other)
            await propose(office, path, "withdrawn", "withdraw")
            await propose(office, path, "waits")
        for number in ("1.1005", "1.1009"):
            content = f"Date,AUD,KWD,\n{TODAY},{number},0.3358,\n".encode()
            await office.ask(
                "POST", "/v1/finance/rate-files", content=content, headers={"Content-Type": "text/csv"}
            )
        before = await everything(office)
        await published(office)
    assert [[one["state"] for one in before[path]] for path in KINDS] == [
        ["proposed", "withdrawn", "approved", "approved"]
    ] * len(KINDS)
    assert before["rates"]["currencies"][0]["units"] == "1.1009"

    await restore(office.state, "rewards", saved)
    async with office.open():
        after = await everything(office)
        again = {path: await propose(office, path, "second", **other) for path, (_, _, other) in KINDS.items()}
        await published(office)

        assert after == before
        for path, (id_name, _, _) in KINDS.items():
            assert again[path][id_name] in {one[id_name] for one in after[path] if one["state"] == "approved"}
            # What waited is decided, by another person than who proposed it.
            (entry,) = (one for one in after[path] if one["state"] == "proposed")
            refused = await office.send("POST", f"{path}/{entry[id_name]}/approve", by="maker")
            assert refused.status_code == 403
            done = await office.ask("POST", f"{path}/{entry[id_name]}/approve", by="approver")
            assert done["state"] == "approved"
