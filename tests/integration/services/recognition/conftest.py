"""Recognition on a real database: its handlers in transactions, its API in this process."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx
import orjson
import pytest

from services.recognition import handlers
from services.recognition.main import SPEC
from services.recognition.settings import Settings
from shared.http.keys import KeyRing, hash_secret
from shared.postgres import create_pool
from shared.service import describe
from shared.transaction import transaction

NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class World:
    """One community of its own: makes facts, hands them to handlers, and sees what was published."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.community = f"c{uuid4().hex[:12]}"
        self._numbers = itertools.count(1)

    def member(self, name: str) -> str:
        return str(uuid5(NAMESPACE, f"{self.community} member {name}"))

    def award(
        self, member: str, points: int, *, rule: str = "post", at: datetime = NOON, reverses: Any = None
    ) -> Any:
        award_id = str(uuid5(NAMESPACE, f"{self.community} award {next(self._numbers)}"))
        data = {
            "award_id": award_id,
            "member_id": self.member(member),
            "points": points,
            "rule_id": rule,
            "slot": "actor",
            "programme_id": "demo",
            "programme_version": 1,
            "event_uid": str(uuid5(NAMESPACE, f"event of {award_id}")),
            "event_type": "forum.post.v1",
            "event_time": at,
            "received_at": at,
        }
        if reverses is not None:
            data["reverses"] = reverses["data"]["award_id"]
        return {"community": self.community, "id": award_id, "time": at, "data": data}

    def reversal(self, award: Any) -> Any:
        data = award["data"]
        name = next(one for one in "abcdefgh" if self.member(one) == data["member_id"])
        return self.award(name, -data["points"], rule=data["rule_id"], at=data["event_time"], reverses=award)

    def programme(self, version: int, recognition: Any, *, effective_from: datetime = NOON) -> Any:
        return {
            "community": self.community,
            "data": {
                "programme_id": "demo",
                "version": version,
                "effective_from": effective_from,
                "published_by": "ada",
                "document": {"recognition": recognition},
            },
        }

    async def handle(
        self, handler: Callable[..., Awaitable[None]], *arguments: Any, now: datetime | None = None
    ) -> None:
        async with transaction(self.pool, lambda _: None) as tx:
            if now is not None:
                tx.now = now
            await handler(tx, *arguments)

    async def awarded(self, *awards: Any) -> None:
        await self.handle(handlers.on_awards, list(awards))

    async def published(self) -> list[Any]:
        """What went to the outbox for this community, in order; it is emptied."""
        rows = await self.pool.fetch(
            "delete from outbox where key like $1 returning id, value", f"{self.community}|%".encode()
        )
        return [orjson.loads(row["value"])["data"] for row in sorted(rows, key=lambda row: row["id"])]


@pytest.fixture
async def pool(stack: Any) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool("recognition", Settings(**stack.settings))
    yield made
    await made.close()


@pytest.fixture
def world(pool: asyncpg.Pool) -> World:
    return World(pool)


@pytest.fixture
async def api(pool: asyncpg.Pool, world: World) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings()
    app = describe(SPEC, settings)
    app.state.pool = pool
    app.state.keys = KeyRing(pool, settings)
    secret = f"plk_test_{uuid4().hex}"
    await pool.execute(
        "insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)"
        " values ($1, 'k', 'test', $2, $3, false)",
        world.community,
        hash_secret(secret),
        ["recognition:read"],
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://recognition",
        headers={"Authorization": f"Bearer {secret}"},
    ) as client:
        yield client
