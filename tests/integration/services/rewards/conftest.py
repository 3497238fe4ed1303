"""Rewards on a real database: its handlers in transactions, its API in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx
import orjson
import pytest

from services.rewards import settings as rewards_settings
from services.rewards.handlers.awards import on_awards
from services.rewards.handlers.programmes import on_members, on_programmes
from services.rewards.main import SPEC
from services.rewards.settings import Settings
from services.rewards.store.check import Findings, check_ledger
from shared.contracts.facts import PAYOUT_FACT, POINTS_AWARDED, REDEMPTION_CHANGED
from shared.http.keys import KeyRing, hash_secret
from shared.postgres import create_pool
from shared.service import describe
from shared.transaction import Transaction, transaction

NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
START = datetime(2026, 3, 4, 12, tzinfo=UTC)
PAYER = {"name": "Example Community", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
TERMS = {"currency": "EUR", "points": 100, "minor": 50, "minimum_points": 500, "paying_account": PAYER}
CATALOGUE = [
    {"id": "sticker", "title": "Sticker", "points": 30},
    {"id": "shirt", "title": "Shirt", "points": 400},
]
SCOPES = ("rewards:read", "rewards:write", "payouts:write", "payouts:approve", "payouts:read")


class World:
    """One community of its own: makes the facts that rewards reads, and hands them to handlers."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.community = f"c{uuid4().hex[:12]}"
        self.awards_count = 0

    def uuid(self, name: str) -> str:
        """The same id for the same name, in this community."""
        return str(uuid5(NAMESPACE, f"{self.community} {name}"))

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        return transaction(self.pool, lambda _: None)

    async def handle(self, handler: Callable[..., Awaitable[None]], *facts: Any) -> None:
        async with self.begin() as tx:
            await handler(tx, list(facts))

    def fact(self, kind: str, name: str, data: dict[str, Any]) -> Any:
        return {
            "specversion": "1.0",
            "id": self.uuid(f"fact {name}"),
            "source": "/plaudit/test",
            "type": kind,
            "time": START,
            "community": self.community,
            "data": data,
        }

    def award(self, name: str, member: str, points: int, reverses: str | None = None) -> Any:
        """An award, earned a minute after the one made before it."""
        self.awards_count += 1
        at = START + timedelta(minutes=self.awards_count)
        data = {
            "award_id": self.uuid(f"award {name}"),
            "member_id": self.uuid(member),
            "points": points,
            "rule_id": "post",
            "slot": "actor",
            "programme_id": "demo",
            "programme_version": 1,
            "event_uid": self.uuid(f"event {name}"),
            "event_type": "forum.post.v1",
            "event_time": at,
            "received_at": at,
        }
        if reverses is not None:
            data["reverses"] = self.uuid(f"award {reverses}")
        fact = self.fact("points.awarded.v1", name, data)
        return POINTS_AWARDED.validate_json(orjson.dumps(fact))

    async def give(self, *awards: Any) -> None:
        await self.handle(on_awards, *awards)

    async def publish(self, version: int = 1, terms: dict[str, Any] | None = TERMS) -> None:
        """Put a programme in force with the catalogue and payout terms."""
        rewards: dict[str, Any] = {"catalogue": CATALOGUE}
        if terms is not None:
            rewards["payout"] = terms
        data = {
            "programme_id": "demo",
            "version": version,
            "effective_from": START,
            "published_by": "grace",
            "document": {"programme": "demo", "rewards": rewards},
            "document_sha256": "0" * 64,
        }
        await self.handle(on_programmes, self.fact("programme.published.v1", f"programme {version}", data))

    def member(self, name: str, shown: str, revision: int) -> Any:
        data = {
            "member_id": self.uuid(name),
            "name": shown,
            "identities": [{"channel": "forum", "id": name}],
            "channel": "forum",
            "first_seen_at": START,
            "revision": revision,
        }
        return self.fact("member.identified.v1", f"{name} {revision}", data)

    async def join(self, *members: str) -> None:
        await self.handle(on_members, *(self.member(name, name.title(), 1) for name in members))

    async def balance(self, member: str) -> dict[str, int]:
        """The member's points that are not zero, by kind."""
        rows = await self.pool.fetch(
            """
            select kind, amount from accounts join balances using (community, account_id)
            where community = $1 and owner = $2 and currency = 'PTS' and amount <> 0
            """,
            self.community,
            self.uuid(member),
        )
        return {row["kind"]: row["amount"] for row in rows}

    async def money(self) -> dict[str, int]:
        """The community's and members' money by kind of account, where it is not zero."""
        rows = await self.pool.fetch(
            """
            select kind, sum(amount)::bigint as amount from accounts join balances using (community, account_id)
            where community = $1 and currency <> 'PTS' group by 1 having sum(amount) <> 0
            """,
            self.community,
        )
        return {row["kind"]: row["amount"] for row in rows}

    async def lots(self, member: str) -> list[int]:
        """What remains in the member's lots, oldest first."""
        rows = await self.pool.fetch(
            "select remaining from lots where community = $1 and member_id = $2 order by earned_at",
            self.community,
            self.uuid(member),
        )
        return [row["remaining"] for row in rows]

    async def check(self) -> Findings:
        async with (
            self.pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await check_ledger(conn, self.community, 60)

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"select count(*) from {table} where community = $1", self.community))

    async def published(self) -> list[Any]:
        """What went to the outbox for this community, in order, each valid by its contract; it is emptied."""
        rows = await self.pool.fetch(
            "delete from outbox where key like $1 returning id, topic, value", f"{self.community}|%".encode()
        )
        adapters: dict[str, Any] = {"redemptions.v1": REDEMPTION_CHANGED, "payouts.v1": PAYOUT_FACT}
        return [
            adapters[row["topic"]].validate_json(row["value"])
            for row in sorted(rows, key=lambda row: int(row["id"]))
        ]

    async def key(self, *scopes: str) -> str:
        """The secret of a new access key with those scopes."""
        secret = f"plk_test_{uuid4().hex}"
        await self.pool.execute(
            "insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)"
            " values ($1, $2, 'test key', $3, $4, false)",
            self.community,
            uuid4().hex,
            hash_secret(secret),
            list(scopes),
        )
        return secret


