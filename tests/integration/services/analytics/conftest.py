"""Analytics' community: the facts that it reads of every service."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from services.analytics.content.handlers import count as count_content
from services.analytics.main import SPEC
from services.analytics.network.handlers import count as count_ties
from services.analytics.response_times.handlers import settle
from services.analytics.retention.handlers.folding import fold
from services.analytics.sentiment.handlers import count
from shared.contracts.award_ids import award_prefix
from shared.service import ServiceSpec
from tests.integration.services.world import NOON, World


class AnalyticsWorld(World):
    """Makes events, awards, programmes and payouts."""

    def award_id(self, name: str) -> str:
        """The id of an award that the event of its name earned at noon; "-1" and "--1" amend "1"."""
        uid = self.uuid(f"event {name.lstrip('-')}")
        return award_prefix(uid, NOON) + self.uuid(f"award {name}")[24:]

    async def settle(self) -> None:
        """Have the timers count everybody and every question of the community that is to be counted."""
        timers = (
            ("retention_marks", fold),
            ("response_marks", settle),
            ("tone_marks", count),
            ("tie_marks", count_ties),
            ("content_marks", count_content),
        )
        for table, timer in timers:
            marked = f"select exists (select from {table} where community = $1)"
            while await self.pool.fetchval(marked, self.community):
                async with self.begin() as tx:
                    await timer(tx)

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

    def retraction(self, name: str, at: datetime = NOON, *, number: int = 1) -> Any:
        target = self.uuid(f"event {name}")
        kind = "activity.retracted.v1"
        return self.event(f"not {name} {number}", "moderator", kind=kind, at=at, targetuid=target)

    def restoration(self, name: str, at: datetime = NOON, *, number: int = 1) -> Any:
        """One of which nobody knows whose it is."""
        target = self.uuid(f"event {name}")
        made = self.event(f"again {name} {number}", kind="activity.restored.v1", at=at, targetuid=target)
        return {key: value for key, value in made.items() if key != "member"}

    def award(
        self,
        name: str,
        event: str,
        points: int = 5,
        *,
        rule: str = "post",
        amends: str = "",
        revision: int = 1,
        total: int = 0,
        cause: str = "retracted",
    ) -> Any:
        return self.award_fact(
            self.award_id(name),
            "ada",
            points,
            self.uuid(f"event {event}"),
            rule=rule,
            amends=self.award_id(amends) if amends else None,
            revision=revision,
            total=total,
            cause=cause,
        )

    def programme(self, version: int, rules: list[dict[str, Any]], effective_from: datetime = NOON) -> Any:
        return self.programme_fact(version, {"rules": rules}, effective_from)

    def grant_fact(self, name: str, award_id: str, *, reverses: str | None = None) -> Any:
        """A badge that an award granted or, if it `reverses` a grant, took back."""
        data = {
            "grant_id": self.uuid(name),
            "member_id": self.uuid("ada"),
            "kind": "badge",
            "id": "five",
            "title": "Five",
            "award_id": award_id,
            "event_time": NOON,
        }
        return self.fact("recognition.granted.v1", name, data | ({"reverses": reverses} if reverses else {}))

    def payout(self, state: str, by: str = "rewards", *, at: datetime = NOON, **more: str) -> Any:
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
            **more,
        }
        return self.fact("payout.changed.v1", f"payout {state}", data, at)

    def redemption(self, state: str, *, at: datetime = NOON) -> Any:
        data = {
            "redemption_id": self.uuid("redemption"),
            "member_id": self.uuid("ada"),
            "reward_id": "stickers",
            "title": "A pack of stickers",
            "points": 4,
            "state": state,
            "by": "rewards",
        }
        return self.fact("redemption.changed.v1", f"redemption {state}", data, at)

    def redemption_lots(self, *lots: tuple[str, int]) -> Any:
        told = self.lots(*lots)["data"]
        data = {name: told[name] for name in ("part", "parts", "lots")}
        return self.fact(
            "redemption.lots.v1", "redemption lots", data | {"redemption_id": self.uuid("redemption")}
        )

    def lots(self, *lots: tuple[str, int], part: int = 0) -> Any:
        data = {
            "payout_id": self.uuid("payout"),
            "part": part,
            "parts": part + 1,
            "lots": [{"award_id": self.award_id(name), "points": points} for name, points in lots],
        }
        return self.fact("payout.lots.v1", f"lots {part}", data)


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["analytics:read"]


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> AnalyticsWorld:
    return AnalyticsWorld(pool, spec)
