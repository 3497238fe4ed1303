"""Figures of members who are merged: of the union, for the whole history, until they part."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events, on_members
from shared.contracts.facts import MEMBER_FACT
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

APRIL = {"from": "2024-04-01", "to": "2024-04-01"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def merge(world: Any, revision: int) -> Any:
    data = {"member_id": world.uuid("ann2"), "into_id": world.uuid("ann"), "merged_at": NOON, "revision": revision}
    kind = "member.merged.v1"
    if revision % 2 == 0:
        kind, data = "member.unmerged.v1", data | {"unmerged_at": NOON}
    return MEMBER_FACT.validate_python(world.fact(kind, f"merge {revision}", data))


async def figures(world: Any, api: httpx.AsyncClient) -> tuple[Any, ...]:
    """Active on 31 March and 1 April, in that week and month, per channel of the week; new in March, in April."""

    await world.settle()

    async def ask(path: str, **query: str) -> Any:
        answer = await api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    days = {"from": "2024-03-31", "to": "2024-04-01"}
    of_days = [one["active_members"] for one in await ask("/v1/participation", **days)]
    (months, *_) = await ask("/v1/active-members", period="month", **{"from": "2024-03-01", "to": "2024-03-31"})
    (week,) = await ask("/v1/participation", by="week", **{"from": "2024-04-01", "to": "2024-04-07"})
    new = [
        sum(one["new_members"] for one in found["channels"])
        for found in await ask("/v1/acquisition", by="month", **{"from": "2024-03-01", "to": "2024-04-30"})
    ]
    return of_days, months["active_members"], week["active_members"], new


async def test_merged_members_are_one_in_every_period_until_they_part(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(
        on_events,
        world.event("e1", "ann", at=at("2024-03-30T22:59:59")),
        world.event("e2", "ann", at=at("2024-03-31T09:00:00")),
        world.event("e3", "bob", at=at("2024-03-31T00:30:00")),
        world.event("e5", "ann", at=at("2024-04-01T08:00:00")),
        world.event("e9", "ann2", channel="chat", kind="chat.message.v1", at=at("2024-04-01T09:00:00")),
        world.event("e10", "ann2", channel="chat", kind="chat.message.v1", at=at("2024-03-31T09:00:00")),
        world.event("e11", "cat", at=at("2024-04-02T09:00:00")),
    )
    apart = await figures(world, api)
    assert apart == ([3, 2], 3, 3, [3, 1])
    await world.handle(on_members, merge(world, 1))
    assert await figures(world, api) == ([2, 1], 2, 2, [2, 1])
    await world.handle(on_members, merge(world, 2))
    assert await figures(world, api) == apart
