"""Limits on a real database: one total in every order, batching and restart, in pieces too, by the oracle."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.scoring.awards.handlers.rooms import settle_waiting
from services.scoring.awards.handlers.scoring import Scorer
from shared.contracts.facts import POINTS_AWARDED
from tests.unit.services.scoring.limits.limits_oracle import OLimit, ORule, amounts

ROOT = Path(__file__).parents[4]
PROGRAMME = """
programme: demo
title: Demo
rules:
  - {id: liked, title: Liked, on: [chat.reaction.v1], to: object_author, points: 2}
  - {id: thanked, title: Thanked, on: [kudos.given.v1], to: object_author, points: 5}
  - {id: post, title: Posted, on: [forum.post.v1], points: 5, daily_cap: 12}
  - {id: free, title: Wrote, on: [chat.message.v1], points: 1}
limits:
  - {id: pair, rules: [liked], points: 4, per: pair, within: day}
  - {id: day, rules: [liked, thanked], points: 13, within: day}
  - {id: week, rules: [liked, thanked], points: 31, within: week}
"""
COUNTED = """
programme: demo
title: Demo
rules:
  - {id: liked, title: Liked, on: [chat.reaction.v1], to: object_author, points: 2}
  - {id: thanked, title: Thanked, on: [kudos.given.v1], to: object_author, points: 5}
  - id: post
    title: Posted
    on: [forum.post.v1]
    points: 5
    grace_minutes: 600
    grace_count: 1
    limits: [{count: 2, within: month}]
  - {id: free, title: Wrote, on: [chat.message.v1], points: 1}
limits:
  - {id: once, rules: [liked, thanked], count: 1, per: pair_and_object, within: ever, crossing: allowed}
  - {id: heaviest, rules: [liked, thanked], count: 3, within: day}
