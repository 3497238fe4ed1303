"""Nudges: each once for its cause, to whoever may get it, and none to those who are held out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.recognition.main import SPEC
from services.recognition.merges.handlers import on_guidelines, on_members
from services.recognition.nudges.handlers.deciding import keep_nudges, on_told
from services.recognition.nudges.handlers.noting import on_events
from services.recognition.thresholds.handlers import on_programmes
from shared.contracts.drawing import is_drawn
from shared.contracts.facts import MEMBER_FACT, NUDGE_DECIDED
from shared.topics import MESSAGES, NUDGES
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_counted_badges import kept_up

pytestmark = pytest.mark.stack

RULE = {"id": "reply", "title": "Answered", "on": ["forum.reply.v1"], "points": 1}
STREAK = {"id": "daily", "title": "Here every day", "rules": ["reply"]}
MILESTONE = {"id": "answers", "title": "{n} answers", "rule": "reply", "at": [2, 3]}
WISHED: dict[str, Any] = {"wished": ["forum.reply.v1"], "holdout_percent": 0}
WELCOME = {"id": "hello", "title": "Hello", "kind": "welcome", **WISHED}
ANSWERED = {"id": "your-question", "title": "Somebody answered", "kind": "answered", **WISHED}
WAITING = {"id": "somebody", "title": "Somebody waits", "kind": "waiting", "after_hours": 2, "people": 2, **WISHED}
THANKS = {"id": "thanks", "title": "Thanks", "kind": "thanks", "milestone": "answers", **WISHED}
ENDS = {
    "id": "ends",
    "title": "Ends today",
    "kind": "streak",
    "streak": "daily",
    "hour": 0,
    "at_least": 2,
    **WISHED,
}


async def begin(world: Any, *nudges: Any, version: int = 1, per_week: int = 20) -> None:
    world.configure(nudges_settle_seconds=0.0)
    recognition = {
        "streaks": [STREAK],
        "milestones": [MILESTONE],
        "nudges": {"per_week": per_week, "of": list(nudges)},
    }
    await world.handle(on_programmes, world.programme_fact(version, {"rules": [RULE], "recognition": recognition}))
    await kept_up(world)


def ago(**how_long: float) -> datetime:
    return datetime.now(UTC) - timedelta(**how_long)


def member(world: Any, name: str, revision: int = 1, **more: Any) -> Any:
    data = {
        "member_id": world.uuid(name),
        "name": name,
        "identities": [],
        "channel": "forum",
        "first_seen_at": ago(days=300),
        "revision": revision,
    }
    return MEMBER_FACT.validate_python(
        world.fact("member.identified.v1", f"member {name} {revision}", data | more)
    )


def erasure(world: Any, name: str) -> Any:
    erased = {
        "member_id": world.uuid(name),
        "revision": 9,
        "identities": [],
        "forfeits": False,
        "erased_at": ago(),
    }
    return MEMBER_FACT.validate_python(world.fact("member.erased.v1", f"erased {name}", erased))


def event(
    world: Any, name: str, by: str, kind: str = "forum.reply.v1", at: datetime | None = None, **more: Any
) -> Any:
    data = {"channel": "forum", "actor": {"id": by}, **more.pop("data", {})}
    at = at or ago(seconds=1)
    return {
        "specversion": "1.0",
        "id": name,
        "source": "forum",
        "type": kind,
        "time": at,
        "community": world.community,
        "uid": world.uuid(f"event {name}"),
        "member": world.uuid(by),
        "receivedat": at,
        "data": data,
    } | more


def question(world: Any, name: str, by: str, at: datetime, *tags: str) -> Any:
    return event(
        world, name, by, "forum.post.v1", at, data={"object": {"id": f"topic {name}"}, "tags": list(tags)}
    )


def answer(
    world: Any, name: str, by: str, to: str, whose: str, *tags: str, at: datetime | None = None, **more: Any
) -> Any:
    data = {"in_reply_to": {"id": to}, "tags": list(tags)}
    return event(world, name, by, at=at, data=data, replymember=world.uuid(whose), **more)


def retraction(world: Any, name: str) -> Any:
    return event(world, f"not {name}", "z", "activity.retracted.v1", targetuid=world.uuid(f"event {name}"))


async def decided(world: Any) -> None:
    for _ in range(20):
        async with world.begin() as tx:
            if not await keep_nudges(tx):
                return
    raise AssertionError("deciding does not come to an end")


async def told(world: Any) -> tuple[list[Any], list[Any]]:
    """What was decided and which messages were asked for, since this was asked last."""
    await decided(world)
    rows: Sequence[Any] = await world.outbox()
    return tuple(  # type: ignore[return-value]
        [fact for row in rows if row["topic"] == topic.name and (fact := orjson.loads(row["value"]))["data"]]
        for topic in (NUDGES, MESSAGES)
    )


async def nudged(world: Any, *names: str) -> list[tuple[str, str]]:
    """Which members were asked to be written to, and of what."""
    _, asked = await told(world)
    known = {world.uuid(name): name for name in names}
    return sorted((known.get(one["data"]["member_id"], "?"), one["data"]["kind"]) for one in asked)


async def test_a_process_that_ends_between_deciding_and_telling_tells_once(world: Any) -> None:
    await begin(world, ANSWERED)
    await world.handle(on_members, *(member(world, name) for name in "ab"))
    await world.handle(on_events, answer(world, "1", "b", "q", "a"))
    decided_of = "select count(*) from nudges where community = $1"

    async def killed() -> None:
        async with world.begin() as tx:
            await keep_nudges(tx)
            assert await tx.conn.fetchval(decided_of, world.community) == 1
            raise SystemExit("killed")

    for _ in range(2):
        with pytest.raises(SystemExit, match="killed"):
            await killed()
        assert await world.pool.fetchval(decided_of, world.community) == 0
        assert [row for row in await world.outbox() if row["topic"] in (NUDGES.name, MESSAGES.name)] == []
    facts, asked = await told(world)
    assert (len(facts), len(asked)) == (1, 1)
    assert await told(world) == ([], [])


async def test_an_answer_is_told_once_a_question_to_whom_it_answers(world: Any) -> None:
    await begin(world, ANSWERED)
    await world.handle(on_members, *(member(world, name) for name in "abc"))
    await world.handle(on_events, answer(world, "1", "b", "q", "a"), answer(world, "2", "c", "q", "a"))
    facts, asked = await told(world)
    (fact,), (message,) = facts, asked
    data = fact["data"]
    assert (data["nudge"], data["kind"], data["held_out"]) == ("your-question", "answered", False)
    assert (data["member_id"], data["event_uid"]) == (world.uuid("a"), world.uuid("event 1"))
    assert message["data"]["request_id"] == data["nudge_id"]
    assert message["data"]["kind"] == "nudge_answered"
    # A third answer, the same ones again, one that the asker gives and one of a bot are no occasion.
    await world.handle(
        on_events,
        answer(world, "3", "c", "q", "a"),
        answer(world, "1", "b", "q", "a"),
        answer(world, "4", "a", "q2", "a"),
        answer(world, "5", "b", "q3", "a", bots="replymember"),
    )
    assert await nudged(world) == []
    # Nor is what is of the past, what happened long ago, and what was taken back before it was looked at.
    await world.handle(
        on_events,
        answer(world, "6", "b", "q4", "a", backfill=True),
        answer(world, "7", "b", "q5", "a", at=ago(hours=30)),
        answer(world, "8", "b", "q6", "a"),
        retraction(world, "8"),
    )
    assert await nudged(world) == []


async def test_a_condition_an_audience_and_how_often_bound_it(world: Any) -> None:
    told_once = {**ANSWERED, "when": '"lathe" in data.tags', "every_days": 5}
    await begin(world, told_once, {**ANSWERED, "id": "for-some", "audience": "helpers"}, THANKS, per_week=2)
    await world.handle(on_members, *(member(world, name) for name in "ab"))
    await world.handle(on_events, answer(world, "1", "b", "q1", "a", "paint"))
    assert await nudged(world, *"ab") == []
    await world.pool.execute(
        "insert into followed_audiences (community, audience_id, member_id, revision, is_in, since)"
        " values ($1, 'helpers', $2, 1, true, now())",
        world.community,
        world.uuid("a"),
    )
    await world.handle(on_events, answer(world, "2", "b", "q2", "a", "lathe"))
    assert await nudged(world, *"ab") == [("a", "nudge_answered"), ("a", "nudge_answered"), ("b", "nudge_thanks")]
    # Two within a week are enough for a, whichever they are of; b was thanked today, and each is once a day.
    await world.handle(on_events, answer(world, "3", "b", "q3", "a", "lathe"))
    assert await nudged(world, *"ab") == []


async def test_who_is_new_is_welcomed_by_the_first_that_they_do_whatever_is_heard_first(world: Any) -> None:
    await begin(world, WELCOME)
    await world.handle(on_events, event(world, "1", "a"))
    assert await nudged(world) == []
    await world.handle(on_members, member(world, "a", first_seen_at=ago(seconds=1)))
    assert await nudged(world, *"abcd") == [("a", "nudge_welcome")]
    await world.handle(on_members, member(world, "b", first_seen_at=ago(seconds=1)))
    await world.handle(on_events, event(world, "2", "b"), event(world, "3", "a"))
    assert await nudged(world, *"abcd") == [("b", "nudge_welcome")]
    # Whoever was there before is not new, nor who comes with what is of the past; who joins is.
    await world.handle(on_members, member(world, "c"), member(world, "d", first_seen_at=ago(seconds=1)))
    await world.handle(on_events, event(world, "4", "c"), event(world, "5", "d", backfill=True))
    await world.handle(on_events, event(world, "6", "d"))
    assert await nudged(world, *"abcd") == []
    await world.handle(on_events, event(world, "7", "c", "member.joined.v1"))
    assert await nudged(world, *"abcd") == [("c", "nudge_welcome")]


async def test_who_waits_is_told_of_to_those_who_answered_in_its_topic(world: Any) -> None:
    await begin(world, WAITING)
    await world.handle(on_members, *(member(world, name) for name in "abcdef"))
    lathe = [
        answer(world, f"{name} {number}", name, "old", "z", "Lathe", at=ago(days=3), backfill=True)
        for name, times in (("b", 3), ("c", 2), ("d", 1), ("a", 5))
        for number in range(times)
    ]
    paint = answer(world, "f 1", "f", "old", "z", "paint", at=ago(days=3), backfill=True)
    await world.handle(on_events, *lathe, paint)
    asked = question(world, "open", "a", ago(hours=3), "lathe")
    answered = question(world, "answered", "a", ago(hours=3), "lathe")
    gone = question(world, "gone", "a", ago(hours=3), "lathe")
    early = question(world, "early", "a", ago(hours=1), "lathe")
    elsewhere = question(world, "elsewhere", "a", ago(hours=3), "wood")
    reply = answer(world, "r", "e", "topic answered", "a", "lathe")
    await world.handle(on_events, reply, asked, answered, gone, early, elsewhere, retraction(world, "gone"))
    # The asker answered most, and is not asked; b and c come next, and two are as many as may be.
    assert await nudged(world, *"abcdef") == [("b", "nudge_waiting"), ("c", "nudge_waiting")]
    # What a bot answers, or the asker, is none; an answer that is taken back is none either.
    again = question(world, "again", "a", ago(hours=3), "paint")
    own, taken = answer(world, "own", "a", "again", "a"), answer(world, "taken", "e", "again", "a")
    await world.handle(on_events, again, own, taken, retraction(world, "taken"))
    assert await nudged(world, *"abcdef") == [("f", "nudge_waiting")]


async def test_a_streak_that_ends_today_is_told_once_a_day_from_its_hour_on(world: Any) -> None:
    await begin(world, ENDS)
    await world.handle(on_members, *(member(world, name) for name in "abc"))
    await world.handle(
        on_events,
        *(event(world, f"a{day}", "a", at=ago(days=day)) for day in (1, 2, 3)),
        *(event(world, f"b{day}", "b", at=ago(days=day)) for day in (0, 1, 2)),
        event(world, "c1", "c", at=ago(days=1)),
    )
    # b did something today, and c's one day is not worth a word.
    _, asked = await told(world)
    (message,) = asked
    assert message["data"]["member_id"] == world.uuid("a")
    assert message["data"]["values"] == {"title": "Here every day", "number": "3"}
    assert datetime.fromisoformat(message["data"]["expires_at"]) > datetime.now(UTC)
    await world.handle(on_events, event(world, "a4", "a", at=ago(days=4)))
    assert await nudged(world) == []
    due = await world.pool.fetch("select due_at from nudge_prompts where community = $1", world.community)
    assert len(due) == 3
    assert all(row["due_at"] > datetime.now(UTC) for row in due)


async def test_nobody_who_left_is_suspended_forgotten_or_wants_no_messages_gets_one(world: Any) -> None:
    await begin(world, ANSWERED)
    facts = [
        member(world, "a", standing={"departed": "hand"}),
        member(world, "b", opt_outs=["messages"]),
        member(world, "c", bot_by="hand"),
        member(world, "d"),
        member(world, "e"),
        member(world, "f"),
    ]
    await world.handle(on_members, *facts)
    suspension = {
        "member_id": world.uuid("d"),
        "suspension_id": world.uuid("suspension"),
        "revision": 1,
        "stands": True,
        "starts_at": ago(hours=1),
        "case_id": world.uuid("case"),
    }
    await world.handle(on_guidelines, world.fact("guidelines.suspension_changed.v1", "suspended", suspension))
    await world.handle(on_events, *(answer(world, name, "f", f"q {name}", name) for name in "abcde"))
    await world.handle(on_members, erasure(world, "e"))
    assert await nudged(world) == []
    # Who is back gets the next.
    await world.handle(on_members, member(world, "a", 2))
    await world.handle(on_events, answer(world, "again", "f", "q 9", "a"))
    assert await nudged(world, "a") == [("a", "nudge_answered")]
    await world.handle(on_members, erasure(world, "a"))
    for table in ("nudges", "nudge_members", "nudge_prompts", "nudge_answers", "nudge_interests"):
        left = f"select count(*) from {table} where community = $1 and member_id = any($2)"
        assert not await world.pool.fetchval(left, world.community, [world.uuid("a"), world.uuid("e")])


async def test_a_share_is_held_out_by_lot_for_ever_and_told_as_such(world: Any, api: httpx.AsyncClient) -> None:
    await begin(world, {**ANSWERED, "holdout_percent": 50})
    names = [f"m{number}" for number in range(12)]
    await world.handle(on_members, *(member(world, name) for name in (*names, "b")))
    await world.handle(on_events, *(answer(world, name, "b", f"q {name}", name) for name in names))
    facts, asked = await told(world)
    out = {
        world.uuid(name)
        for name in names
        if is_drawn("nudge", world.community, "your-question", world.uuid(name), percent=50)
    }
    assert 0 < len(out) < len(names)
    assert {one["data"]["member_id"] for one in facts if one["data"]["held_out"]} == out
    assert {one["data"]["member_id"] for one in asked} == {world.uuid(name) for name in names} - out
    page = (await api.get("/v1/nudge-decisions", params={"limit": 5})).json()
    rest = (await api.get("/v1/nudge-decisions", params={"after": page["next"], "nudge": "your-question"})).json()
    items = [*page["items"], *rest["items"]]
    assert {one["member_id"] for one in items if one["held_out"]} == out
    assert len(items) == len(names)
    one = (await api.get(f"/v1/nudge-decisions/{items[0]['nudge_id']}")).json()
    assert one == items[0]
    assert (await api.get(f"/v1/nudge-decisions/{world.uuid('none')}")).json()["status"] == 404
    for name in names:
        own = (await api.get(f"/v1/members/{world.uuid(name)}/nudges")).json()["items"]
        assert len(own) == (world.uuid(name) not in out)
    shown = (await api.get("/v1/nudges")).json()
    assert (shown["programme_version"], shown["per_week"]) == (1, 20)
    assert shown["nudges"][0]["message_kind"] == "nudge_answered"


async def test_after_a_restore_and_a_merge_nobody_gets_again_what_they_had(world: Any) -> None:
    await begin(world, ANSWERED, THANKS)
    merging = Merging(world, on_members)
    await world.handle(on_members, *(member(world, name) for name in "abc"))
    batch = [answer(world, "1", "b", "q", "a"), answer(world, "2", "b", "q2", "c")]
    await world.handle(on_events, *batch)
    facts, _ = await told(world)
    assert len(facts) == 3
    for table in (
        "nudges",
        "nudge_prompts",
        "nudge_answers",
        "counted_events",
        "counting_members",
        "celebrations",
    ):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    read = [NUDGE_DECIDED.adapter.validate_python(fact) for fact in facts]
    await world.handle(on_told, *read, *read)
    await merging.merge("a", "c")
    await world.handle(on_events, *batch)
    assert await nudged(world) == []
    assert SPEC.read_back


async def _broken_off(world: Any) -> None:
    async with world.begin() as tx:
        await keep_nudges(tx)
        raise ConnectionResetError


async def test_what_breaks_off_is_decided_once_when_it_is_tried_again(world: Any) -> None:
    await begin(world, ANSWERED)
    await world.handle(on_members, member(world, "a"), member(world, "b"))
    await world.handle(on_events, answer(world, "1", "b", "q", "a"))
    with pytest.raises(ConnectionResetError):
        await _broken_off(world)
    assert await nudged(world, "a") == [("a", "nudge_answered")]
    assert await nudged(world) == []


async def test_a_programme_that_has_a_nudge_no_more_lets_go_what_waits_for_it(world: Any) -> None:
    await begin(world, WAITING, ANSWERED)
    await world.handle(on_members, member(world, "a"), member(world, "b"))
    await world.handle(on_events, question(world, "open", "a", ago(hours=3), "lathe"))
    await begin(world, ANSWERED, version=2)
    assert await nudged(world) == []
    assert not await world.pool.fetchval(
        "select count(*) from nudge_prompts where community = $1", world.community
    )
