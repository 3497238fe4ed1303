"""The network: who turned to whom is what the raw input says, whatever comes in which order."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events, on_members
from tests.integration.services.analytics.raw_input import RawInput
from tests.integration.services.analytics.test_retention import declare, event, merge

pytestmark = pytest.mark.stack

SPRING = {"from": "2024-03-01", "to": "2024-05-31"}
FIRST, LAST = date(2024, 3, 1), date(2024, 5, 31)
MEMBERS = tuple(f"m{number}" for number in range(12))


async def pages(api: httpx.AsyncClient, path: str, **more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    asked = SPRING | {"limit": "7"} | more
    while True:
        answer = await api.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next"] is None:
            return found
        asked["after"] = answer.json()["next"]


async def assert_as_the_input_says(world: Any, api: httpx.AsyncClient, raw: RawInput) -> None:
    await world.settle()
    ties = raw.ask("ties", first=FIRST, last=LAST)
    shown = [
        (one["from_member_id"], one["to_member_id"], one["times"], one["is_mutual"])
        for one in await pages(api, "/v1/ties")
    ]
    assert shown == ties
    network = (await api.get("/v1/network", params=SPRING)).json()
    assert (network["ties"], network["times"]) == (len(ties), sum(tie[2] for tie in ties))
    assert network["reciprocity"]["number"] == sum(tie[3] for tie in ties)
    members, parts, largest, factor = raw.ask("parts", first=FIRST, last=LAST)[0]
    shown_parts = (network["members"], network["parts"], network["largest_part"]["number"])
    assert (*shown_parts, network["absence_factor"]) == (members, parts, largest, factor)
    bridges = raw.ask("bridges", first=FIRST, last=LAST)
    assert len(bridges) >= 3
    assert (bridges, network["bridging_members"]) == (
        [(one["member_id"], one["cut_off"], one["members"]) for one in await pages(api, "/v1/bridging-members")],
        len(bridges),
    )
    isolated = [
        (one["member_id"], date.fromisoformat(one["first_day"]), one["active_days"], one["given"])
        for one in await pages(api, "/v1/isolated-newcomers")
    ]
    assert isolated == raw.ask("isolated", first=FIRST, last=LAST)


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_ties_are_those_of_the_raw_input(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    facts: list[Any] = []
    for number in range(170):
        at = datetime(2024, 2, 20, tzinfo=UTC) + timedelta(minutes=chance.randrange(110 * 1440))
        # Few turn to the last members, and some turn to themselves.
        kind, whom = chance.choice((("forum.reply.v1", "replymember"), ("kudos.given.v1", "objectmember")))
        more = {whom: world.uuid(chance.choice(MEMBERS[:8]))} if chance.random() < 0.8 else {}
        fate = chance.random()
        if fate < 0.1:
            more["bots"] = chance.choice(("member", "replymember" if "replymember" in more else "member"))
        name = f"{number:03}"
        facts.append(event(world, calendar, name, chance.choice(MEMBERS), at, kind, "forum", **more))
        if chance.random() < 0.25:
            facts.append(world.retraction(name, at + timedelta(hours=1)))
            if chance.random() < 0.4:
                facts.append(world.restoration(name, at + timedelta(hours=2)))
    for number in range(4):
        at = datetime(2024, 4, 3, 22, 30, tzinfo=UTC) + timedelta(days=number)
        facts.append(event(world, calendar, f"new{number}", f"new{number}", at, "forum.post.v1", "forum"))
    # Some hang on by one member alone, and some on nobody.
    for number, (who, whom) in enumerate((("leaf", "m7"), ("tip", "leaf"), ("far", "off"), ("away", "off"))):
        at, more = datetime(2024, 4, 1 + number, tzinfo=UTC), {"replymember": world.uuid(whom)}
        facts.append(event(world, calendar, who, who, at, "forum.reply.v1", "forum", **more))
    facts += chance.sample(facts, 20)
    chance.shuffle(facts)
    given = facts
    while given:
        size = chance.choice((1, 9, 40))
        await world.handle(on_events, *given[:size])
        given = given[size:]
        if chance.random() < 0.3:
            await world.settle()
    await assert_as_the_input_says(world, api, RawInput(facts, {}, zone))
    await world.handle(on_members, merge(world, "m1", "m2", 1), merge(world, "new1", "m9", 1))
    one = {world.uuid("m1"): world.uuid("m2"), world.uuid("new1"): world.uuid("m9")}
    await assert_as_the_input_says(world, api, RawInput(facts, one, zone))
    await world.handle(on_members, merge(world, "m1", "m2", 2, ends=True))
    one.pop(world.uuid("m1"))
    await assert_as_the_input_says(world, api, RawInput(facts, one, zone))


@pytest.fixture
def few(world: Any) -> None:
    """A network is made of two ties; said before the API begins."""
    world.configure(ties_max_count=2)


async def test_a_network_has_a_limit_and_may_be_empty(world: Any, few: None, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "UTC")
    empty = (await api.get("/v1/network", params=SPRING)).json()
    assert (empty["absence_factor"], empty["reciprocity"]["value"]) == (None, None)
    replies = [
        event(
            world,
            calendar,
            f"{n}",
            f"m{n}",
            datetime(2024, 3, 4, n, tzinfo=UTC),
            "forum.reply.v1",
            "forum",
            replymember=world.uuid("ann"),
        )
        for n in range(3)
    ]
    await world.handle(on_events, *replies[:2])
    await world.settle()
    bridges = await pages(api, "/v1/bridging-members")
    assert [(one["member_id"], one["cut_off"], one["members"]) for one in bridges] == [(world.uuid("ann"), 1, 3)]
    assert (await api.get("/v1/ties.csv", params=SPRING)).text.count("\r\n") == 3
    assert await pages(api, "/v1/ties", kind="thanks") == []
    await world.handle(on_events, replies[2])
    await world.settle()
    answer = await api.get("/v1/network", params=SPRING)
    assert answer.status_code == 422, answer.text
    assert "More than 2 ties" in answer.json()["detail"]
