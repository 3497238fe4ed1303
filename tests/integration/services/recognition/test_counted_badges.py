"""Badges for events: the title is true whatever a cap leaves, whenever it is published, in whatever order."""

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.recognition.counts.handlers import keep_counting, on_events
from services.recognition.thresholds.handlers import on_programmes
from shared.contracts.backfill import is_backfill
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

FIVE = {"id": "five", "title": "Five messages", "rule": "message", "at_least": 5}
RULE = {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1, "daily_cap": 2}


def programme(world: Any, version: int, *badges: Any, rules: Any = (RULE,)) -> Any:
    document = {"rules": list(rules), "recognition": {"badges": list(badges)}}
    return world.programme_fact(version, document)


def event(world: Any, name: object, member: str = "a", **more: Any) -> Any:
    return {
        "specversion": "1.0",
        "id": f"{name}",
        "source": "chat",
        "type": "chat.message.v1",
        "time": NOON,
        "community": world.community,
        "uid": world.uuid(f"event {name}"),
        "member": world.uuid(member),
        "receivedat": NOON,
        "data": {"channel": "chat", "actor": {"id": member}},
    } | more


def said(world: Any, kind: str, name: object, minutes: int) -> Any:
    return event(
        world,
        f"{kind} {name} {minutes}",
        "b",
        type=f"activity.{kind}.v1",
        time=NOON + timedelta(minutes=minutes),
        targetuid=world.uuid(f"event {name}"),
    )


async def kept_up(world: Any) -> None:
    for _ in range(200):
        async with world.begin() as tx:
            await keep_counting(tx)
        left = await world.pool.fetchval(
            "select count(*) from programmes_in_force f left join counting c using (community)"
            " where c.version is distinct from f.version or not c.evaluated"
        )
        if not left:
            return
    raise AssertionError("counting does not come to an end")


def seen(grants: list[Any]) -> list[tuple[str, bool]]:
    return [(one["id"], "reverses" in one) for one in grants]


async def test_five_messages_of_one_day_are_five_whatever_the_cap_leaves(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, FIVE))
    await kept_up(world)
    await world.handle(on_events, *(event(world, number) for number in range(4)))
    assert await world.published() == []
    await world.handle(on_events, event(world, 4), event(world, 4))
    (granted,) = await world.published()
    assert (granted["id"], granted["event_uid"]) == ("five", world.uuid("event 4"))
    assert "award_id" not in granted
    await world.handle(on_events, *(event(world, number) for number in range(5)))
    assert await world.published() == []


async def test_events_that_are_taken_back_do_not_count_until_they_are_restored(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, FIVE))
    await kept_up(world)
    await world.handle(on_events, said(world, "retracted", 0, 5), *(event(world, number) for number in range(5)))
    assert await world.published() == []
    await world.handle(on_events, said(world, "restored", 0, 6))
    assert seen(await world.published()) == [("five", False)]
    await world.handle(on_events, said(world, "retracted", 3, 1), said(world, "retracted", 0, 2))
    assert seen(await world.published()) == [("five", True)]
    await world.handle(on_events, event(world, 5))
    assert seen(await world.published()) == [("five", False)]


@pytest.mark.parametrize("pieces", [2, 2_000])
async def test_a_badge_that_is_published_later_has_the_events_of_before(
    world: Any, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.recognition.counts.handlers.PIECE_COUNT", pieces)
    await world.handle(
        on_events, *(event(world, number) for number in range(5)), *(event(world, f"b{n}", "b") for n in range(4))
    )
    await world.handle(on_events, said(world, "retracted", "gone", 1), event(world, "gone", "b"))
    await world.handle(on_programmes, programme(world, 1, FIVE))
    # While the events of before are counted, new ones come, and one of before is taken back.
    async with world.begin() as tx:
        await keep_counting(tx)
    await world.handle(on_events, event(world, "new", "b"), said(world, "retracted", "b0", 1), event(world, 99))
    await kept_up(world)
    granted = await world.published()
    assert [(one["id"], one["member_id"]) for one in granted] == [("five", world.uuid("a"))]
    await world.handle(on_events, said(world, "restored", "b0", 2))
    assert [(one["id"], one["member_id"]) for one in await world.published()] == [("five", world.uuid("b"))]


async def test_what_a_version_counts_is_counted_anew_and_what_is_the_same_is_not(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, FIVE))
    await kept_up(world)
    await world.handle(on_events, *(event(world, number, data=_of(number)) for number in range(6)))
    assert seen(await world.published()) == [("five", False)]
    counters = "select counter from counters where community = $1"
    before = await world.pool.fetchval(counters, world.community)
    await world.handle(on_programmes, programme(world, 2, FIVE | {"at_least": 6}))
    await kept_up(world)
    assert await world.published() == []
    assert await world.pool.fetchval(counters, world.community) == before
    long = RULE | {"when": "data.length_chars >= 3"}
    await world.handle(on_programmes, programme(world, 3, FIVE | {"at_least": 4}, rules=[long]))
    await kept_up(world)
    assert seen(await world.published()) == [("five", True)]
    await world.handle(on_programmes, programme(world, 4, FIVE | {"count": "awards"}))
    await kept_up(world)
    assert await world.pool.fetchval(counters, world.community) is None
    await world.handle(on_programmes, programme(world, 5, FIVE))
    await kept_up(world)
    assert seen(await world.published()) == [("five", False)]


