"""Scoring on a real database: its handlers in transactions, its API in this process."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx
import orjson
import pytest

from services.scoring.domain.programme import read_programme
from services.scoring.handlers import Published, Scorer, publish_programme
from services.scoring.main import SPEC
from services.scoring.settings import Settings
from shared.contracts.programme import Programme
from shared.http.keys import KeyRing, hash_secret
from shared.postgres import create_pool
from shared.service import describe
from shared.transaction import transaction

NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LEAD_SECONDS = 2.0

RULES = """
programme: demo
title: Demo
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 3, daily_cap: 10}
  - {id: long, title: Wrote much, on: [forum.post.v1], when: data.length_chars > 100, points: 5}
"""


class World:
    """One community of its own: makes events, has them scored, and sees what was recorded and published."""

    rules = RULES
    noon = NOON

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.community = f"c{uuid4().hex[:12]}"
        self.scorer = Scorer()

    def uuid(self, name: str) -> str:
        """The same id for the same name, in this community."""
        return str(uuid5(NAMESPACE, f"{self.community} {name}"))

    def event(self, name: str, member: str = "ann", other: str | None = "bob", **more: Any) -> Any:
        event = {
            "specversion": "1.0",
            "id": name,
            "source": "chat",
            "type": "chat.message.v1",
            "time": NOON,
            "community": self.community,
            "uid": self.uuid(f"event {name}"),
            "member": self.uuid(member),
            "receivedat": datetime.now(UTC),
            "data": {"channel": "chat", "actor": {"id": member}},
        }
        if other is not None:
            event["objectmember"] = self.uuid(other)
        return event | more

    def retraction(self, name: str) -> Any:
        target = self.uuid(f"event {name}")
        return self.event(f"not {name}", "moderator", None, type="activity.retracted.v1", targetuid=target)

    async def publish(self, text: str = RULES, requested: datetime | None = None) -> Published:
        programme = read_programme(text)
        assert isinstance(programme, Programme), programme
        async with transaction(self.pool, lambda _: None) as tx:
            return await publish_programme(tx, self.community, programme, text, "test", requested, LEAD_SECONDS)

    async def score(self, *events: Any, scorer: Scorer | None = None) -> None:
        async with transaction(self.pool, lambda _: None) as tx:
            await (scorer or self.scorer).on_activities(tx, list(events))

    async def awards(self) -> Sequence[Any]:
        return list(
            await self.pool.fetch(
                "select * from awards where community = $1 order by event_uid, award_id", self.community
            )
        )

    async def totals(self) -> dict[tuple[str, str], int]:
        """Points by (member id, rule)."""
        rows = await self.pool.fetch(
            "select member_id, rule_id, sum(points) as points from awards where community = $1 group by 1, 2",
            self.community,
        )
        return {(str(row["member_id"]), row["rule_id"]): row["points"] for row in rows if row["points"]}

    async def published(self) -> list[Any]:
        """What went to the outbox for this community, in order; it is emptied."""
        rows = await self.pool.fetch(
            "delete from outbox where key like $1 returning id, topic, key, value", f"{self.community}|%".encode()
        )
        rows = sorted(rows, key=lambda row: row["id"])
        return [(row["topic"], row["key"].decode(), orjson.loads(row["value"])) for row in rows]

    async def key(self, *scopes: str) -> str:
        """The secret of an access key with those scopes."""
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
    made = await create_pool("scoring", Settings(**stack.settings))
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
    app.state.begin = lambda: transaction(pool, lambda _: None)
    app.state.keys = KeyRing(pool, settings)
    secret = await world.key("programmes:write", "programmes:read", "points:read")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://scoring",
        headers={"Authorization": f"Bearer {secret}"},
    ) as client:
        yield client
