"""Payouts by providers when things happen at once: runs, approvers, early webhooks, new secrets, erasure."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest

from plaudit.sandbox_provider.hooks import hook_body, hook_headers
from plaudit.sandbox_provider.orders import Behaviour, Hooks
from services.rewards.erasure.handlers import look_after
from services.rewards.payouts.remittances.handlers.working import remit
from tests.integration.services.rewards.cards import SECRET, connect
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.remitting import Till, remitting
from tests.integration.services.rewards.test_erased_members import erase
from tests.waiting import until

pytestmark = pytest.mark.stack

OTHER_SECRET = "whsec_" + "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmEwMTIzNDU="


@pytest.fixture
async def till(finance: Finance) -> AsyncIterator[Till]:
    async with remitting(finance, secrets.token_urlsafe(32)) as made:
        yield made


async def hook(till: Till, paid: Any, standing: str, *, secret: str = SECRET) -> int:
    hook_id, body = hook_body(paid, standing)
    headers = hook_headers(hook_id, body, Hooks.AFTER, [secret])
    answer = await till.finance.maker.post(till.account["webhook_path"], content=body, headers=headers)
    return int(answer.status_code)


async def test_two_runs_two_approvers_and_two_workers_at_once_pay_once(till: Till) -> None:
    one, other = await asyncio.gather(till.run(), till.run())
    approvals = await asyncio.gather(*(till.finance.approve(run) for run in (one, one, other, other)))
    assert {answer.status_code for answer in approvals} <= {200, 409}
    filed = await asyncio.gather(*(till.finance.file(run) for run in (one, one, other, other)))
    assert 200 in {answer.status_code for answer in filed}
    await till.world.published()
    await till.work()
    await asyncio.gather(*(remit(till.world.begin, monotonic()) for _ in range(3)))
    (paid,) = till.shop.till.payouts
    assert (paid.amount_minor, till.shop.till.asked) == (600, {paid.key: 1})
    states = Counter(
        [payout["state"] for run in (one, other) for payout in (await till.finance.payouts(run)).values()]
    )
    assert states["settled"] == 1
    assert await till.world.money() == {"payout_expense": -600, "bank": 600}
    assert (await till.world.check()).differences == 0


async def test_a_webhook_that_comes_before_the_answer_is_not_forgotten_by_it(till: Till) -> None:
    till.tell(Behaviour.PENDING)
    run = await till.filed()
    # Asked how it stands, it answers as it was before; meanwhile it is paid, and its webhook is quicker.
    await till.work()
    asking = till.shop.till.find_by_key

    def find_by_key(key: str) -> Any:
        paid = asking(key)
        if paid is not None and paid.standing == "pending":
            till.shop.till.change(paid, "paid")
            told.set()
        return paid

    told = asyncio.Event()
    till.shop.till.find_by_key = find_by_key  # type: ignore[method-assign]
    assert (await till.act(run, "ask")).status_code == 200
    working = asyncio.create_task(till.work())
    await asyncio.wait_for(told.wait(), 60)
    assert await hook(till, till.shop.till.payouts[0], "paid") == 202
    await working
    # Of two hints the second has it asked about a moment after the first.
    await till.work(later_seconds=10)
    assert await till.state(run) == "settled"
    assert len(till.shop.till.payouts) == 1


async def test_a_secret_is_rotated_while_payouts_are_under_way_and_none_is_lost(till: Till) -> None:
    assert (await till.receiver("bob")).status_code == 200
    till.tell(Behaviour.PENDING, Behaviour.PENDING)
    run = await till.filed()
    await till.work()
    ada, bob = till.shop.till.payouts
    paths = {till.account["webhook_path"]}
    till.account = await connect(till.world, till.finance.maker, OTHER_SECRET)
    assert {till.account["webhook_path"]} == paths
    # What the secret of before signed is taken for a while; what is asked meanwhile goes on.
    for paid, secret in ((ada, SECRET), (bob, OTHER_SECRET)):
        changed = till.shop.till.change(paid, "paid")
        statuses, *_ = await asyncio.gather(hook(till, changed, "paid", secret=secret), till.work())
        assert statuses == 202
    await till.work()
    assert {one["state"] for one in (await till.finance.payouts(run)).values()} == {"settled"}
    answer = await till.finance.maker.post("/v1/providers/sandbox/end-old-secret")
    assert answer.status_code == 200, answer.text
    assert await hook(till, ada, "paid", secret=SECRET) == 401
    assert (await till.world.check()).differences == 0


async def test_who_is_erased_while_their_money_is_on_its_way_is_paid_once_and_forgotten(till: Till) -> None:
    till.tell(Behaviour.PENDING)
    run = await till.filed()
    await till.work()
    await erase(till.world, "ada", forfeits=False)
    till.shop.till.change(till.shop.till.payouts[0], "paid")
    assert (await till.act(run, "ask")).status_code == 200
    await till.work()
    assert await till.state(run) == "settled"

    async def is_forgotten() -> bool:
        async with till.world.begin() as tx:
            await look_after(tx)
        kept = await till.world.pool.fetch(
            "select sealed, fingerprint from payee_receivers where community = $1 and member_id = $2",
            till.world.community,
            till.world.uuid("ada"),
        )
        return all(row["sealed"] is None and row["fingerprint"] is None for row in kept)

    await until(is_forgotten)
    assert len(till.shop.till.payouts) == 1
    assert (await till.world.check()).differences == 0


async def test_who_is_erased_before_the_provider_is_asked_is_still_paid_what_was_approved(till: Till) -> None:
    run = await till.filed()
    await erase(till.world, "ada", forfeits=False)
    await till.work()
    # Whom it goes to is kept until the provider knows it, and what was approved is paid once.
    assert await till.state(run) == "settled"
    assert [paid.receiver for paid in till.shop.till.payouts] == ["ada@pay"]
