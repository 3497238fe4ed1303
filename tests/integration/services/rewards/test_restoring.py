"""Rewards after a restore from a backup: nothing is given out twice, and what is owed is still paid."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.rewards.main import SPEC
from services.rewards.settings import Settings
from shared.access_keys import hash_secret
from shared.postgres import create_pool
from shared.topics import ACCESS_KEYS, MEMBERS, PAYOUTS, POINTS, PROGRAMMES, REDEMPTIONS, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read, running, send
from tests.integration.services.rewards.conftest import CATALOGUE, PAYER, RewardsWorld
from tests.integration.services.rewards.finance import IBANS, ibans_of
from tests.waiting import until

TERMS = {"currency": "EUR", "points": 100, "minor": 100, "minimum_points": 500, "paying_account": PAYER}
SECRET = "plk_restore"

pytestmark = pytest.mark.stack


class Office:
    """Rewards as a process that can be stopped, restored and started, and the two people who pay."""

    def __init__(self, stack: Any, world: RewardsWorld, directory: Path) -> None:
        self.state, self.world, self.directory = stack.state, world, directory
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.settings = Settings(**stack.settings("rewards") | {"http_port": self.port})
        self.url = f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        async with running(SPEC, self.settings) as parts:
            await until(self.is_ready)
            yield parts

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient(base_url=self.url) as http:
            return (await http.get("/readyz")).status_code == 200

    async def prepare(self, points: int = 1_000) -> None:
        """Ada, Bob and Eve have a post each, bank details, and a programme that pays for them."""
        world, community = self.world, self.world.community
        document = {"programme": "demo", "rewards": {"catalogue": CATALOGUE, "payout": TERMS}}
        await send(
            self.state,
            [
                (PROGRAMMES, record_key(community, "demo"), world.programme_fact(1, document)),
                *(
                    (MEMBERS, record_key(community, world.uuid(one)), world.member(one, one.title(), 1))
                    for one in IBANS
                ),
                *self.awards(*((one, one, points) for one in IBANS)),
                *(
                    (ACCESS_KEYS, record_key(community, name), self.key(name, *scopes))
                    for name, scopes in (
                        ("maker", ("payouts:write", "payouts:read", "rewards:write", "rewards:read")),
                        ("approver", ("payouts:approve", "payouts:read")),
                    )
                ),
            ],
        )
        for table, count in (("lots", 3), ("programmes", 1), ("followed_members", 3), ("access_keys", 2)):
            await until(lambda table=table, count=count: self.has(table, count))
        for member in IBANS:
            await self.ask("PUT", f"/v1/payees/{world.uuid(member)}", json={"name": member, "iban": IBANS[member]})

    def awards(self, *given: tuple[str, str, int]) -> list[Any]:
        facts = [self.world.award(name, member, points) for name, member, points in given]
        return [(POINTS, record_key(self.world.community, fact["data"]["member_id"]), fact) for fact in facts]

    def key(self, name: str, *scopes: str) -> Any:
        data = {
            "key_id": name,
            "name": name,
            "secret_sha256": hash_secret(f"{SECRET}_{name}_{self.world.community}"),
            "scopes": list(scopes),
            "revoked": False,
        }
        return self.world.fact("access_key.changed.v1", name, data)

    async def has(self, table: str, count: int) -> bool:
        pool = await create_pool("rewards", self.settings)
        try:
            found = await pool.fetchval(f"select count(*) from {table} where community = $1", self.world.community)
            return bool(found == count)
        finally:
            await pool.close()

    async def told(self, count: int) -> None:
        """Return once so many facts are on payouts.v1."""
        await read(self.state, PAYOUTS, self.world.community, count)

    async def send(self, method: str, path: str, by: str = "maker", key: str = "k", **more: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {SECRET}_{by}_{self.world.community}",
            "Idempotency-Key": key,
        }
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as http:
            return await http.request(method, path, headers=headers, **more)

    async def ask(self, method: str, path: str, by: str = "maker", key: str = "k", **more: Any) -> Any:
        answer = await self.send(method, path, by, key, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def run(self, key: str) -> Any:
        return await self.ask("POST", "/v1/payout-runs", key=key)

    async def approve(self, run: Any) -> Any:
        return await self.ask("POST", f"/v1/payout-runs/{run['run_id']}/approve", by="approver")

    async def file(self, run: Any) -> bytes:
        """The run's bank file, once it is written."""
        await self.ask("POST", f"/v1/payout-runs/{run['run_id']}/file")
        return await self.bytes_of(run)

    async def bytes_of(self, run: Any) -> bytes:
        answer = await self.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        assert answer.status_code == 200, answer.text
        return answer.content

    async def outcome(self, run: Any, state: str, *members: str, **more: Any) -> None:
        payouts = await self.payouts(run)
        ids = [payouts[member]["payout_id"] for member in members]
        await self.ask(
            "POST",
            f"/v1/payout-runs/{run['run_id']}/outcome",
            json={"state": state, "payout_ids": ids, **more},
        )

    async def payouts(self, run: Any) -> dict[str, Any]:
        found = await self.ask("GET", f"/v1/payouts?run={run['run_id']}")
        members = {self.world.uuid(name): name for name in IBANS}
        return {members[one["member_id"]]: one for one in found["items"]}

    async def check(self) -> Any:
        return await self.ask("GET", "/v1/ledger/check")

    async def balance(self, member: str) -> Any:
        """What is on the member's accounts, of points alone."""
        found = await self.ask("GET", f"/v1/members/{self.world.uuid(member)}/balance")
        return {kind: amount for kind, amount in found.items() if isinstance(amount, int) and amount}


@pytest.fixture
def office(stack: Any, world: RewardsWorld, tmp_path: Path) -> Office:
    return Office(stack, world, tmp_path)


async def published(office: Office) -> None:
    """Return once nothing waits to be published."""

    async def is_empty() -> bool:
        pool = await create_pool("rewards", office.settings)
        try:
            return not await pool.fetchval("select exists (select from outbox)")
        finally:
            await pool.close()

    await until(is_empty)


async def test_yesterdays_backup_does_not_pay_again(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        first = await office.run("first")
        await office.approve(first)
        content = await office.file(first)
        before = (await office.payouts(first), [await office.balance(member) for member in IBANS])
        await published(office)
    assert sorted(ibans_of(content)) == sorted(IBANS.values())

    await restore(office.state, "rewards", saved)
    async with office.open():
        # The same request again is the same run, and its file is the same, byte by byte.
        again = await office.run("first")
        second = await office.run("second")
        checked = await office.check()
        after = (await office.payouts(first), [await office.balance(member) for member in IBANS])
        shown = await office.ask("GET", f"/v1/payout-runs/{first['run_id']}")
        same_content = await office.bytes_of(first)

        assert again["run_id"] == first["run_id"]
        assert (shown["state"], shown["seal"]) == ("filed", (await office.ask("GET", f"/v1/payout-runs/{first['run_id']}"))["seal"])
        assert second["payouts"] == []
        assert checked["balanced"], checked
        assert same_content == content
        assert after == before