"""
RULES = {
    PROGRAMME: [
        ORule("liked", "chat.reaction.v1", 2, "object_author"),
        ORule("thanked", "kudos.given.v1", 5, "object_author"),
        ORule("post", "forum.post.v1", 5),
        ORule("free", "chat.message.v1", 1),
    ],
    COUNTED: [
        ORule("liked", "chat.reaction.v1", 2, "object_author"),
        ORule("thanked", "kudos.given.v1", 5, "object_author"),
        ORule("post", "forum.post.v1", 5, grace_minutes=600, grace_count=1),
        ORule("free", "chat.message.v1", 1),
    ],
}
LIMITS = {
    PROGRAMME: [
        OLimit(("liked",), points=4, per="pair"),
        OLimit(("liked", "thanked"), points=13),
        OLimit(("liked", "thanked"), points=31, within="week"),
        OLimit(("post",), points=12),
    ],
    COUNTED: [
        OLimit(("liked", "thanked"), count=1, per="pair_and_object", within="ever"),
        OLimit(("liked", "thanked"), count=3),
        OLimit(("post",), count=2, within="month"),
    ],
}
TYPES = ["chat.reaction.v1", "kudos.given.v1", "forum.post.v1", "chat.message.v1"]


def history(world: Any, rng: Random, count: int) -> list[Any]:
    """Events of a few members over two weeks, and what somebody, known or not, said of them since."""
    facts = []
    for number in range(count):
        kind, at = rng.choice(TYPES), world.noon + timedelta(hours=rng.randrange(300))
        is_done_to = kind in TYPES[:2]
        member, author = rng.choice("abcd"), rng.choice("ab") if is_done_to else None
        data = {"channel": "chat", "actor": {"id": member}}
        if is_done_to:
            data["object"] = {"id": rng.choice("xy")}
        facts.append(world.event(f"{number:03}", member, author, type=kind, time=at, data=data))
    for number in range(count // 2):
        kind = rng.choice(["activity.retracted.v1"] * 2 + ["activity.restored.v1"])
        at = world.noon + timedelta(hours=rng.randrange(400))
        target = world.uuid(f"event {rng.randrange(count):03}")
        one = world.event(f"said {number:03}", rng.choice("abcd"), None, type=kind, time=at, targetuid=target)
        if rng.random() < 0.2:
            del one["member"]
        facts.append(one)
    return facts


async def given(world: Any) -> dict[tuple[str, str, str], int]:
    rows = await world.pool.fetch(
        """
        select event_uid, rule_id, member_id, sum(points)::int as points from awards
        where community = $1 group by 1, 2, 3
        """,
        world.community,
    )
    return {(str(row[0]), row[1], str(row[2])): row[3] for row in rows if row[3]}


async def told(world: Any, *, most: int | None = None) -> dict[str, list[Any]]:
    """What was told of each award: a chain that ends where the database says; `most` points of a day for posts."""
    chains: dict[str, list[Any]] = defaultdict(list)
    of_day: dict[Any, int] = defaultdict(int)
    for topic, _, fact in await world.published():
        if topic != "points.awarded.v1":
            continue
        data = POINTS_AWARDED.adapter.validate_python(fact)["data"]
        chain = chains[data.get("amends", data["award_id"])]
        chain.append(data)
        assert data.get("revision", 0) == len(chain) - 1
        assert data.get("total", data["points"]) == sum(one["points"] for one in chain)
        if data["rule_id"] == "post" and most is not None:
            of_day[data["member_id"], data["event_time"].date()] += data["points"]
            assert max(of_day.values()) <= most
    return chains


async def score_cut(world: Any, facts: Sequence[Any], rng: Random) -> None:
    """Score in pieces of any size, each by a process that has just started; what waits is settled in between."""
    left = list(facts)
    while left:
        size = rng.choice([1, 2, 7, 20, 60])
        await world.score(*left[:size], scorer=Scorer())
        left = left[size:]
        if rng.random() < 0.3:
            await world.handle(lambda tx, _: settle_waiting(tx))


async def all_settled(world: Any) -> int:
    runs = 0
    sql = "select exists (select from claims where not is_settled and community = $1)"
    while await world.pool.fetchval(sql, world.community):
        await world.handle(lambda tx, _: settle_waiting(tx))
        runs += 1
    return runs


@pytest.mark.parametrize("adjustments", [2_000, 1], ids=["at once", "in pieces"])
@pytest.mark.parametrize("text", [PROGRAMME, COUNTED], ids=["points", "counts"])
@pytest.mark.parametrize("seed", range(4))
async def test_any_order_gives_what_the_oracle_says(world: Any, text: str, adjustments: int, seed: int) -> None:
    world.configure(adjustments_per_batch_max_count=adjustments, settled_at_once_max_count=3)
    await world.publish(text)
    await world.published()
    rng = Random(seed)
    facts = history(world, rng, 90)
    log = facts + rng.sample(facts, 20)
    rng.shuffle(log)
    await score_cut(world, log, rng)
    await all_settled(world)
    right = amounts(facts, RULES[text], LIMITS[text])
    assert await given(world) == right
    chains = await told(world, most=12 if text == PROGRAMME else None)
    assert {chain[-1]["event_uid"] for chain in chains.values()} >= {uid for uid, _, _ in right}
    before = await world.awards()
    await score_cut(world, rng.sample(facts, len(facts)), rng)
    await all_settled(world)
    assert (await world.awards(), await told(world)) == (before, {})


async def test_workers_side_by_side_agree_with_the_oracle(world: Any) -> None:
    await world.publish(PROGRAMME)
    rng = Random(7)
    facts = history(world, rng, 200)
    rng.shuffle(facts)
    parts = [facts[number::3] for number in range(3)]
    for start in range(0, len(parts[0]), 10):
        await asyncio.gather(*(world.score(*part[start : start + 10], scorer=Scorer()) for part in parts))
    assert await given(world) == amounts(facts, RULES[PROGRAMME], LIMITS[PROGRAMME])


async def test_what_comes_with_a_retraction_has_the_room_that_it_frees(world: Any) -> None:
    await world.publish(PROGRAMME)
    minute = timedelta(minutes=1)
    posts = [
        world.event(f"{n}", "ann", None, type="forum.post.v1", time=world.noon + n * minute) for n in range(5)
    ]
    await world.score(*posts[:3])
    gone = [
        world.event(f"no {n}", "mod", None, type="activity.retracted.v1", targetuid=posts[n]["uid"])
        for n in (0, 1)
    ]
    await world.score(posts[3], *gone, posts[4])
    by_event = {uid: points for (uid, _, _), points in (await given(world)).items()}
    assert by_event == {posts[2]["uid"]: 5, posts[3]["uid"]: 5, posts[4]["uid"]: 2}


async def test_too_many_adjustments_go_on_in_pieces_without_new_events(world: Any) -> None:
    """A thanks of 60 takes the room of thirty likes: more than one batch may adjust."""
    text = """
programme: demo
title: Demo
rules:
  - {id: liked, title: Liked, on: [chat.reaction.v1], to: object_author, points: 2}
  - {id: thanked, title: Thanked, on: [kudos.given.v1], to: object_author, points: 60}
