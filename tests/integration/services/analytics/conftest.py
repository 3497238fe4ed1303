"""Analytics on a real database: its handlers in transactions, its API in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx
import pytest

from services.analytics.main import SPEC
from services.analytics.settings import Settings
from shared.contracts.award_ids import award_prefix
from shared.http.keys import KeyRing, hash_secret
from shared.postgres import create_pool
from shared.service import describe
from shared.transaction import transaction

NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class World:
    """One community of its own: makes the facts that analytics reads, and hands them to handlers."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.community = f"c{uuid4().hex[:12]}"

    def uuid(self, name: str) -> str:
        """The same id for the same name, in this community."""
        return str(uuid5(NAMESPACE, f"{self.community} {name}"))

    def award_id(self, name: str) -> str:
        """The id of an award that the event of its name earned at noon; "-1" takes back "1"."""
        uid = self.uuid(f"event {name.removeprefix('-')}")
        return award_prefix(uid, NOON) + self.uuid(f"award {name}")[24:]

    def fact(self, name: str, data: dict[str, Any], at: datetime = NOON) -> Any:
        return {"id": self.uuid(f"fact {name}"), "time": at, "community": self.community, "data": data}

    def event(
        self,
        name: str,
        member: str = "ada",
        *,
        kind: str = "forum.post.v1",
        channel: str = "forum",
        at: datetime = NOON,
        **more: Any,
    ) -> Any:
        return {
            "id": name,
            "source": "https://forum.example",
            "type": kind,
            "time": at,
            "community": self.community,
            "uid": self.uuid(f"event {name}"),
            "member": self.uuid(member),
            "receivedat": at,
            "data": {"channel": channel, "actor": {"id": member}},
            **more,
        }

    def retraction(self, name: str, at: datetime = NOON) -> Any:
        target = self.uuid(f"event {name}")
        return self.event(f"not {name}", "moderator", kind="activity.retracted.v1", at=at, targetuid=target)

    def award(self, name: str, event: str, points: int = 5, *, rule: str = "post", reverses: str = "") -> Any:
        data = {
            "award_id": self.award_id(name),
            "member_id": self.uuid("ada"),
            "points": points,
            "rule_id": rule,
            "slot": "actor",
            "programme_id": "demo",
            "programme_version": 1,
            "event_uid": self.uuid(f"event {event}"),
            "event_type": "forum.post.v1",
            "event_time": NOON,
            "received_at": NOON,
        }
        if reverses:
            data["reverses"] = self.award_id(reverses)
        return self.fact(name, data)

    def programme(self, version: int, rules: list[dict[str, Any]], effective_from: datetime = NOON) -> Any:
        data = {
            "programme_id": "demo",
            "version": version,
            "effective_from": effective_from,
            "published_by": "grace",
            "document": {"rules": rules},
        }
        return self.fact(f"programme {version}", data)

    def payout(self, state: str, by: str = "rewards", *, at: datetime = NOON) -> Any:
        data = {
            "payout_id": self.uuid("payout"),
            "run_id": self.uuid("run"),
            "member_id": self.uuid("ada"),
            "state": state,
            "points": 10,
            "amount_minor": 100,
            "currency": "EUR",
            "end_to_end_id": "E2E1",
            "by": by,
        }
        return {**self.fact(f"payout {state}", data, at), "type": "payout.changed.v1"}

    def lots(self, *lots: tuple[str, int], part: int = 0) -> Any:
        data = {
            "payout_id": self.uuid("payout"),
            "part": part,
            "parts": part + 1,
            "lots": [{"award_id": self.award_id(name), "points": points} for name, points in lots],
        }
        return {**self.fact(f"lots {part}", data), "type": "payout.lots.v1"}

    async def handle(self, handler: Callable[..., Awaitable[None]], *facts: Any) -> None:
        async with transaction(self.pool, lambda _: None) as tx:
            await handler(tx, list(facts))


@pytest.fixture
async def pool(stack: Any) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool("analytics", Settings(**stack.settings))
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
        ["analytics:read"],
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://analytics",
        headers={"Authorization": f"Bearer {secret}"},
    ) as client:
        yield client
