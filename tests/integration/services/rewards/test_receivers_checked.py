"""Accounts at providers are checked as bank details are: who shares them, where they are, whose name they have."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.rewards.payouts.findings.domain import UNOPENED
from services.rewards.payouts.receivers.handlers import seal_receivers_anew
from tests.integration.services.rewards.cards import configure, connect, key_of
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.remitting import Till, remitting
from tests.integration.services.rewards.test_payout_policies import (
    LOOKED_AT,
    cleared,
    findings,
    policy,
    states,
)
from tests.integration.services.rewards.test_sanctions import BOB
from tests.integration.services.rewards.test_sanctions import in_force as list_in_force

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)


@pytest.fixture
async def till(finance: Finance) -> AsyncIterator[Till]:
    async with remitting(finance, KEY) as made:
        yield made


async def set_receiver(till: Till, member: str, address: str, **more: Any) -> Any:
    answer = await till.receiver(member, address, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def held(till: Till, run: Any) -> dict[str, str | None]:
    """Whom a run keeps back, and why."""
    return {name: said[2] for name, said in (await states(till.finance, run)).items() if said[0] == "held"}


async def again(till: Till, run: Any) -> Any:
    assert (await till.finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200
    return await till.run()


async def test_an_account_of_several_waits_until_two_people_let_each_pass(till: Till) -> None:
    await policy(till.finance, stops_shared_accounts=True)
    # However it is written: of an address case says nothing.
    await set_receiver(till, "ada", "Both@pay")
    await set_receiver(till, "bob", "both@PAY")
    run = await till.run()
    assert await held(till, run) == {"ada": LOOKED_AT, "bob": LOOKED_AT}
    found = await findings(till.finance, check="shared_account")
    assert {(one["others_count"], one["is_payer"], one["country"]) for one in found} == {(1, False, None)}
    assert "both@pay" not in str(found).casefold()
    seen = (await till.finance.maker.get("/v1/payout-run-preview", params={"provider": "sandbox"})).json()
    assert seen["paid"]["payouts_count"] == 0
    passed = await cleared(till.finance, (await till.finance.payouts(run))["bob"], "shared_account")
    assert passed["basis"] == "receiver revision 1"
    run = await again(till, run)
    assert await held(till, run) == {"ada": LOOKED_AT}
    # Set anew it is looked at anew; one of one's own is paid.
    await set_receiver(till, "bob", "both@pay", name="Robert")
    await set_receiver(till, "ada", "ada@pay")
    run = await again(till, run)
    assert await held(till, run) == {}


async def test_an_account_is_found_whichever_key_its_fingerprint_is_under(till: Till) -> None:
    await policy(till.finance, stops_shared_accounts=True)
    await set_receiver(till, "ada", "both@pay")
    newer = secrets.token_urlsafe(32)
    for client in (till.finance.maker, till.finance.approver):
        configure(till.world, client, voucher_keys=f"{newer},{KEY}")
    await set_receiver(till, "bob", "both@pay")
    run = await till.run()
    assert set(await held(till, run)) == {"ada", "bob"}
    async with till.world.begin() as tx:
        await seal_receivers_anew(tx)
    kept = await till.world.pool.fetch(
        "select distinct sealed_by, fingerprint from payee_receivers where community = $1 and revision = "
        "(select max(revision) from payee_receivers p where p.community = $1 and p.member_id = "
        "payee_receivers.member_id)",
        till.world.community,
    )
    assert len(kept) == 1
    for client in (till.finance.maker, till.finance.approver):
        configure(till.world, client, voucher_keys=newer)
    run = await again(till, run)
    assert set(await held(till, run)) == {"ada", "bob"}


async def test_the_communitys_own_account_waits_too(till: Till) -> None:
    await policy(till.finance, stops_shared_accounts=True)
    await connect(till.world, till.finance.maker)
    api, url = till.finance.maker, "/v1/providers/sandbox"
    shown = (await api.put(url, json={"api_key": key_of(till.world), "own_address": "ADA@pay"})).json()
    assert (shown["needs"], shown["takes"]) == (["api_key"], ["own_address"])
    run = await till.run()
    assert await held(till, run) == {"ada": LOOKED_AT}
    (one,) = await findings(till.finance, check="shared_account")
    assert (one["is_payer"], one["others_count"]) == (True, 0)


async def test_a_country_is_asked_for_and_looked_at(till: Till) -> None:
    await policy(till.finance, countries=["DE"])
    run = await till.run()
    assert await held(till, run) == {"ada": LOOKED_AT}
    (one,) = await findings(till.finance, check="country")
    assert one["country"] is None
    await set_receiver(till, "ada", "ada@pay", country="FR")
    run = await again(till, run)
    assert await held(till, run) == {"ada": LOOKED_AT}
    assert {one["country"] for one in await findings(till.finance, check="country", waits=True)} == {"FR"}
    assert (await set_receiver(till, "ada", "ada@pay", country="DE"))["country"] == "DE"
    run = await again(till, run)
    assert await held(till, run) == {}
    assert (await till.receiver("ada", country="de")).status_code == 422


async def test_a_name_like_one_of_a_list_waits(till: Till) -> None:
    await list_in_force(till.finance, BOB)
    run = await till.run()
    assert await held(till, run) == {}
    await set_receiver(till, "ada", "ada@pay", name="Bob Moulin")
    run = await again(till, run)
    assert await held(till, run) == {"ada": LOOKED_AT}
    (one,) = await findings(till.finance, check="sanctions_list", waits=True)
    assert (one["payee_name"], {entry["entry_id"] for entry in one["entries"]}) == ("Bob Moulin", {"EX-17"})


async def test_what_no_key_opens_is_looked_at_once_one_does(till: Till) -> None:
    await policy(till.finance, stops_shared_accounts=True)
    other = secrets.token_urlsafe(32)
    for client in (till.finance.maker, till.finance.approver):
        configure(till.world, client, voucher_keys=other)
    run = await till.run()
    assert await held(till, run) == {"ada": UNOPENED}
    for client in (till.finance.maker, till.finance.approver):
        configure(till.world, client, voucher_keys=f"{other},{KEY}")
    run = await again(till, run)
    assert await held(till, run) == {}
