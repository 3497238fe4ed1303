"""What is read and what moves its readers is what the raw input says, in two zones, in whatever order it comes."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events, on_members
from tests.integration.services.analytics.raw_input import RawInput
from tests.integration.services.analytics.test_retention import declare, event, merge

pytestmark = pytest.mark.stack

MEMBERS = tuple(f"m{number}" for number in range(7))
ITEMS = ("guide", "faq", "news", "rules")
MONTHS = (date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1))


async def assert_as_the_input_says(world: Any, api: httpx.AsyncClient, raw: RawInput) -> None:
    await world.settle()
    some = 0
    for month in MONTHS:
        found: list[Any] = []
        asked: dict[str, Any] = {"day": month.isoformat(), "limit": 2}
        while True:
            answer = await api.get("/v1/read-content", params=asked)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if answer.json()["next"] is None:
                break
            asked["after"] = answer.json()["next"]
        told = raw.ask("read", month=month)
        shown = {
            one["item_id"]: (one["reads"], one["readers"], one["responses"], one["responders"]) for one in found
        }
        assert len(found) == len(shown)
        assert shown == {row[0]: tuple(row[1:5]) for row in told}
        bounds = {row[0]: row[5] for row in told}
        assert [one["resonance"] for one in found] == pytest.approx(
            [bounds[one["item_id"]] for one in found], abs=1e-4
        )
        assert [one["resonance"] for one in found] == sorted(bounds_of(found), reverse=True)
        some += len(found)
    assert some > len(ITEMS)


def bounds_of(found: list[Any]) -> list[float]:
    return [one["resonance"] for one in found]


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_reads_and_responses_are_those_of_the_raw_input(
    world: Any, api: httpx.AsyncClient, zone: str
) -> None:
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    authors = dict(zip(ITEMS, MEMBERS, strict=False))
    facts: list[Any] = []
    for number in range(160):
        # About the ends of months, which are others in other zones.
        edge = datetime(2024, chance.choice((3, 4)), 1, tzinfo=UTC)
        at = edge + timedelta(minutes=chance.randrange(-3 * 1440, 3 * 1440), seconds=number)
        kind = chance.choice(("content.read.v1", "content.read.v1", "chat.reaction.v1", "forum.reply.v1"))
        item, name = chance.choice(ITEMS), f"e{number:03}"
        bots = {"bots": "member"} if chance.random() < 0.1 else {}
        made = event(world, calendar, name, chance.choice(MEMBERS), at, kind, "forum", **bots)
        whose = "replymember" if kind == "forum.reply.v1" else "objectmember"
        made["data"]["in_reply_to" if kind == "forum.reply.v1" else "object"] = {"id": item}
        if chance.random() < 0.8:
            made[whose] = world.uuid(authors[item])
        facts.append(made)
        if chance.random() < 0.25:
            facts.append(world.retraction(name, at + timedelta(hours=1)))
            if chance.random() < 0.4:
                facts.append(world.restoration(name, at + timedelta(hours=2)))
    facts += chance.sample(facts, 30)
    chance.shuffle(facts)
    given = facts
    while given:
        size = chance.choice((1, 7, 40))
        await world.handle(on_events, *given[:size])
        given = given[size:]
        if chance.random() < 0.3:
            await world.settle()
    await assert_as_the_input_says(world, api, RawInput(facts, {}, zone))

    await world.handle(on_members, merge(world, "m1", "m5", 1), merge(world, "m6", "m5", 1))
    one = {world.uuid("m1"): world.uuid("m5"), world.uuid("m6"): world.uuid("m5")}
    await assert_as_the_input_says(world, api, RawInput(facts, one, zone))
    await world.handle(on_members, merge(world, "m6", "m5", 2, ends=True))
    await assert_as_the_input_says(world, api, RawInput(facts, {world.uuid("m1"): world.uuid("m5")}, zone))


async def test_what_made_it_is_named_and_reads_are_counted_by_channel(world: Any, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "UTC")
    at = datetime(2024, 3, 4, 10, tzinfo=UTC)
    post = event(world, calendar, "p", "ann", at, "forum.post.v1", "forum")
    post["data"]["object"] = {"id": "topic-1"}
    reads = [
        event(world, calendar, f"r{who}", who, at, "content.read.v1", "forum") for who in ("bob", "cat", "ann")
    ]
    for one in reads:
        one["data"]["object"] = {"id": "topic-1"}
        one["objectmember"] = world.uuid("ann")
    elsewhere = event(world, calendar, "x", "bob", at, "content.read.v1", "chat")
    elsewhere["data"]["object"] = {"id": "pinned"}
    await world.handle(on_events, *reads, elsewhere, post)
    await world.settle()
    found = (await api.get("/v1/read-content", params={"day": "2024-03-20"})).json()
    assert (found["starts_on"], found["ends_on"]) == ("2024-03-01", "2024-03-31")
    # Whose it is reads it too: a read, and no reader.
    assert found["channels"] == [{"channel": "forum", "reads": 3}, {"channel": "chat", "reads": 1}]
    by_id = {one["item_id"]: one for one in found["items"]}
    assert (by_id["topic-1"]["made_uid"], by_id["topic-1"]["readers"]) == (world.uuid("event p"), 2)
    assert (by_id["pinned"]["made_uid"], by_id["pinned"]["resonance"]) == (None, 0)
    chat = (await api.get("/v1/read-content", params={"day": "2024-03-20", "channel": "chat"})).json()
    assert [one["item_id"] for one in chat["items"]] == ["pinned"]
    table = await api.get("/v1/read-content.csv", params={"day": "2024-03-20"})
    assert '"forum","","topic-1","2","2","0","0","0.0"' in table.text
    refused = await api.get("/v1/read-content", params={"day": "0001-01-01"})
    assert refused.status_code == 422
