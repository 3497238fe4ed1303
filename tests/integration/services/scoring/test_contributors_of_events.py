"""What several people did together, as it is scored: under limits, merged, taken back, and explained for each."""

from typing import Any

import httpx
import pytest

from services.scoring.audiences.handlers.deciding import on_members
from tests.integration.services.merging import Merging

pytestmark = pytest.mark.stack

RULES = """
programme: demo
title: Demo
rules:
  - {id: team, title: Wrote together, on: [chat.message.v1], points: 10, to: team, split: equal, daily_cap: 12}
  - {id: each, title: Helped, on: [chat.message.v1], points: 2, to: contributors}
"""


async def points(world: Any, rule: str) -> dict[str, int]:
    names = {world.uuid(name): name for name in ("ann", "bob", "cy")}
    return {names[member]: total for (member, of), total in (await world.totals()).items() if of == rule}


async def test_a_team_shares_and_each_is_under_their_own_limits(world: Any, api: httpx.AsyncClient) -> None:
    await world.publish(RULES)
    together = {"contributor1": world.uuid("bob"), "contributor2": world.uuid("cy")}
    await world.score(world.event("1", "ann", None, **together), world.event("2", "ann", None, **together))
    await world.score(world.event("1", "ann", None, **together))
    assert await points(world, "team") == {"ann": 8, "bob": 6, "cy": 6}
    assert await points(world, "each") == {"bob": 4, "cy": 4}
    # Ann has 4 left of her day; what she may not have is nobody else's.
    await world.score(world.event("3", "ann", None), world.event("4", "bob", None, contributor1=world.uuid("ann")))
    assert await points(world, "team") == {"ann": 12, "bob": 11, "cy": 6}
    # Those who earn nothing stand side by side, each with the reason.
    await world.score(
        world.event("5", "ann", None, contributor1=world.uuid("ann"), contributor2=world.uuid("ann"))
    )
    explained = (await api.get(f"/v1/events/{world.uuid('event 5')}/explanation")).json()
    declined = {(one["rule_id"], one["beneficiary"], one["reason"]) for one in explained["declined"]}
    assert declined >= {
        ("team", "contributor1", "twice"),
        ("team", "contributor2", "twice"),
        ("each", "contributor1", "own_act"),
    }
    listed = (await api.get("/v1/awards", params={"event": world.uuid("event 1")})).json()
    assert {(one["beneficiary"], one["points"]) for one in listed["items"] if one["rule_id"] == "team"} == {
        ("actor", 4),
        ("contributor1", 3),
        ("contributor2", 3),
    }
    await world.score(world.retraction("1"))
    assert await points(world, "each") == {"bob": 2, "cy": 2, "ann": 2}


async def test_who_is_merged_is_one_of_the_team(world: Any) -> None:
    merging = Merging(world, on_members)
    await world.publish(RULES)
    await merging.merge("cy", "bob")
    together = {"contributor1": world.uuid("bob"), "contributor2": world.uuid("cy")}
    await world.score(world.event("1", "ann", None, **together))
    assert await points(world, "team") == {"ann": 5, "bob": 5}
    await merging.unmerge("cy")
    await world.score(world.event("2", "ann", None, **together))
    assert await points(world, "team") == {"ann": 9, "bob": 8, "cy": 3}
