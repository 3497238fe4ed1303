"""Debts after a restore from a backup: what members were let off stays so, and so does what they kept."""

from typing import Any

import pytest

from shared.topics import DEBTS, POINTS, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read, send
from tests.integration.services.rewards.finance import IBANS
from tests.integration.services.rewards.office import Office, published, redeem

pytestmark = pytest.mark.stack

WRITE_OFFS, POLICIES = "/v1/debt-write-offs", "/v1/finance/clawback-policies"


async def policy(office: Office, key: str, **terms: Any) -> None:
    made = await office.ask("POST", POLICIES, key=key, json={"effective_from": "2020-01-01", **terms})
    await office.ask("POST", f"{POLICIES}/{made['policy_id']}/approve", by="approver")


async def taken_back(office: Office, member: str, transfers: int) -> None:
    fact = office.world.award(f"{member} taken", member, -1_000, amends=member)
    await send(office.state, [(POINTS, record_key(office.world.community, office.world.uuid(member)), fact)])
    await office.until_has("transfers", transfers)


async def propose(office: Office, key: str, points: int, *then: str) -> Any:
    body = {"member_id": office.world.uuid("bob"), "points": points, "reason": "In good faith"}
    return await _decided(office, await office.ask("POST", WRITE_OFFS, key=key, json=body), *then)


async def _decided(office: Office, made: Any, *then: str) -> Any:
    for verb in then:
        by = "approver" if verb == "approve" else "maker"
        await office.ask("POST", f"{WRITE_OFFS}/{made['write_off_id']}/{verb}", by=by)
    return made


async def everything(office: Office) -> dict[str, Any]:
    """All that rewards says of debts, but why one is written off: that is about a member, and told to nobody."""
    write_offs = (await office.ask("GET", WRITE_OFFS))["items"]
    accounts = (await office.ask("GET", "/v1/ledger/accounts"))["accounts"]
    return {
        "write_offs": [one | {"reason": ""} for one in write_offs],
        "policies": (await office.ask("GET", POLICIES))["items"],
        "debts": [(one["member_id"], one["points"]) for one in (await office.ask("GET", "/v1/debts"))["items"]],
        "accounts": {one["kind"]: one["amount"] for one in accounts},
        "balances": {member: await office.balance(member) for member in IBANS},
    }


async def test_debts_are_written_off_and_policies_apply_as_before(office: Office) -> None:
    async with office.open():
        await office.prepare()
        # Ada's are used before the backup and taken back after it, Eve's and Bob's used after it, too.
        await redeem(office, "ada", "sticker", "ada")
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        await policy(office, "few", treatment="keep_below", below_points=300)
        await redeem(office, "eve", "sticker", "eve")
        await redeem(office, "bob", "shirt", "bob")
        for number, member in enumerate(("ada", "eve", "bob")):
            await taken_back(office, member, 7 + number)
        # What applies today is not what applied then.
        await policy(office, "none", treatment="owe")
        first = await propose(office, "first", 300, "approve")
        reverse = f"{WRITE_OFFS}/{first['write_off_id']}/reverse"
        again = await office.ask("POST", reverse, key="again", json={"reason": "Wrong"})
        await _decided(office, again, "approve")
        await propose(office, "second", 250, "approve")
        await propose(office, "waits", 10)
        await propose(office, "withdrawn", 20, "withdraw")
        before = await everything(office)
        await published(office)
    assert before["debts"] == [(office.world.uuid("bob"), 150)]
    assert before["accounts"]["debts_written_off"] == -(250 + 30 + 30)
    told = await read(office.state, DEBTS, office.world.community, 19)
    assert not any("good faith" in str(fact) for fact in told)

    await restore(office.state, "rewards", saved)
    async with office.open():
        after = await everything(office)
        same = await propose(office, "first", 300)
        checked = await office.check()
        told_again = await read(office.state, DEBTS, office.world.community, 19)

        assert after == before
        assert checked["balanced"], checked
        assert same["write_off_id"] == first["write_off_id"]
        assert len(told_again) == len(told)
        # What waited is decided.
        waiting = next(one for one in after["write_offs"] if one["state"] == "proposed")
        await _decided(office, waiting, "approve")
        assert (await everything(office))["debts"] == [(office.world.uuid("bob"), 140)]
