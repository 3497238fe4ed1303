"""Rewards as a whole process, and who pays with it: what tests of restoring and of sudden ends have in common."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from services.rewards.main import SPEC
from services.rewards.settings import Settings
from shared.access_keys import hash_secret
from shared.kafka import create_producer, send_records
from shared.postgres import create_pool
from shared.topics import ACCESS_KEYS, MEMBERS, PAYOUTS, PEOPLE, POINTS, PROGRAMMES, record_key
from tests.integration.services.process import read, running, send
from tests.integration.services.rewards.finance import CATALOGUE, IBANS, PAYER
from tests.integration.services.world import person_fact
from tests.waiting import until

#: How the bank is asked to pay is told of runs, too, and read back.
ASKED = {
    "batch_booking": False,
    "purpose": "BONU",
    "instant": True,
    "address": {"town": "Zürich", "country": "CH"},
}
TERMS = {"currency": "EUR", "points": 100, "minor": 100, "minimum_points": 500, "paying_account": PAYER | ASKED}
SECRET = "plk_restore"


class Office:
    """Rewards as a process that can be stopped, restored and started, and the two people who pay."""

    def __init__(self, stack: Any, directory: Path, world: Any) -> None:
        self.state, self.directory = stack.state, directory
        self.world = world
        self.people = {name: str(uuid4()) for name in ("maker", "approver")}
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
        # Slow is not unready: on a busy machine an answer may take longer than the client waits by itself.
        async with httpx.AsyncClient(base_url=self.url, timeout=60) as http:
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
                    (PEOPLE, record_key(community, self.people[name]), self.person(name, role))
                    for name, role in (("maker", "finance_maker"), ("approver", "finance_approver"))
                ),
                *(
                    (ACCESS_KEYS, record_key(community, name), self.key(name, *scopes))
                    for name, scopes in (
                        ("maker", ("payouts:write", "payouts:read", "rewards:write", "rewards:read")),
                        ("approver", ("payouts:approve", "payouts:read")),
                    )
                ),
            ],
        )
        for table, count in (
            ("lots", 3),
            ("programmes", 1),
            ("followed_members", 3),
            ("access_keys", 2),
            ("followed_people", 2),
        ):
            await self.until_has(table, count)
        for member in IBANS:
            await self.ask("PUT", f"/v1/payees/{world.uuid(member)}", json={"name": member, "iban": IBANS[member]})

    def awards(self, *given: tuple[str, str, int]) -> list[Any]:
        facts = [self.world.award(name, member, points) for name, member, points in given]
        return [(POINTS, record_key(self.world.community, fact["data"]["member_id"]), fact) for fact in facts]

    def person(self, name: str, role: str) -> Any:
        return person_fact(self.world.community, self.people[name], role, "manager")

    def key(self, name: str, *scopes: str) -> Any:
        data = {
            "key_id": name,
            "person_id": self.people[name],
            "name": name,
            "secret_sha256": hash_secret(f"{SECRET}_{name}_{self.world.community}"),
            "scopes": list(scopes),
            "revoked": False,
        }
        return self.world.fact("access_key.changed.v1", name, data)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[asyncpg.Pool]:
        """Connections to the service's database, for as long as it is not dropped."""
        pool = await create_pool("rewards", self.settings)
        try:
            yield pool
        finally:
            await pool.close()

    async def count(self, table: str) -> int:
        """How many rows of the community there are."""
        async with self.asking() as pool:
            return await self._count(pool, table)

    async def until_has(self, table: str, count: int) -> None:
        """Return once there are so many rows of the community."""
        async with self.asking() as pool:

            async def has() -> bool:
                return await self._count(pool, table) == count

            await until(has)

    async def _count(self, pool: asyncpg.Pool, table: str) -> int:
        query = f"select count(*) from {table} where community = $1"
        return int(await pool.fetchval(query, self.world.community))

    async def told(self, count: int) -> None:
        """Return once so many facts are on payouts.v1."""
        await read(self.state, PAYOUTS, self.world.community, count)

    async def send(self, method: str, path: str, by: str = "maker", key: str = "k", **more: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {SECRET}_{by}_{self.world.community}",
            "Idempotency-Key": key,
            **more.pop("headers", {}),
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
        """What the bank said, noted by the maker, and confirmed by the approver where that takes two."""
        payouts = await self.payouts(run)
        ids = [payouts[member]["payout_id"] for member in members]
        path = f"/v1/payout-runs/{run['run_id']}"
        body = {"state": state, "payout_ids": ids, **more}
        noted = await self.ask("POST", f"{path}/outcome", json=body)
        if noted["outcome"] is not None:
            await self.ask("POST", f"{path}/outcomes/{noted['outcome']['outcome_id']}/confirm", by="approver")

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


async def published(office: Office) -> None:
    """Return once nothing waits to be published."""
    async with office.asking() as pool:

        async def is_empty() -> bool:
            return not await pool.fetchval("select exists (select from outbox)")

        await until(is_empty)


async def everything(office: Office) -> dict[str, Any]:
    """All that rewards says of runs, payouts, redemptions and balances, but when points were booked."""
    runs = (await office.ask("GET", "/v1/payout-runs"))["items"]
    payouts = (await office.ask("GET", "/v1/payouts"))["items"]
    return {
        "runs": runs,
        "payouts": [await office.ask("GET", f"/v1/payouts/{one['payout_id']}") for one in payouts],
        "redemptions": (await office.ask("GET", "/v1/redemptions"))["items"],
        "balances": [await office.balance(member) for member in IBANS],
    }


async def redeem(office: Office, member: str, reward: str, key: str) -> Any:
    body = {"member_id": office.world.uuid(member), "reward_id": reward}
    return await office.ask("POST", "/v1/redemptions", key=key, json=body)


async def a_day_of_work(office: Office) -> None:
    """A filed run with every outcome, one that is given up, one that waits, and redemptions of every kind."""
    first = await office.run("first")
    await office.approve(first)
    await office.file(first)
    await office.outcome(first, "sent", "ada", "eve")
    await office.outcome(first, "settled", "ada", "eve")
    await office.outcome(first, "returned", "bob", reason="MS03 NotSpecifiedReasonAgentGenerated")
    await office.outcome(first, "reversed", "eve", reason="recalled")
    given_up = await office.run("given-up")
    await office.approve(given_up)
    await office.ask("POST", f"/v1/payout-runs/{given_up['run_id']}/cancel")
    for key, reward, end, body in (
        ("a", "sticker", "confirm", None),
        ("b", "sticker", "cancel", None),
        ("c", "shirt", None, None),
        ("d", "sticker", "confirm", {"points": 7}),
        ("e", "sticker", "confirm", None),
    ):
        redemption = await redeem(office, "bob", reward, key)
        if end is not None:
            await office.ask("POST", f"/v1/redemptions/{redemption['redemption_id']}/{end}", json=body)
        for points in {"d": (3,), "e": (10, 20)}.get(key, ()):
            said = {"points": points, "reason": "broken"}
            path = f"/v1/redemptions/{redemption['redemption_id']}/refunds"
            await office.ask("POST", path, key=f"{key}-{points}", json=said)
    waiting = await office.run("waiting")
    await office.approve(waiting)
    await published(office)


async def given_out(office: Office, run: Any) -> bytes:
    content = b""

    async def is_given_out() -> bool:
        nonlocal content
        answer = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        content = answer.content
        return answer.status_code == 200

    await until(is_given_out)
    return content


async def told_again(office: Office, records: list[Any]) -> None:
    """What a producer of before still had to send."""
    producer = create_producer(office.state.broker, request_seconds=20)
    await producer.start()
    try:
        await send_records(producer, [(PAYOUTS.name, record.key, record.value) for record in records])
    finally:
        await producer.stop()


async def has_crashed(parts: Any) -> bool:
    return bool(parts.crashed)
