"""Recognition's community: awards and what amends them, and what was granted for them."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson
import pytest

from services.recognition.main import SPEC
from services.recognition.totals import handlers
from shared.service import ServiceSpec
from shared.topics import CELEBRATIONS, MESSAGES
from tests.integration.services.world import NOON, World


class RecognitionWorld(World):
    """Numbers its awards, each of an event of its own."""

    def __init__(self, pool: asyncpg.Pool, spec: ServiceSpec) -> None:
        super().__init__(pool, spec)
        self._numbers = itertools.count(1)
        #: What was celebrated, as far as it was looked at.
        self.celebrations: list[Any] = []

    def award(
        self,
        member: str,
        points: int,
        *,
        rule: str = "post",
        at: datetime = NOON,
        amends: Any = None,
        total: int = 0,
        revision: int = 1,
    ) -> Any:
        number = next(self._numbers)
        return self.award_fact(
            self.uuid(f"award {number}"),
            member,
            points,
            self.uuid(f"event {number}"),
            rule=rule,
            at=at,
            amends=amends["data"]["award_id"] if amends is not None else None,
            total=total,
            revision=revision,
        )

    def amendment(self, award: Any, change: int, total: int, revision: int) -> Any:
        """What an award amounts to since: by so many points more or less, so many in all."""
        data = award["data"]
        name = next(one for one in "abcdefgh" if self.uuid(one) == data["member_id"])
        more = {"rule": data["rule_id"], "at": data["event_time"], "total": total, "revision": revision}
        return self.award(name, change, amends=award, **more)

    def reversal(self, award: Any) -> Any:
        """What takes an award back whole, as its first amendment."""
        return self.amendment(award, -award["data"]["points"], 0, 1)

    def programme(self, version: int, recognition: Any, *, effective_from: datetime = NOON) -> Any:
        return self.programme_fact(version, {"recognition": recognition}, effective_from)

    async def awarded(self, *awards: Any) -> None:
        await self.handle(handlers.on_awards, *awards)

    async def published(self) -> list[Any]:
        """The data of the facts in the outbox but for messages and celebrations, which are kept; it is emptied."""
        rows, aside = await self.outbox(), (CELEBRATIONS.name, MESSAGES.name)
        self.celebrations += [
            orjson.loads(row["value"])["data"] for row in rows if row["topic"] == CELEBRATIONS.name
        ]
        return [orjson.loads(row["value"])["data"] for row in rows if row["topic"] not in aside]

    async def asked_for(self) -> list[Any]:
        """The facts that ask for messages, since this was asked last."""
        return [orjson.loads(row["value"]) for row in await self.outbox() if row["topic"] == MESSAGES.name]

    async def celebrated(self) -> list[Any]:
        """The data of what was celebrated since this was asked last."""
        await self.published()
        found, self.celebrations = self.celebrations, []
        return found


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read"]


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> RecognitionWorld:
    return RecognitionWorld(pool, spec)