limits: [{id: day, rules: [liked, thanked], points: 100, within: day}]
"""
    world.configure(adjustments_per_batch_max_count=10)
    await world.publish(text)
    minute = timedelta(minutes=1)
    likes = [
        world.event(f"{n:03}", f"m{n}", "bob", type="chat.reaction.v1", time=world.noon + n * minute)
        for n in range(50)
    ]
    await world.score(*likes)
    late = [
        world.event(f"t{n}", f"m{n}", other, type="kudos.given.v1", time=world.noon - n * minute)
        for n, other in ((1, "bob"), (2, "cy"))
    ]
    await world.published()
    await world.score(*late)
    # Cy's has room; Bob's waits, and with it what else comes for Bob.
    await world.score(world.event("new", "ann", "bob", type="chat.reaction.v1", time=world.noon - 9 * minute))
    assert {chain[0]["member_id"] for chain in (await told(world)).values()} == {world.uuid("cy")}
    assert await all_settled(world) > 0
    facts = [
        *likes,
        *late,
        world.event("new", "ann", "bob", type="chat.reaction.v1", time=world.noon - 9 * minute),
    ]
    rules = [
        ORule("liked", "chat.reaction.v1", 2, "object_author"),
        ORule("thanked", "kudos.given.v1", 60, "object_author"),
    ]
    assert await given(world) == amounts(facts, rules, [OLimit(("liked", "thanked"), points=100)])


@pytest.mark.parametrize(("by", "right"), [("mod", 10), ("ann", 7), (None, 7)], ids=["other", "own", "unknown"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 0, 3), (3, 0, 1, 2), (0, 3, 1, 2)], ids=str)
async def test_c1(world: Any, by: str | None, right: int, order: Sequence[int]) -> None:
    await world.publish(PROGRAMME)
    posts = [
        world.event(f"{n}", "ann", None, type="forum.post.v1", time=world.noon + timedelta(minutes=n))
        for n in range(3)
    ]
    gone = world.event("gone", by or "?", None, type="activity.retracted.v1", targetuid=posts[0]["uid"])
    if by is None:
        del gone["member"]
    facts = [*posts, gone]
    for place in order:
        await world.score(facts[place])
    assert await world.totals() == {(world.uuid("ann"), "post"): right}


async def test_a_restoration_counts_again_exactly_as_before(world: Any) -> None:
    await world.publish(PROGRAMME)
    events = [world.event("1", "ann", None), world.event("2", "ann", None, type="forum.post.v1")]
    await world.score(*events)
    before = await world.totals()
    for number in range(1, 4):
        for kind in ("retracted", "restored"):
            await world.score(
                *(
                    world.event(
                        f"{kind} {one['uid']} {number}",
                        "mod",
                        None,
                        type=f"activity.{kind}.v1",
                        targetuid=one["uid"],
                        time=world.noon + timedelta(hours=number, minutes=kind == "restored"),
                    )
                    for one in events
                )
            )
            assert await world.totals() == ({} if kind == "retracted" else before)
    chains = await told(world)
    assert {chain[-1]["revision"] for chain in chains.values()} == {6}
    assert {one["cause"] for chain in chains.values() for one in chain[1:]} == {"retracted", "restored"}


async def test_what_the_starter_counts_once(world: Any) -> None:
    """Emojis on one message, an answer accepted twice, a meet-up over midnight, and one's own ticket."""
    text = (ROOT / "programmes" / "starter.yaml").read_text(encoding="utf-8")
    await world.publish(text.split("rewards:")[0])  # money takes two
    thing = {"channel": "chat", "actor": {"id": "ann"}, "object": {"id": "it"}}
    minute = timedelta(minutes=1)

    def done(name: str, kind: str, member: str = "ann", author: str | None = "bob", at: timedelta = minute) -> Any:
        return world.event(name, member, author, type=kind, data=thing, time=world.noon + at)

    emojis = [done(f"emoji {n}", "chat.reaction.v1", at=n * minute) for n in range(3)]
    midnight = timedelta(hours=12)
    await world.score(
        *emojis,
        *(done(f"accepted {n}", "forum.answer_accepted.v1", at=n * minute) for n in range(2)),
        *(done(f"in {at}", "in_person.check_in.v1", author=None, at=midnight + at) for at in (-minute, minute)),
        done("own", "support.ticket_resolved.v1", author="ann"),
    )
    ann, bob = world.uuid("ann"), world.uuid("bob")
    assert await world.totals() == {
        (bob, "reaction-received"): 1,
        (bob, "answer-accepted"): 15,
        (ann, "meet-up"): 20,
    }
    # Another emoji is there before the first one goes, and takes its place.
    await world.score(
        world.event("gone", "ann", None, type="activity.retracted.v1", targetuid=emojis[0]["uid"]),
    )
    assert (await world.totals())[bob, "reaction-received"] == 1
    chains = {
        one[0]["event_uid"]: one
        for one in (await told(world)).values()
        if one[0]["rule_id"] == "reaction-received"
    }
    assert [one["points"] for one in chains[emojis[0]["uid"]]] == [1, -1]
    assert [one["points"] for one in chains[emojis[1]["uid"]]] == [1]


