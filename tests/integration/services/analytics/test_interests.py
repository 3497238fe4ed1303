"""What members are interested in and know is what the raw input says, and nobody's who does not want it."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.intake.handlers import on_events, on_members
from tests.integration.services.analytics.raw_input import RawInput
from tests.integration.services.analytics.test_audiences_followed import said
from tests.integration.services.analytics.test_response_times import replying
from tests.integration.services.analytics.test_retention import declare, event, merge

pytestmark = pytest.mark.stack

TOPICS = ("Gears", "Lathes", "Oil", "")
MEMBERS = ("ann", "bob", "cat", "dan")


async def topics(api: httpx.AsyncClient, world: Any, member: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/members/{world.uuid(member)}/topics")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def assert_as_the_input_says(world: Any, api: httpx.AsyncClient, raw: RawInput, member: str) -> None:
    """Topics of who is asked for as they are called now, and each source of every one of them."""
    found, now, person = await topics(api, world, member), datetime.now(UTC), world.uuid(member)
    told = raw.ask("interests", person=person, now=now)
    assert told
    assert [
        (one["topic"], one["wrote"], one["read"], datetime.fromisoformat(one["last_at"]))
        for one in found["interests"]
    ] == [row[:4] for row in told]
    assert [one["weight"] for one in found["interests"]] == pytest.approx([row[4] for row in told], abs=1e-3)
    answered = raw.ask("expertise", person=person, now=now)
    assert [(one["topic"], one["answers"]) for one in found["expertise"]] == [row[:2] for row in answered]
    assert [one["weight"] for one in found["expertise"]] == pytest.approx([row[3] for row in answered], abs=1e-3)
    known = dict(row[:2] for row in answered)
    for topic, wrote, read, *_ in told:
        sources: list[Any] = []
        asked: dict[str, Any] = {"topic": topic, "limit": 3}
        while True:
            page = (await api.get(f"/v1/members/{person}/topic-sources", params=asked)).json()
            sources += page["items"]
            if page["next"] is None:
                break
            asked["after"] = page["next"]
        ways = [one["how"] for one in sources]
        assert (ways.count("wrote"), ways.count("read"), ways.count("answered")) == (
            wrote,
            read,
            known.get(topic, 0),
        )
        assert [one["at"] for one in sources] == sorted((one["at"] for one in sources), reverse=True)


async def test_topics_of_members_are_those_of_the_raw_input(world: Any, api: httpx.AsyncClient) -> None:
    chance = random.Random(24)
    calendar = await declare(world, "Europe/Rome")
    facts: list[Any] = []
    for number in range(50):
        at = datetime(2024, 1, 5, tzinfo=UTC) + timedelta(minutes=chance.randrange(150 * 1440), seconds=number)
        kind = chance.choice(("forum.post.v1", "forum.post.v1", "content.read.v1"))
        made = event(world, calendar, f"q{number:02}", chance.choice(MEMBERS), at, kind, "forum")
        if topic := chance.choice(TOPICS):
            made["data"]["topic"] = topic
        facts.append(made)
        for reply in range(chance.choice((0, 1, 2)) if kind == "forum.post.v1" else 0):
            name, bots = f"q{number:02}r{reply}", {"bots": "member"} if chance.random() < 0.2 else {}
            answered_at = at + timedelta(seconds=chance.choice((60, 3_600, 86_401)))
            facts.append(
                replying(world, calendar, name, chance.choice(MEMBERS), answered_at, f"q{number:02}", **bots)
            )
            if topic and chance.random() < 0.5:
                facts[-1]["data"]["topic"] = topic
        if chance.random() < 0.3:
            facts.append(world.retraction(f"q{number:02}", at + timedelta(days=1)))
            if chance.random() < 0.4:
                facts.append(world.restoration(f"q{number:02}", at + timedelta(days=2)))
    facts += chance.sample(facts, 20)
    chance.shuffle(facts)
    given = facts
    while given:
        size = chance.choice((1, 7, 40))
        await world.handle(on_events, *given[:size])
        given = given[size:]
    await world.settle()
    raw = RawInput(facts, {}, "Europe/Rome")
    for member in MEMBERS:
        await assert_as_the_input_says(world, api, raw, member)

    await world.handle(on_members, merge(world, "ann", "bob", 1))
    await world.settle()
    raw = RawInput(facts, {world.uuid("ann"): world.uuid("bob")}, "Europe/Rome")
    await assert_as_the_input_says(world, api, raw, "bob")
    assert (await topics(api, world, "ann"))["interests"] == (await topics(api, world, "bob"))["interests"]


async def test_of_who_wants_no_part_in_figures_or_was_erased_nothing_is_worked_out(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    calendar = await declare(world, "UTC")
    at = datetime(2024, 3, 4, 10, tzinfo=UTC)
    post = event(world, calendar, "q", "ann", at, "forum.post.v1", "forum")
    post["data"]["topic"] = "Gears"
    await world.handle(on_events, post, replying(world, calendar, "r", "dan", at, "q"))
    await world.settle()

    async def knowing() -> list[str]:
        answer = await api.get("/v1/topic-answerers", params={"topic": "Gears"})
        return [one["member_id"] for one in answer.json()["members"]]

    def wish(member: str, revision: int, *, wants_none: bool) -> Any:
        fact = said(world, member, revision)
        fact["data"]["dated"] = [
            {
                "kind": "opt_out",
                "name": "analytics",
                "since": at + timedelta(hours=revision),
                "said_at": at,
                "value": wants_none,
                "source": "self",
            }
        ]
        return fact

    assert [one["topic"] for one in (await topics(api, world, "dan"))["expertise"]] == ["Gears"]
    assert await knowing() == [world.uuid("dan")]
    await world.handle(on_members, wish("dan", 1, wants_none=True))
    assert await topics(api, world, "dan") == {
        "member_id": world.uuid("dan"),
        "unwanted": True,
        "interests": [],
        "expertise": [],
    }
    sources = await api.get(f"/v1/members/{world.uuid('dan')}/topic-sources", params={"topic": "Gears"})
    assert sources.json()["items"] == []
    assert await knowing() == []
    await world.handle(on_members, wish("dan", 2, wants_none=False))
    assert await knowing() == [world.uuid("dan")]

    kept = "select count(*) from topic_events where community = $1"
    assert await pool.fetchval(kept, world.community) == 1
    gone = world.fact(
        "member.erased.v1",
        "gone",
        {"member_id": world.uuid("ann"), "identities": [], "revision": 9, "erased_at": at, "forfeits": False},
        at,
    )
    await world.handle(on_members, gone)
    assert await pool.fetchval(kept, world.community) == 0
    again = event(world, calendar, "q2", "ann", at, "forum.post.v1", "forum")
    again["data"]["topic"] = "Gears"
    await world.handle(on_events, again)
    assert await pool.fetchval(kept, world.community) == 0