@pytest.fixture
async def pool(stack: Any) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool("rewards", Settings(**stack.settings))
    yield made
    await made.close()


@pytest.fixture
def world(pool: asyncpg.Pool) -> World:
    return World(pool)


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets settings of rewards for one test."""

    def set_to(**values: Any) -> None:
        made = Settings(**values)
        monkeypatch.setattr(rewards_settings, "current", lambda: made)

    return set_to


@pytest.fixture
async def clients(pool: asyncpg.Pool, world: World) -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """Makes clients of the API, each with an access key of its own (all scopes where none are named)."""
    settings = Settings()
    app = describe(SPEC, settings)
    app.state.pool = pool
    app.state.begin = world.begin
    app.state.keys = KeyRing(pool, settings)
    made: list[httpx.AsyncClient] = []

    async def client(*scopes: str) -> httpx.AsyncClient:
        made.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://rewards",
                headers={"Authorization": f"Bearer {await world.key(*(scopes or SCOPES))}"},
            )
        )
        return made[-1]

    yield client
    for one in made:
        await one.aclose()


@pytest.fixture
async def api(clients: Callable[..., Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await clients()


async def pages(api: httpx.AsyncClient, path: str, limit: int, **query: Any) -> Sequence[Any]:
    """Every item of a paged list, `limit` at a time."""
    items: list[Any] = []
    after: dict[str, str] = {}
    while True:
        answer = await api.get(path, params={"limit": limit, **query, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


@pytest.fixture
def all_pages() -> Callable[..., Awaitable[Sequence[Any]]]:
    return pages