async def test_an_explanation_names_limits_own_acts_and_who_keeps_the_room(world: Any, api: Any) -> None:
    await world.publish(
        PROGRAMME.replace(
            "limits:",
            "limits:\n  - {id: once, rules: [liked], count: 1, per: pair, within: ever, crossing: allowed}",
        )
    )
    minute = timedelta(minutes=1)
    posts = [
        world.event(f"{n}", "ann", None, type="forum.post.v1", time=world.noon + n * minute) for n in range(3)
    ]
    likes = [
        world.event(f"like {n}", "ann", "bob", type="chat.reaction.v1", time=world.noon + n * minute)
        for n in range(2)
    ]
    own = world.event("own", "ann", "ann", type="kudos.given.v1")
    gone = world.event("gone", "ann", None, type="activity.retracted.v1", targetuid=posts[0]["uid"])
    await world.score(*posts, *likes, own, gone)

    async def why(event: Any) -> list[tuple[str, str]]:
        answer = (await api.get(f"/v1/events/{event['uid']}/explanation")).json()
        return [(one["reason"], one["detail"]) for one in answer["declined"]]

    assert await why(posts[1]) == []
    assert await why(posts[2]) == [("limit", "2 of 5 points fit under its limits: 12 points a day")]
    assert await why(posts[0]) == [("retracted", "by the member; 5 points keep their room under limits")]
    assert await why(own) == [("own_act", "")]
    ((reason, detail),) = await why(likes[1])
    assert reason == "limit"
    assert detail.startswith("0 of 2 points fit under its limits: 1 award for each person ever; 4 points")
    assert "They cross" in detail


async def test_versions_with_different_limits_leave_one_total(world: Any) -> None:
    """Each event keeps the limit of its version; those of the lower one fill no place of those of the higher."""
    text, _, _ = PROGRAMME.partition("limits:")
    minute = timedelta(minutes=1)
    first = await world.publish(text.replace("daily_cap: 12", "daily_cap: 20"))
    second = await world.publish(text.replace("daily_cap: 12", "daily_cap: 10"))
    received = (first.version.effective_from, second.version.effective_from)
    posts = [
        world.event(
            f"{n}", "ann", None, type="forum.post.v1", time=world.noon + n * minute,
            receivedat=received[n in (4, 5, 6)] + timedelta(hours=n in (4, 5, 6)),
        )
        for n in range(9)
    ]  # fmt: skip
    gone = world.event("gone", "mod", None, type="activity.retracted.v1", targetuid=posts[0]["uid"])
    by_uid = {}
    for number, order in enumerate([[*posts, gone], [gone, *posts[::-1]], [posts[8], posts[4], gone, *posts]]):
        community, world.community = world.community, f"{world.community}-{number}"
        await world.publish(text.replace("daily_cap: 12", "daily_cap: 20"))
        await world.publish(text.replace("daily_cap: 12", "daily_cap: 10"))
        for one in order:
            await world.score(one | {"community": world.community})
        by_uid[number] = {uid: points for (uid, _, _), points in (await given(world)).items()}
        world.community = community
    right = {posts[n]["uid"]: 5 for n in (1, 2, 3, 7)}
    assert by_uid == {0: right, 1: right, 2: right}


async def test_members_whose_locks_a_restored_database_lacks_are_locked_all_the_same(world: Any) -> None:
    await world.publish(PROGRAMME)
    for number in (1, 2):
        # The second time the process knows that there is a row.
        await world.score(world.event(f"{number}", "a", None, type="forum.post.v1"))
    rows = "select count(*) from limited_members where community = $1"
    assert await world.pool.fetchval(rows, world.community) == 1
    await world.pool.execute("delete from limited_members where community = $1", world.community)

    await world.score(world.event("3", "a", None, type="forum.post.v1"))

    assert await world.pool.fetchval(rows, world.community) == 1
