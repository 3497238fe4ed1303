"""A member's events, newest first: what they did, what was done to what is theirs, and what each earned them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events
from services.analytics.points.handlers import on_awards
from services.analytics.recognition.handlers import on_grants
from shared.followed_members import on_members

pytestmark = pytest.mark.stack

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


async def timeline(api: httpx.AsyncClient, member: str, limit: int = 500, **query: Any) -> list[tuple[str, int]]:
    """Each event's id and what it earned the member, read in pages."""
    found: list[tuple[str, int]] = []
    after: dict[str, Any] = {}
    while True:
        answer = await api.get(f"/v1/members/{member}/events", params={"limit": limit, **query, **after})
        assert answer.status_code == 200, answer.text
        found += [(one["event"]["event_id"], one["points"]) for one in answer.json()["items"]]
        if answer.json()["next"] is None:
            return found
        after = {"after": answer.json()["next"]}


async def test_a_members_events_with_what_they_earned(world: Any, api: httpx.AsyncClient) -> None:
    ada = world.uuid("ada")
    hour = timedelta(hours=1)
    events = [
        world.event("own", objectmember=ada),
        world.event("nothing", at=NOON - hour),
        world.event("liked", "bob", at=NOON - 2 * hour, objectmember=ada),
        world.event("answered", "bob", at=NOON - 3 * hour, replymember=ada, objectmember=world.uuid("eve")),
        world.event("others", "bob"),
    ]
    await world.handle(on_events, *events)
    own = world.award("own", "own")
    await world.handle(on_awards, own)
    await world.handle(on_grants, world.grant_fact("five", world.award_id("own")))
    data = {"member_id": world.uuid("bob"), "name": "Bob", "revision": 1, "identities": []}
    await world.handle(on_members, world.fact("member.identified.v1", "bob", data))

    whole = [("own", 5), ("nothing", 0), ("liked", 0), ("answered", 0)]
    for limit in (1, 3, 500):
        assert await timeline(api, ada, limit) == whole
        assert await timeline(api, ada, limit, earned=True) == whole[:1]
        assert await timeline(api, ada, limit, earned=False) == whole[1:]
    body = (await api.get(f"/v1/members/{ada}/events")).json()
    assert [grant["title"] for grant in body["items"][0]["awards"][0]["grants"]] == ["Five"]
    assert body["names"] == {world.uuid("bob"): "Bob"}
    assert await timeline(api, world.uuid("nobody")) == []

    await world.handle(on_awards, world.award("-own", "own", -5, amends="own"))
    assert await timeline(api, ada, earned=False) == [("own", 0), *whole[1:]]
    assert (await api.get(f"/v1/members/{ada}/events?after=WyJ4Il0")).status_code == 422
