"""Scoring's community: its programme, its events, and what was recorded and published of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest

from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.main import SPEC
from services.scoring.programmes.domain.publication import Author, Submission
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.programmes.handlers.publishing import Published, publish_programme
from shared.contracts.programme import Programme
from shared.service import ServiceSpec
from tests.integration.services.world import NOON, World

RULES = """
programme: demo
title: Demo
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 3, daily_cap: 10}
  - {id: long, title: Wrote much, on: [forum.post.v1], when: data.length_chars > 100, points: 5}
"""


class ScoringWorld(World):
    """Makes events, has them scored, and sees what was recorded."""

    rules = RULES
    noon = NOON

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool, SPEC)
        self.scorer = Scorer()

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
            "contenthash": self.uuid(f"content {name}").replace("-", ""),
            "data": {"channel": "chat"},
        }
        if other is not None:
            event["objectmember"] = self.uuid(other)
        return event | more

    def retraction(self, name: str) -> Any:
        target = self.uuid(f"event {name}")
        return self.event(f"not {name}", "moderator", None, type="activity.retracted.v1", targetuid=target)

    async def publish(self, text: str = RULES, requested: datetime | None = None) -> Published:
        """Publish as somebody whose name is `test`."""
        programme = read_programme(text)
        assert isinstance(programme, Programme), programme
        async with self.begin() as tx:
            return await publish_programme(
                tx,
                community=self.community,
                submission=Submission(programme, text, Author(None, "test", "test"), requested, note="Another"),
            )

    async def score(self, *events: Any, scorer: Scorer | None = None) -> None:
        async with self.begin() as tx:
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
        """Topic, key and fact of what is in the outbox, which is emptied."""
        return [(row["topic"], row["key"].decode(), orjson.loads(row["value"])) for row in await self.outbox()]


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["programmes:write", "programmes:read", "points:read"]


@pytest.fixture
def world(pool: asyncpg.Pool) -> ScoringWorld:
    return ScoringWorld(pool)
