"""Payouts by a provider after the worst: a process killed at each point, and a database of yesterday."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import asyncpg
import orjson
import pytest

from plaudit.sandbox_provider.app import create_app
from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import Behaviour, Hooks, Shop
from services.rewards.payouts.remittances.handlers.working import remit, take_up_runs
from services.rewards.payouts.store import RUN_LOCK
from shared.postgres import database_url, role_name
from shared.topics import PAYOUTS
from tests.faults.workers import Workers
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read
from tests.integration.services.rewards.cards import API_KEY, SECRET
from tests.integration.services.rewards.finance import IBANS
from tests.integration.services.rewards.office import Office, published
from tests.integration.services.rewards.test_killed_at_work import WAITING, answers
from tests.local_providers import served
from tests.waiting import until

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)
HANGS_SECONDS = 60.0
TURN_SECONDS = 1.0


@dataclass
class Pays:
    """A sandbox at work, and the office whose members want to be paid by it."""

    office: Office
    shop: Shop
    settings: dict[str, Any]

    async def prepare(self) -> None:
        office = self.office
        await office.prepare()
        await office.ask("PUT", "/v1/providers/sandbox", json={"api_key": API_KEY, "webhook_secret": SECRET})
        for member in IBANS:
            said = {"provider": "sandbox", "name": member, "address": f"{member}@pay"}
            await office.ask("PUT", f"/v1/payees/{office.world.uuid(member)}/receiver", json=said)
        await published(office)

    async def filed(self, key: str) -> Any:
        run = await self.office.ask("POST", "/v1/payout-runs", key=key, json={"provider": "sandbox"})
        await self.office.approve(run)
        await self.office.file(run)
        return run

    async def states(self, run: Any) -> list[str]:
        return sorted(one["state"] for one in (await self.office.payouts(run)).values())

    async def is_settled(self, run: Any) -> bool:
        return await self.states(run) == ["settled"] * len(IBANS)


@pytest.fixture
async def pays(office: Office) -> AsyncIterator[Pays]:
    shop, sender = Shop(), Sender(pause_seconds=0.01)
    shop.told.hooks, shop.told.hang_seconds = Hooks.NONE, HANGS_SECONDS
    async with served(create_app(shop, sender, api_key=API_KEY)) as url:
        settings = {
            "voucher_keys": KEY,
            "provider_sandbox_url": url,
            "provider_loopback": True,
            "provider_seconds": 2.0,
            "provider_account_calls_max_count": 3,
        }
        office.settings = office.settings.model_copy(update=settings)
        yield Pays(office, shop, settings)


async def test_killed_at_each_point_each_member_is_paid_once(pays: Pays) -> None:
    office, shop = pays.office, pays.shop
    async with office.open():
        await pays.prepare()
    workers = Workers(office.state, {})
    settings = {name: str(value) for name, value in pays.settings.items()}
    worker = workers.start("rewards", name="rewards-pays", port=office.port, **settings)
    admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
    try:
        await until(partial(answers, office))
        # 1. Asked and nothing paid; paid and not answered; paid at once.
        shop.told.following.extend([Behaviour.TIME_OUT_BEFORE, Behaviour.TIME_OUT_AFTER])
        run = await pays.filed("1")

        async def hangs() -> bool:
            return not shop.told.following and len(shop.till.payouts) == 2

        await until(hangs)
        # 2. Answered, and the answer not stored: whoever stores it waits for the runs.
        async with admin.transaction():
            lock = f"{RUN_LOCK}{office.world.community}"
            await admin.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
            await until(lambda: admin.fetchval(WAITING, admin.get_server_pid()))
            worker.kill()
        await until(partial(answers, office))
        # 3. One is stored, and perhaps not told.
        await until(partial(_is_stored, admin, run))
        worker.kill()
        await until(partial(answers, office))
        await until(partial(pays.is_settled, run))
    finally:
        await workers.stop_all()
        await admin.close()

    async with office.open():
        await published(office)
        assert (await office.check())["balanced"]
        records = await read(office.state, PAYOUTS, office.world.community, 20)
    told = [orjson.loads(record.value)["data"] for record in records]
    settled = Counter(data["payout_id"] for data in told if data.get("state") == "settled")
    paid = {one.key: one.amount_minor for one in shop.till.payouts}
    assert settled == dict.fromkeys(paid, 1)
    assert list(paid.values()) == [1_000] * len(IBANS)


async def _is_stored(admin: asyncpg.Connection, run: Any) -> bool:
    query = "select exists (select from payouts where run_id = $1::text::uuid and state = 'settled')"
    return bool(await admin.fetchval(query, run["run_id"]))


async def test_with_yesterdays_database_nobody_is_paid_again(pays: Pays) -> None:
    office, shop = pays.office, pays.shop
    office.settings = office.settings.model_copy(update={"provider_seconds": 30.0})
    async with office.open() as parts:
        await pays.prepare()
        saved = await backup(office.state, "rewards", office.directory)
        # One is paid, one is on its way, and of one the answer is lost.
        shop.told.following.extend([Behaviour.DELIVER, Behaviour.PENDING, Behaviour.ERROR_AFTER])
        run = await pays.filed("1")
        await published(office)
        await _work(parts)
        await until(partial(_has_asked, shop))
        await published(office)

    await restore(office.state, "rewards", saved)
    async with office.open() as parts:
        await _work(parts)
        (pending,) = [one for one in shop.till.payouts if one.standing == "pending"]
        shop.till.change(pending, "paid")
        for payout in (await office.payouts(run)).values():
            await office.ask("POST", f"/v1/remittances/{payout['payout_id']}/ask")

        async def is_settled() -> bool:
            await _work(parts)
            return await pays.is_settled(run)

        await until(is_settled)
        assert (await office.check())["balanced"]
        again = await office.ask("POST", "/v1/payout-runs", key="2", json={"provider": "sandbox"})
        assert again["payouts"] == []
    assert len(shop.till.payouts) == len(IBANS)
    assert set(shop.till.asked.values()) == {1}


async def _work(parts: Any) -> None:
    """Hand over what is filed, and ask about what is due."""
    async with parts.begin() as tx:
        await take_up_runs(tx)
    await remit(parts.begin, monotonic() + TURN_SECONDS)


async def _has_asked(shop: Shop) -> bool:
    return len(shop.till.payouts) == len(IBANS)
