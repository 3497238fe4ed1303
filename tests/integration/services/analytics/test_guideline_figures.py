"""How much is reported, how long it takes, and about whom again: as told, in whatever order and twice."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.analytics.guidelines.handlers import on_guidelines
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack


async def test_cases_are_counted_once_as_they_are_now_and_decisions_by_when_they_were_first_made(
    world: Any, api: httpx.AsyncClient
) -> None:
    def case(name: str, revision: int, state: str, hours: int | None = None, member: str = "mal") -> Any:
        data = {
            "case_id": world.uuid(name),
            "revision": revision,
            "state": state,
            "channel": "forum",
            "host": "",
            "object_id": name,
            "member_id": world.uuid(member),
            "reports": 1,
            "opened_at": NOON,
            "due_at": NOON + timedelta(hours=10),
        }
        if hours is not None:
            data["decided_at"] = NOON + timedelta(hours=hours)
        return world.fact("guidelines.case_changed.v1", f"{name} {revision}", data)

    accepted = {"member_id": world.uuid("ada"), "version": "2", "accepted_at": NOON}
    facts = [
        case("p1", 1, "open"),
        case("p1", 2, "upheld", 4),
        case("p2", 2, "upheld", 20),
        case("p3", 3, "dismissed", 6, member="mel"),
        # Overturned much later: it was decided in time.
        case("p4", 2, "upheld", 2, member="mel"),
        case("p4", 4, "overturned", 90, member="mel"),
        case("p5", 1, "withdrawn"),
        world.fact("guidelines.accepted.v1", "accepted", accepted),
    ]
    for told in (facts, list(reversed(facts)), facts):
        await world.handle(on_guidelines, *told)
    answer = await api.get("/v1/guidelines/figures", params={"from": "2026-03-01", "to": "2026-03-31"})
    assert answer.json() == {
        "opened": 4,
        "decided": 4,
        "upheld": 2,
        "dismissed": 1,
        "overturned": 1,
        "waiting": 0,
        "late": 1,
        "median_hours": 5.0,
        "ninth_decile_hours": 15.8,
        "members": 1,
        "repeat_members": 1,
        "accepted": 1,
    }
    empty = (await api.get("/v1/guidelines/figures", params={"from": "2026-04-01", "to": "2026-04-30"})).json()
    assert (empty["opened"], empty["median_hours"]) == (0, None)