async def test_own_acts_and_bots_count_as_they_earn(world: Any) -> None:
    """Reviews of one's own and a bot's are in no badge, those of others are; a version may say `own`."""
    review = RULE | {"id": "review", "on": ["code.review.v1"]}
    three = {"id": "three", "title": "Three reviews", "rule": "review", "at_least": 3}

    def done(name: object, member: str, author: str, **more: Any) -> Any:
        return event(world, name, member, type="code.review.v1", objectmember=world.uuid(author), **more)

    await world.handle(on_programmes, programme(world, 1, three, rules=[review]))
    await kept_up(world)
    await world.handle(
        on_events,
        *(done(f"own {n}", "a", "a") for n in range(3)),
        *(done(f"bot {n}", "robot", "a", bots="member") for n in range(3)),
        *(done(f"other {n}", "b", "a") for n in range(3)),
    )
    assert [one["member_id"] for one in await world.published()] == [world.uuid("b")]
    await world.handle(on_programmes, programme(world, 2, three, rules=[review | {"own": True}]))
    await kept_up(world)
    assert [one["member_id"] for one in await world.published()] == [world.uuid("a")]


async def test_of_words_at_one_time_the_greater_id_holds(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, FIVE | {"at_least": 1}))
    await kept_up(world)
    gone, back = said(world, "retracted", 0, 5) | {"id": "b"}, said(world, "restored", 0, 5) | {"id": "a"}
    for order in ((gone, back), (back, gone)):
        for one in (*order, event(world, 0)):
            await world.handle(on_events, one)
        assert await world.published() == []


def _of(number: int) -> dict[str, Any]:
    return {"channel": "chat", "actor": {"id": "a"}, "length_chars": number}


@pytest.mark.usefixtures("new_rows")
async def test_many_events_at_once_are_copied_and_count_once(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, FIVE | {"at_least": 200}))
    await kept_up(world)
    events = [event(world, number) for number in range(200)]
    await world.handle(on_events, *events[:150])
    await world.handle(on_events, *events)
    assert seen(await world.published()) == [("five", False)]
    counts = await world.pool.fetchval("select counts from counting_members where community = $1", world.community)
    assert list(orjson.loads(counts).values()) == [200]


async def test_the_api_shows_what_is_counted_and_by_which_event(world: Any, api: httpx.AsyncClient) -> None:
    awards = {"id": "paid", "title": "Paid", "rule": "message", "count": "awards", "at_least": 1}
    await world.handle(on_programmes, programme(world, 1, FIVE, awards, {"id": "p", "title": "P", "at_least": 9}))
    await kept_up(world)
    await world.handle(on_events, *(event(world, number) for number in range(5)))
    await world.awarded(world.award("a", 1, rule="message"))
    answer = (await api.get("/v1/badges")).json()
    assert [(badge["name"], badge["count"], badge["holders"]) for badge in answer["badges"]] == [
        ("five", "events", 1),
        ("paid", "awards", 1),
        ("p", None, 0),
    ]
    answer = (await api.get(f"/v1/members/{world.uuid('a')}/recognition")).json()
    shown = {badge["name"]: (badge["award_id"], badge["event_uid"]) for badge in answer["badges"]}
    assert shown["five"] == (None, world.uuid("event 4"))
    assert shown["paid"][0] is not None


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)])
async def test_a_star_given_taken_back_and_given_again_counts_once(world: Any, order: tuple[int, ...]) -> None:
    stars = RULE | {"on": ["code.star.v1"]}
    await world.handle(on_programmes, programme(world, 1, FIVE | {"at_least": 1}, rules=[stars]))
    await kept_up(world)
    star = event(world, "star", type="code.star.v1")
    sent = [star, said(world, "restored", "star", 0), said(world, "retracted", "star", 1)]
    sent.append(said(world, "restored", "star", 2))
    for place in order:
        await world.handle(on_events, sent[place])
    stands = sum(-1 if taken else 1 for _, taken in seen(await world.published()))
    assert stands == 1
    counts = await world.pool.fetchval("select counts from counting_members where community = $1", world.community)
    assert list(orjson.loads(counts).values()) == [1]


async def test_a_title_is_that_of_the_version_in_force(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(
        on_programmes, programme(world, 1, FIVE | {"at_least": 1}, {"id": "p", "title": "Old", "at_least": 1})
    )
    await kept_up(world)
    await world.handle(on_events, event(world, 1))
    await world.awarded(world.award("a", 1, rule="message"))
    again = (FIVE | {"at_least": 1, "title": "New"}, {"id": "p", "title": "New too", "at_least": 1})
    await world.handle(on_programmes, programme(world, 2, *again))
    answer = (await api.get(f"/v1/members/{world.uuid('a')}/recognition")).json()
    assert {badge["title"] for badge in answer["badges"]} == {"New", "New too"}


async def test_a_badge_that_an_event_of_the_past_completes_says_so(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, FIVE))
    await kept_up(world)
    await world.handle(on_events, *(event(world, number) for number in range(4)))
    assert await world.outbox() == []
    await world.handle(on_events, event(world, 4, backfill=True))
    (row,) = await world.outbox()
    assert is_backfill(orjson.loads(row["value"]))


async def test_of_a_campaign_count_its_days_whatever_its_budget_and_anew_when_they_move(world: Any) -> None:
    def published(version: int, ends: str) -> Any:
        campaign = {"id": "spring", "starts": str(NOON.date()), "ends": ends, "budget": {"points": 1}}
        document = {
            "rules": [RULE | {"campaign": "spring"}],
            "campaigns": [campaign],
            "recognition": {"badges": [FIVE]},
        }
        return world.programme_fact(version, document)

    await world.handle(on_programmes, published(1, str(NOON.date())))
    await kept_up(world)
    tomorrow = NOON + timedelta(days=1)
    await world.handle(on_events, *(event(world, n, time=tomorrow if n == 4 else NOON) for n in range(5)))
    assert await world.published() == []
    await world.handle(on_programmes, published(2, str(tomorrow.date())))
    await kept_up(world)
    assert seen(await world.published()) == [("five", False)]
