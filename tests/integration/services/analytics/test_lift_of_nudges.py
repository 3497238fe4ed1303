"""What nudges do: each member in the arm that they were drawn for, looked at once their days are over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events, on_members
from services.analytics.lift.handlers import on_nudges, settle
from shared.contracts.facts import NUDGE_DECIDED
from tests.integration.services.merging import Merging

pytestmark = pytest.mark.stack


def decision(world: Any, name: str, member: str, *, out: bool, days: float, nudge: str = "hello") -> Any:
    at = datetime.now(UTC) - timedelta(days=days)
    data = {
        "nudge_id": world.uuid(f"nudge {name}"),
        "nudge": nudge,
        "kind": "welcome",
        "title": "Hello",
        "member_id": world.uuid(member),
        "cause_id": world.uuid(f"cause {name}"),
        "held_out": out,
        "decided_at": at,
        "wished": ["forum.post.v1"],
        "within_days": 7,
        "programme_version": 1,
    }
    return NUDGE_DECIDED.adapter.validate_python(world.fact("nudge.decided.v1", name, data))


async def settled(world: Any) -> None:
    for _ in range(20):
        async with world.begin() as tx:
            if not await settle(tx):
                return
    raise AssertionError("it does not come to an end")


async def test_each_member_counts_once_as_drawn_and_who_is_in_both_in_neither(
    world: Any, api: httpx.AsyncClient
) -> None:
    def posted(name: str, member: str, days: float, **more: Any) -> Any:
        return world.event(name, member, at=datetime.now(UTC) - timedelta(days=days), **more)

    await world.handle(
        on_events,
        posted("1", "ada", 18),  # within seven days of the first
        posted("2", "grace", 11),  # after them
        posted("3", "linus", 19, kind="chat.message.v1"),  # something else
        posted("4", "out", 18),
        posted("5", "twin", 18),
        posted("6", "taken", 18),
        world.retraction("6"),
    )
    facts = [
        decision(world, "a", "ada", out=False, days=20),
        decision(world, "a again", "ada", out=False, days=2),
        decision(world, "g", "grace", out=False, days=20),
        decision(world, "l", "linus", out=False, days=20),
        decision(world, "t", "taken", out=False, days=20),
        decision(world, "new", "hedy", out=False, days=2),
        decision(world, "o", "out", out=True, days=20),
        decision(world, "p", "other", out=True, days=20),
        decision(world, "w", "twin", out=True, days=20),
        decision(world, "x", "brother", out=False, days=20),
        decision(world, "y", "ada", out=False, days=20, nudge="thanks"),
    ]
    await world.handle(on_nudges, *facts, *facts)
    await Merging(world, on_members).merge("twin", "brother")
    await settled(world)
    days = {"from": (datetime.now(UTC) - timedelta(days=29)).date().isoformat()}
    found = (await api.get("/v1/lift/nudges", params=days | {"limit": 1})).json()
    (hello,) = found["items"]
    assert hello["treated"] == {"members": 5, "settled": 4, "did": 1, "share_percent": 25.0}
    assert hello["held_out"] == {"members": 2, "settled": 2, "did": 1, "share_percent": 50.0}
    assert (hello["sent"], hello["left_out_members"]) == (7, 1)
    assert (hello["verdict"], hello["difference_points"]) == ("too_small_to_tell", -25.0)
    assert hello["low_points"] < hello["difference_points"] < hello["high_points"]
    rest = (await api.get("/v1/lift/nudges", params=days | {"after": found["next"]})).json()
    (thanks,) = rest["items"]
    assert (thanks["nudge"], thanks["verdict"], thanks["difference_points"]) == ("thanks", "nothing_yet", None)
