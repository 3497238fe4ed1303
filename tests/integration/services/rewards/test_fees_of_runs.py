"""What a run by a provider would cost is asked for while it waits, shown beforehand, and decides nothing."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from services.rewards.payouts.fees.domain import AGAIN_AFTER
from services.rewards.payouts.fees.handlers import ask_for_fees
from tests.integration.services.rewards.cards import configure
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.remitting import Till, remitting

pytestmark = pytest.mark.stack


@pytest.fixture
async def till(finance: Finance) -> AsyncIterator[Till]:
    async with remitting(finance, secrets.token_urlsafe(32)) as made:
        yield made


async def fees(till: Till, run: Any) -> Any:
    answer = await till.finance.maker.get(f"/v1/payout-runs/{run['run_id']}/fees")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_would_leave_and_what_members_would_get_is_shown_before_the_approval(till: Till) -> None:
    run = await till.run()
    assert (await fees(till, run))["not_quoted"] == "nobody asked yet"
    await ask_for_fees(till.world.begin, monotonic())
    said = await fees(till, run)
    cost = said["cost"]
    assert (cost["leaves_minor"], cost["gets_minor"], cost["fee_minor"]) == (625, 600, 25)
    assert (cost["leaves_currency"], cost["gets_currency"], cost["payouts_count"]) == ("EUR", "EUR", 1)
    assert cost["expires_at"] is not None
    assert till.shop.till.payouts == []
    # It is asked again once that ends, and no more once the run is approved.
    till.world.later += AGAIN_AFTER + timedelta(seconds=1)
    await ask_for_fees(till.world.begin, monotonic())
    assert (await fees(till, run))["asked_at"] > said["asked_at"]
    assert (await till.finance.approve(run)).status_code == 200
    asked_at = (await fees(till, run))["asked_at"]
    till.world.later += AGAIN_AFTER + timedelta(seconds=1)
    await ask_for_fees(till.world.begin, monotonic())
    assert (await fees(till, run))["asked_at"] == asked_at
    assert (await till.finance.file(run)).status_code == 200
    await till.world.published()
    await till.work()
    shown = await till.remittance(run)
    assert (shown["leaves_minor"], shown["gets_minor"], shown["fee_minor"]) == (625, 600, 25)
    # The ledger has what was paid: its sums are zero in each currency.
    assert (await till.world.check()).differences == 0


async def test_a_provider_that_does_not_answer_is_said_and_holds_nothing_up(till: Till) -> None:
    run = await till.run()
    for client in (till.finance.maker, till.finance.approver):
        configure(till.world, client, provider_sandbox_url="http://127.0.0.1:9")
    await ask_for_fees(till.world.begin, monotonic())
    said = await fees(till, run)
    assert (said["cost"], said["not_quoted"]) == (None, "it is not reached")
    assert (await till.finance.approve(run)).status_code == 200


async def test_a_run_by_bank_has_none(till: Till) -> None:
    said = await fees(till, await till.finance.run())
    assert (said["provider"], said["cost"]) == (None, None)
    assert said["not_quoted"] == "a bank is not asked what it takes"
