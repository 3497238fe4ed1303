"""A community that pays by the sandbox provider, and what happens to payouts there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

from plaudit.sandbox_provider.app import create_app
from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import Behaviour, Hooks, Shop
from services.rewards.payouts.remittances.handlers.working import remit, take_up_runs
from tests.integration.services.rewards.cards import (
    IMPATIENT_SECONDS,
    PATIENT_SECONDS,
    configure,
    connect,
    key_of,
)
from tests.integration.services.rewards.finance import Finance
from tests.local_providers import served


@dataclass
class Till:
    """The sandbox at work, and the finance team whose payouts go by it."""

    finance: Finance
    shop: Shop
    sender: Sender
    account: Any

    @property
    def world(self) -> Any:
        return self.finance.world

    def tell(self, *following: Behaviour, hooks: Hooks = Hooks.NONE) -> None:
        """What becomes of the next payouts, and how their webhooks come."""
        self.shop.told.following.extend(following)
        self.shop.told.hooks = hooks

    async def receiver(self, member: str, address: str | None = None, **more: Any) -> Any:
        said = {"provider": "sandbox", "name": f"{member.title()} Müller", "address": address or f"{member}@pay"}
        url = f"/v1/payees/{self.world.uuid(member)}/receiver"
        return await self.finance.maker.put(url, json=said | more)

    async def run(self) -> Any:
        headers = {"Idempotency-Key": uuid4().hex}
        answer = await self.finance.maker.post("/v1/payout-runs", headers=headers, json={"provider": "sandbox"})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def filed(self) -> Any:
        """A run by the provider that was approved and filed, and whose facts the broker has."""
        run = await self.run()
        assert (await self.finance.approve(run)).status_code == 200
        filed = await self.finance.file(run)
        assert filed.status_code == 200, filed.text
        await self.world.published()
        return run

    async def work(self, *, later_seconds: float = 0) -> None:
        """Take up what is filed, and two turns of the lanes, some time later."""
        self.world.later += timedelta(seconds=later_seconds)
        async with self.world.begin() as tx:
            await take_up_runs(tx)
        for _ in range(2):
            await remit(self.world.begin, monotonic())

    async def work_impatiently(self) -> None:
        """The same, with a provider that takes too long."""
        self.world.configure(provider_seconds=IMPATIENT_SECONDS)
        await self.work()
        self.world.configure(provider_seconds=PATIENT_SECONDS)

    async def payout(self, run: Any, member: str = "ada") -> Any:
        return (await self.finance.payouts(run))[member]

    async def state(self, run: Any, member: str = "ada") -> str:
        return str((await self.payout(run, member))["state"])

    async def remittance(self, run: Any, member: str = "ada") -> Any:
        payout = await self.payout(run, member)
        answer = await self.finance.maker.get(f"/v1/remittances/{payout['payout_id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(self, run: Any, verb: str, **body: Any) -> Any:
        payout = await self.payout(run)
        url = f"/v1/remittances/{payout['payout_id']}/{verb}"
        return await self.finance.maker.post(url, json=body or None)


@asynccontextmanager
async def remitting(finance: Finance, key: str) -> AsyncIterator[Till]:
    """Ada, who is owed 6.00, wants to be paid by a sandbox that is at work."""
    world, api = finance.world, finance.maker
    shop, sender = Shop(), Sender(pause_seconds=0.01)
    shop.told.hooks, shop.told.hang_seconds = Hooks.NONE, IMPATIENT_SECONDS * 20
    async with served(create_app(shop, sender, api_key=key_of(world))) as url:
        settings = {
            "voucher_keys": key,
            "provider_sandbox_url": url,
            "provider_loopback": True,
            "provider_seconds": PATIENT_SECONDS,
        }
        for client in (api, finance.approver):
            configure(world, client, **settings)
        till = Till(finance, shop, sender, await connect(world, api))
        answer = await till.receiver("ada")
        assert answer.status_code == 200, answer.text
        yield till
